#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sparktail {

// A configuration before it is interpreted: scalars, lists and mappings, with the place each came
// from.
struct ConfigNode {
  enum class Kind { kScalar, kList, kMap };
  // How a scalar was written. Only kPlain may be a number, a boolean or nothing (null).
  enum class Style {
    kPlain,
    kQuoted,
    kGiven,  // given on the command line: any type, and references in it are not replaced
  };

  Kind kind = Kind::kMap;
  size_t line = 0;   // in the file, from 1
  std::string flag;  // the flag, if it came from the command line
  Style style = Style::kPlain;
  std::string text;
  bool is_null = false;           // the scalar is empty, ~ or null
  std::vector<ConfigNode> items;  // the elements of a list, or the values of a map …
  std::vector<ConfigNode> keys;   // … and their keys, in order

  // How YAML types a plain scalar with this text.
  bool IsNumber() const;
  bool IsBoolean() const;
  // The value of the first such key; null if there is none, or this is no map.
  const ConfigNode* Find(std::string_view key) const;
  // The value of the first such key, else the node itself: where a missing key would be.
  const ConfigNode& FindOr(std::string_view key) const;
};

inline constexpr size_t kMostConfigBytes = size_t{1} << 20;

// Reads one YAML document. Accepts what a configuration needs. Anything else is an error: anchors,
// aliases, tags, several documents, tabs as indentation, keys that are not scalars, control
// characters, invalid UTF-8, more than kMostConfigBytes, nesting deeper than 16, and more than
// 10,000 nodes. The error is `file:line: reason`; text from the document in it is made printable.
// Keys may occur twice. An empty document is an error.
absl::StatusOr<ConfigNode> ParseYaml(std::string_view text, std::string_view file);

}  // namespace sparktail
