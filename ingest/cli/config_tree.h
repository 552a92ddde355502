#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sparktail {

// A configuration before it has a meaning: scalars, lists and mappings, and where they come from.
struct ConfigNode {
  enum class Kind { kScalar, kList, kMap };
  // How a scalar was written. Only kPlain may be a number, a boolean or nothing (null).
  enum class Style {
    kPlain,
    kQuoted,
    kGiven,  // on the command line: whatever type is asked for, and nothing in it is replaced
  };

  Kind kind = Kind::kMap;
  size_t line = 0;   // in the file, from 1
  std::string flag;  // or this, on the command line
  Style style = Style::kPlain;
  std::string text;
  bool is_null = false;           // a scalar that is nothing, ~ or null
  std::vector<ConfigNode> items;  // of a list; of a map the values …
  std::vector<ConfigNode> keys;   // … and their keys, in order
};

inline constexpr size_t kMostConfigBytes = size_t{1} << 20;

// Reads one YAML document. It takes what a configuration needs and refuses the rest: anchors,
// aliases, tags, several documents, tabs as indentation, keys that are no scalars, control
// characters, text that is not UTF-8, more than kMostConfigBytes, and what is nested deeper than
// 16 or has more than 10,000 nodes.
// The error is `file:line: what is wrong`; bytes in it that come from the text are printable.
// Keys may be doubled. An empty document is an empty mapping.
absl::StatusOr<ConfigNode> ParseYaml(std::string_view text, std::string_view file);

}  // namespace sparktail
