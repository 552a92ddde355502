#include "ingest/sources/file/rotation_names.h"

#include <algorithm>
#include <array>
#include <utility>

#include "parsers/text.h"

namespace sparktail {
namespace {

constexpr std::array<std::string_view, 8> kCompressed = {".gz",  ".bz2",    ".xz", ".zst",
                                                         ".lz4", ".snappy", ".Z",  ".zip"};

constexpr std::string_view kSeparators = ".-_";
constexpr std::string_view kStampCharacters = "0123456789.-_TZ:";

// True for ".1", "-20261121", ".2026-11-21T10:30:00Z": a separator first, and at least one digit.
bool IsStamp(std::string_view added) {
  return added.size() >= 2 && kSeparators.find(added[0]) != std::string_view::npos &&
         added.find_first_not_of(kStampCharacters) == std::string_view::npos &&
         added.find_first_of("0123456789") != std::string_view::npos;
}

// Returns the digits at `begin` without leading zeros.
std::string_view NumberAt(std::string_view name, size_t begin) {
  size_t end = begin;
  while (end < name.size() && IsDigit(name[end])) ++end;
  while (begin < end && name[begin] == '0') ++begin;
  return name.substr(begin, end - begin);
}

}  // namespace

bool HasOlderName(std::string_view name, std::string_view other) {
  static constexpr size_t kTimeDigits = 5;
  size_t begin = 0;
  while (begin < std::min(name.size(), other.size()) && name[begin] == other[begin]) ++begin;
  while (begin > 0 && IsDigit(name[begin - 1])) --begin;
  const std::string_view number = NumberAt(name, begin);
  const std::string_view other_number = NumberAt(other, begin);
  if (std::max(number.size(), other_number.size()) >= kTimeDigits) return name < other;
  if (number.size() != other_number.size()) return number.size() > other_number.size();
  return number > other_number;
}

bool IsCompressedName(std::string_view name) {
  return std::any_of(kCompressed.begin(), kCompressed.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

std::vector<std::string> RotatedFrom(std::string_view name) {
  std::vector<std::string> bases;
  // Treats [begin, end) of the name as the part that rotation has added.
  const auto add = [&](size_t begin, size_t end) {
    std::string base(name.substr(0, begin));
    base.append(name.substr(end));
    if (IsRotatedName(base, name)) bases.push_back(std::move(base));
  };
  for (size_t begin = 1; begin < name.size(); ++begin) {
    if (kSeparators.find(name[begin]) == std::string_view::npos) continue;
    add(begin, name.size());
    for (size_t end = begin + 1; end < name.size(); ++end) {
      if (name[end] == '.') add(begin, end);
      if (kStampCharacters.find(name[end]) == std::string_view::npos) break;
    }
  }
  return bases;
}

bool IsCertainlyRotated(std::string_view base, std::string_view name) {
  static constexpr size_t kDateDigits = 6;
  if (!IsRotatedName(base, name)) return false;
  if (name.starts_with(base)) return true;
  const size_t dot = base.rfind('.');
  const std::string_view added = name.substr(dot, name.size() - base.size());
  return std::count_if(added.begin(), added.end(), IsDigit) >= std::ptrdiff_t{kDateDigits};
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
