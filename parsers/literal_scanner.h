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
// at line ends. It looks for three rare neighbouring bytes of each literal (its "anchor") by
// table look-up in vectors (the method is known as Teddy, from Intel's Hyperscan), and compares
// the whole literal only there. The widest instruction set of the machine is chosen at run time.
//
// Logically immutable: one scanner may be used by many threads.
class LiteralScanner {
 public:
  struct Hit {
    size_t literal;  // index in the constructor's list
    size_t begin;    // where the literal begins in the text
    size_t anchor;   // where its anchor stands; hits come in the order of their anchors
  };

  struct Literal {
    std::string text;
    size_t anchor = 0;  // where in it the three bytes are that are searched for
  };

  // No literal is part of another, no two with the same anchor can stand over each other, and
  // each is at least three bytes long.
  explicit LiteralScanner(std::vector<Literal> literals);

  // The first hit whose anchor is at or behind `from` and which lies wholly in `text`.
  std::optional<Hit> Find(PaddedView text, size_t from) const;

  // Length of the longest literal. A hit that is cut by the end of a text is found when the
  // search begins again, in the longer text, this many bytes before that end.
  size_t longest() const { return longest_; }

  // For each of the three anchor bytes: which buckets hold a literal whose byte has this low
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

// Position of the first '\n' at or behind `from` that is followed by a byte other than a space,
// both in `text`; text.size() if there is none. In pretty-printed JSON that is the end of the
// last line but one: all lines in between are indented.
size_t FindUnindentedLine(PaddedView text, size_t from);

}  // namespace sparktail
