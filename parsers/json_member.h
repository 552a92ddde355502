#pragma once

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ingest/base/utf8.h"

namespace sparktail {

// Reads a member of a JSON object: a text, a number or a boolean. Returns false and leaves `value`
// unchanged if the member is missing or is of another type.
template <typename T>
bool ReadMember(const simdjson::dom::object& object, std::string_view name, T* value) {
  using Json = std::conditional_t<std::is_same_v<T, std::string>, std::string_view, T>;
  Json found{};
  if (object[name].get(found) != simdjson::SUCCESS) return false;
  *value = found;
  return true;
}

template <typename T>
bool ReadMember(const simdjson::dom::object& object, std::string_view name,
                std::optional<T>* value) {
  T found{};
  if (!ReadMember(object, name, &found)) return false;
  *value = std::move(found);
  return true;
}

// The text of a member, cut at `most` bytes between two characters; empty if there is none.
inline std::string TextMember(const simdjson::dom::object& object, std::string_view name,
                              size_t most = 1024) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? ValidUtf8(text, most) : "";
}

}  // namespace sparktail
