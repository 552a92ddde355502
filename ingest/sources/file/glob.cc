#include "ingest/sources/file/glob.h"

#include <fnmatch.h>

#include <algorithm>

namespace sparktail {
namespace {

constexpr size_t kMaxDepth = 16;
constexpr std::string_view kAnyDepth = "**";

std::vector<std::string> Parts(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") parts.emplace_back(part);
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

bool HasWildcard(std::string_view part) {
  return part.find_first_of("*?[\\") != std::string_view::npos;
}

bool MatchesPart(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0;
}

bool MatchesParts(const std::vector<std::string>& pattern, size_t at,
                  const std::vector<std::string>& names, size_t name) {
  if (at == pattern.size()) return name == names.size();
  if (pattern[at] == kAnyDepth) {
    if (at + 1 == pattern.size()) {
      const size_t left = names.size() - name;
      const auto is_hidden = [](const std::string& one) { return one.starts_with('.'); };
      return left > 0 && left <= kMaxDepth + 1 &&
             std::none_of(names.end() - static_cast<ptrdiff_t>(left), names.end(), is_hidden);
    }
    for (size_t next = name; next <= names.size() && next - name <= kMaxDepth; ++next) {
      if (MatchesParts(pattern, at + 1, names, next)) return true;
      if (next < names.size() && names[next].starts_with('.')) return false;
    }
    return false;
  }
  return name < names.size() && MatchesPart(pattern[at], names[name]) &&
         MatchesParts(pattern, at + 1, names, name + 1);
}

std::string Join(const std::string& directory, const std::string& name) {
  return directory == "/" ? "/" + name : directory + "/" + name;
}

}  // namespace

Glob::Glob(std::string_view pattern) : pattern_(pattern), parts_(Parts(pattern)) {}

bool Glob::Matches(std::string_view path) const { return MatchesParts(parts_, 0, Parts(path), 0); }

void Glob::Expand(Os* os, Found* found) const {
  if (parts_.empty()) return;
  Walk(os, "/", 0, 0, found);
}

void Glob::Walk(Os* os, const std::string& directory, size_t part, size_t depth,
                Found* found) const {
  const std::string& pattern = parts_[part];
  const bool is_last = part + 1 == parts_.size();
  const auto failed = [&](const std::string& path, const absl::Status& status) {
    if (!absl::IsNotFound(status)) found->errors.emplace_back(path, status);
  };
  if (!HasWildcard(pattern)) {
    const std::string path = Join(directory, pattern);
    const absl::StatusOr<Os::FileInfo> info = os->StatPath(path, /*follow_links=*/!is_last);
    if (!info.ok()) failed(path, info.status());
    if (!is_last && info.ok() && info->is_directory()) {
      Walk(os, path, part + 1, depth, found);
      return;
    }
    found->directories.push_back(directory);  // where the path would appear
    if (is_last && info.ok()) found->paths.push_back(path);
    return;
  }
  found->directories.push_back(directory);
  const absl::StatusOr<std::vector<std::string>> names = os->List(directory);
  if (!names.ok()) return failed(directory, names.status());
  const bool any_depth = pattern == kAnyDepth;
  if (any_depth && !is_last) Walk(os, directory, part + 1, depth, found);
  for (const std::string& name : *names) {
    if (any_depth ? name.starts_with('.') : !MatchesPart(pattern, name)) continue;
    const std::string path = Join(directory, name);
    if (is_last && !any_depth) {
      found->paths.push_back(path);
      continue;
    }
    const absl::StatusOr<Os::FileInfo> info = os->StatPath(path, /*follow_links=*/!any_depth);
    if (!info.ok()) {
      failed(path, info.status());
    } else if (info->is_directory()) {
      if (depth < kMaxDepth) {
        Walk(os, path, any_depth ? part : part + 1, any_depth ? depth + 1 : depth, found);
      }
    } else if (is_last) {
      found->paths.push_back(path);
    }
  }
}

}  // namespace sparktail
