#include "ingest/sources/file/file_finder.h"

#include <unistd.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "ingest/base/path.h"
#include "ingest/sources/file/rotation_names.h"

namespace sparktail {
namespace {

constexpr int kMostLooks = 5;  // at a directory that keeps changing

}  // namespace

FileFinder::FileFinder(Os* os, Log* log, const FileSourceOptions& options) : os_(os), log_(log) {
  for (const std::string& path : options.paths) globs_.emplace_back(path);
  for (const std::string& path : options.exclude) exclude_.emplace_back(path);
}

bool FileFinder::Matches(const std::string& path) const {
  return std::any_of(globs_.begin(), globs_.end(),
                     [&](const Glob& glob) { return glob.Matches(path); });
}

std::string FileFinder::FindRemoteDirectory() const {
  for (const Glob& glob : globs_) {
    Glob::Found found;
    glob.Expand(os_, &found);
    for (std::string& directory : found.directories) {
      if (os_->IsRemote(directory).value_or(false)) return std::move(directory);
    }
  }
  return {};
}

FileFinder::Look FileFinder::FindAll(absl::FunctionRef<bool(const std::string&)> is_known) {
  reported_ = std::exchange(complaints_, {});
  hidden_.clear();
  unsure_ = false;
  const Glob::Found expanded = Expand();
  for (const auto& [path, why] : expanded.errors) OnUnreadable(path, why);
  std::unordered_set<std::string> seen;
  Look look;
  std::unordered_map<std::string, std::string> real_directories;
  for (const std::string& path : expanded.paths) {
    const auto excludes = [&](const Glob& glob) { return glob.Matches(path); };
    if (!seen.insert(path).second || std::any_of(exclude_.begin(), exclude_.end(), excludes)) {
      continue;
    }
    auto [real, is_new] = real_directories.try_emplace(ParentDirectory(path));
    if (is_new) {
      const absl::StatusOr<std::string> directory = os_->RealPath(real->first);
      if (!directory.ok()) unsure_ = true;
      real->second = directory.value_or(real->first);
    }
    Found one{path, PathIn(real->second, FileName(path)), {}};
    if (Resolve(path, is_known, &one)) look.files.push_back(std::move(one));
  }
  std::unordered_set<std::string> directories;
  for (const std::string& directory : expanded.directories) {
    directories.insert(os_->RealPath(directory).value_or(directory));
  }
  for (const Found& one : look.files) directories.insert(ParentDirectory(one.real));
  look.directories.assign(directories.begin(), directories.end());
  return look;
}

Glob::Found FileFinder::Expand() {
  const bool is_first = !std::exchange(has_looked_, true);
  Glob::Found expanded;
  for (const Glob& glob : globs_) {
    const size_t before = expanded.paths.size() + expanded.errors.size();
    glob.Expand(os_, &expanded);
    const bool is_empty = expanded.paths.size() + expanded.errors.size() == before;
    if (!is_first || !is_empty) continue;
    log_->Warn("no_file " + glob.pattern(), glob.pattern() + ": no such file yet; waiting for it");
  }
  return expanded;
}

// Returns false if the path is not to be followed. A link is followed only if its owner is root,
// this user or the owner of its target: whoever can write to a log directory must not choose which
// files are read on their behalf.
bool FileFinder::Resolve(const std::string& path,
                         absl::FunctionRef<bool(const std::string&)> is_known, Found* found) {
  absl::StatusOr<Os::FileInfo> info = os_->StatPath(path, /*follow_links=*/false);
  if (info.ok() && info->type == Os::FileType::kSymlink) {
    const uint32_t owner = info->owner;
    const absl::StatusOr<std::string> real = os_->RealPath(path);
    info = real.ok() ? os_->StatPath(*real, /*follow_links=*/false) : real.status();
    if (!info.ok()) {
      const bool is_away = absl::IsNotFound(info.status());
      if (!is_away) hidden_.push_back(path);
      if (!is_away || !reported_.contains(path)) unsure_ = true;
      // The link is in the middle of a rotation.
      if (is_away && is_known(path)) return false;
      Complain(path, "a link whose target cannot be read: " + std::string(info.status().message()));
      return false;
    }
    found->real = *real;
    if (owner != 0 && owner != info->owner && owner != ::geteuid()) {
      Complain(path, "a link whose owner does not own its target");
      return false;
    }
  }
  if (!info.ok()) {
    // A missing file was deleted in the meantime.
    if (!absl::IsNotFound(info.status())) OnUnreadable(path, info.status());
    return false;
  }
  if (!info->is_regular()) {
    Complain(path, info->is_directory() ? "a directory; name the files in it, as in DIRECTORY/*"
                                        : "not a regular file (a FIFO, a socket or a device)");
    return false;
  }
  if (IsCompressedName(path)) {
    Complain(path, "compressed files are not followed");
    return false;
  }
  found->info = *info;
  return true;
}

// Logs the problem once, as long as it lasts.
void FileFinder::Complain(const std::string& path, std::string_view why) {
  if (!complaints_.insert(path).second || reported_.contains(path)) return;
  ++errors_;
  log_->Warn("unreadable " + path, path + " is skipped: " + std::string(why));
}

// Missing permissions do not cause frequent retries.
void FileFinder::OnUnreadable(const std::string& path, const absl::Status& why) {
  hidden_.push_back(path);
  if (!absl::IsPermissionDenied(why)) unsure_ = true;
  Complain(path, std::string(why.message()));
}

bool FileFinder::IsHidden(const std::string& path) const {
  return std::any_of(hidden_.begin(), hidden_.end(), [&](const std::string& hidden) {
    const bool is_below =
        path.starts_with(hidden) && (path.size() == hidden.size() || path[hidden.size()] == '/');
    return is_below || hidden == "/";
  });
}

// Concurrent renames can hide a file. So a listing counts only if the next one is equal, and
// contains no name that was gone a moment later.
std::vector<FileFinder::Found> FileFinder::FindSiblings(const std::string& path, bool* is_sure,
                                                        uint64_t* occupant) {
  bool was_sure = true;
  uint64_t inode = 0;
  const auto is_gone = [](const Found& one) { return one.info.inode == 0; };
  std::vector<Found> siblings = LookForSiblings(path, &was_sure, &inode);
  for (int looks = 1; looks < kMostLooks; ++looks) {
    bool is_sure_now = true;
    uint64_t inode_now = 0;
    std::vector<Found> again = LookForSiblings(path, &is_sure_now, &inode_now);
    const bool is_settled = inode == inode_now &&
                            std::none_of(again.begin(), again.end(), is_gone) &&
                            std::equal(siblings.begin(), siblings.end(), again.begin(), again.end(),
                                       [](const Found& a, const Found& b) {
                                         return a.path == b.path && a.info.inode == b.info.inode;
                                       });
    siblings = std::move(again);
    inode = inode_now;
    was_sure = is_sure_now;
    if (!is_settled) continue;
    if (!was_sure) *is_sure = false;
    if (occupant != nullptr) *occupant = inode;
    return siblings;
  }
  *is_sure = false;
  std::erase_if(siblings, is_gone);
  return siblings;
}

// A file that was gone before its stat has inode 0.
std::vector<FileFinder::Found> FileFinder::LookForSiblings(const std::string& path, bool* is_sure,
                                                           uint64_t* occupant) {
  std::vector<std::string> bases = {path};
  const absl::StatusOr<std::string> real = os_->RealPath(path);
  if (real.ok() && *real != path) bases.push_back(*real);
  if (real.ok()) {
    const absl::StatusOr<Os::FileInfo> info = os_->StatPath(*real, /*follow_links=*/false);
    if (info.ok()) *occupant = info->inode;
  }
  std::vector<Found> siblings;
  for (const std::string& base : bases) {
    const std::string directory = ParentDirectory(base);
    const absl::StatusOr<std::vector<std::string>> names = os_->List(directory);
    if (!names.ok()) {
      if (!absl::IsNotFound(names.status())) *is_sure = false;
      continue;
    }
    for (const std::string& name : *names) {
      if (!IsRotatedName(FileName(base), name)) continue;
      const std::string sibling = PathIn(directory, name);
      const absl::StatusOr<Os::FileInfo> info = os_->StatPath(sibling, /*follow_links=*/false);
      if (info.ok() && info->is_regular()) siblings.push_back({sibling, sibling, *info});
      if (info.ok()) continue;
      if (absl::IsNotFound(info.status())) {
        siblings.push_back({sibling, sibling, {}});
      } else {
        *is_sure = false;
      }
    }
  }
  return siblings;
}

void FileFinder::SortByAge(std::vector<Found>* files) {
  std::stable_sort(files->begin(), files->end(), [](const Found& a, const Found& b) {
    if (a.info.modified_ns != b.info.modified_ns) return a.info.modified_ns < b.info.modified_ns;
    return HasOlderName(FileName(a.path), FileName(b.path));
  });
}

}  // namespace sparktail
