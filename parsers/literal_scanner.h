#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/padded_view.h"

namespace sparktail {

// Finds the first of a few dozen literal strings in a text, at memory speed and without looking
// for line ends. It searches for three rare adjacent bytes of each literal (its "anchor") by table
// look-up in vectors (a method known as Teddy, from Intel's Hyperscan), and compares the whole
// literal only there. It chooses the machine's widest instruction set at run time.
//
// Immutable: many threads may share one scanner.
class LiteralScanner {
 public:
  struct Hit {
    size_t literal;  // index in the constructor's list
    size_t begin;    // offset of the literal in the text
    size_t anchor;   // offset of its anchor in the text; hits come in the order of their anchors
  };

  struct Literal {
    std::string text;
    size_t anchor = 0;  // offset of its anchor in the literal
  };

  // No literal may be part of another, literals with one anchor must not be able to overlap, and
  // each literal must be at least three bytes long.
  explicit LiteralScanner(std::vector<Literal> literals);

  // Returns the first hit that lies wholly in `text` and has its anchor at or after `from`.
  std::optional<Hit> Find(PaddedView text, size_t from) const;

  // The length of the longest literal. To find a literal that the end of a text cuts, search the
  // longer text again from this many bytes before that end.
  size_t longest() const { return longest_; }

  // For each of the three anchor bytes: the buckets that hold a literal whose byte has this low
  // nibble, and this high nibble.
  struct Tables {
    std::array<std::array<uint8_t, 16>, 3> low;
    std::array<std::array<uint8_t, 16>, 3> high;
  };

 private:
  std::optional<Hit> Verify(PaddedView text, size_t anchor) const;

  std::vector<Literal> literals_;
  std::array<std::vector<size_t>, 8> buckets_;  // literals of each bucket
  Tables tables_{};
  size_t longest_ = 0;
};

// Returns the position of the first '\n' at or after `from` that is followed by a byte other than a
// space, both in `text`; text.size() if there is none. In pretty-printed JSON this is the end of
// the last line but one, because all lines in between are indented.
size_t FindUnindentedLine(PaddedView text, size_t from);

}  // namespace sparktail
