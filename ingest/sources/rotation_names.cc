#include "ingest/sources/rotation_names.h"

#include <algorithm>
#include <array>

namespace sparktail {
namespace {

constexpr std::array<std::string_view, 8> kCompressed = {".gz",  ".bz2",    ".xz", ".zst",
                                                         ".lz4", ".snappy", ".Z",  ".zip"};

// ".1", "-20261121", ".2026-11-21T10:30:00Z": begins with a separator, and has a digit.
bool IsStamp(std::string_view added) {
  return added.size() >= 2 && std::string_view(".-_").find(added[0]) != std::string_view::npos &&
         added.find_first_not_of("0123456789.-_TZ:") == std::string_view::npos &&
         added.find_first_of("0123456789") != std::string_view::npos;
}

}  // namespace

bool IsCompressedName(std::string_view name) {
  return std::any_of(kCompressed.begin(), kCompressed.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

bool IsRotatedName(std::string_view base, std::string_view name) {
  if (name.size() <= base.size()) return false;
  if (name.starts_with(base)) return IsStamp(name.substr(base.size()));
  const size_t dot = base.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view stem = base.substr(0, dot);
  const std::string_view ending = base.substr(dot);
  return name.starts_with(stem) && name.ends_with(ending) &&
         IsStamp(name.substr(dot, name.size() - base.size()));
}

}  // namespace sparktail
