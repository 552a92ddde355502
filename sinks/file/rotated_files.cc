#include "sinks/file/rotated_files.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "ingest/base/path.h"
#include "parsers/text.h"
#include "sinks/output_file.h"

namespace sparktail {
namespace {

struct Rotated {
  std::string stamp;
  uint32_t n = 0;
  bool operator<(const Rotated& other) const {
    return std::pair(stamp, n) < std::pair(other.stamp, other.n);
  }
};

// Reads what follows "<path>." in a name.
std::optional<Rotated> ParseSuffix(std::string_view suffix) {
  static constexpr std::string_view kShape = "00000000T000000Z";
  if (suffix.size() < kShape.size()) return std::nullopt;
  for (size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == '0' ? !IsDigit(suffix[i]) : kShape[i] != suffix[i]) return std::nullopt;
  }
  Rotated rotated{std::string(suffix.substr(0, kShape.size()))};
  const std::string_view rest = suffix.substr(kShape.size());
  if (rest.empty()) return rotated;
  const char* end = rest.data() + rest.size();
  const auto [read, error] = std::from_chars(rest.data() + 1, end, rotated.n);
  if (rest[0] != '.' || error != std::errc() || read != end) return std::nullopt;
  return rotated;
}

// Returns the rotated files, the oldest first.
absl::StatusOr<std::vector<Rotated>> List(Os* os, const std::string& path) {
  const std::string directory = ParentDirectory(path);
  const absl::StatusOr<std::vector<std::string>> names = os->List(directory);
  if (!names.ok()) return Because(names.status(), "read the directory " + directory);
  const std::string begin = FileName(path) + ".";
  std::vector<Rotated> found;
  for (const std::string& name : *names) {
    if (!name.starts_with(begin)) continue;
    auto rotated = ParseSuffix(std::string_view(name).substr(begin.size()));
    if (rotated) found.push_back(*std::move(rotated));
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string PathOf(const std::string& path, const Rotated& rotated) {
  const std::string first = path + "." + rotated.stamp;
  return rotated.n == 0 ? first : first + "." + std::to_string(rotated.n);
}

}  // namespace

absl::StatusOr<std::string> NextRotatedPath(Os* os, const std::string& path, absl::Time now) {
  const absl::StatusOr<std::vector<Rotated>> found = List(os, path);
  if (!found.ok()) return found.status();
  Rotated next{absl::FormatTime("%Y%m%dT%H%M%SZ", now, absl::UTCTimeZone())};
  if (!found->empty() && !(found->back() < next)) {
    next = found->back();
    ++next.n;
  }
  return PathOf(path, next);
}

absl::StatusOr<std::vector<std::string>> ListRotatedFiles(Os* os, const std::string& path) {
  const absl::StatusOr<std::vector<Rotated>> found = List(os, path);
  if (!found.ok()) return found.status();
  std::vector<std::string> paths;
  paths.reserve(found->size());
  for (const Rotated& rotated : *found) paths.push_back(PathOf(path, rotated));
  return paths;
}

}  // namespace sparktail
