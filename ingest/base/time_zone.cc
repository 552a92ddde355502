#include "ingest/base/time_zone.h"

#include <algorithm>
#include <string>

namespace sparktail {
namespace {

constexpr size_t kLongestName = 64;

bool IsOfName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
         c == '_' || c == '-' || c == '+';
}

}  // namespace

std::optional<absl::TimeZone> FindTimeZone(std::string_view name) {
  if (name.empty() || name.size() > kLongestName || name.front() == '/') return std::nullopt;
  if (!std::all_of(name.begin(), name.end(), IsOfName)) return std::nullopt;
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(std::string(name), &zone)) return std::nullopt;
  return zone;
}

}  // namespace sparktail
