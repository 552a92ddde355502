#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/sources/file/file_source_options.h"
#include "ingest/sources/file/glob.h"

namespace sparktail {

// "." if the path has none.
std::string DirectoryOf(const std::string& path);
std::string NameOf(const std::string& path);
std::string PathIn(const std::string& directory, std::string_view name);

// Says what files there are: those that globs find, and those that rotation has put beside a file.
// What keeps it from seeing is told once, as long as it is so. One thread.
class FileFinder {
 public:
  struct Found {
    std::string path;  // as the glob finds it
    std::string real;  // without links
    Os::FileInfo info;
  };
  struct Look {
    std::vector<Found> files;
    std::vector<std::string> directories;  // in which one of them could appear, without links
  };

  FileFinder(Os* os, Log* log, const FileSourceOptions& options);

  // What the globs find now. What may be hidden, and what is unsure, is of the last look. The first
  // one tells of globs that find nothing: their names may be wrong.
  // `is_known` tells of a path whether its file was seen before.
  Look FindAll(absl::FunctionRef<bool(const std::string&)> is_known);

  // Files beside `path` that rotation may have made of it, and beside what it points to, if it is a
  // link. `occupant` becomes the inode of what is at `path`, 0 if there is nothing. An error, or
  // somebody who goes on renaming, makes `is_sure` false: some may be missing.
  std::vector<Found> Siblings(const std::string& path, bool* is_sure, uint64_t* occupant = nullptr);
  // By the time of their last writing, then by name; the oldest first.
  static void SortByAge(std::vector<Found>* files);

  // The source could not look into a file that was found.
  void Unreadable(const std::string& path, const absl::Status& why);
  // A path may be there, though it was not found: an error keeps us from seeing it.
  bool IsHidden(const std::string& path) const;
  // The last look may have missed something that will be seen soon.
  bool is_unsure() const { return unsure_; }
  // What was told of.
  uint64_t errors() const { return errors_; }

  bool Matches(const std::string& path) const;
  // The first directory on a network file system; empty if there is none.
  std::string RemoteDirectory() const;

 private:
  bool Resolve(const std::string& path, absl::FunctionRef<bool(const std::string&)> is_known,
               Found* found);
  Glob::Found Expand();
  void Complain(const std::string& path, std::string_view why);
  std::vector<Found> LookForSiblings(const std::string& path, bool* is_sure, uint64_t* occupant);

  Os* const os_;
  Log* const log_;
  std::vector<Glob> globs_;
  std::vector<Glob> exclude_;
  std::unordered_set<std::string> complaints_;  // paths told of in this look …
  std::unordered_set<std::string> told_;        // … and in the one before
  std::vector<std::string> hidden_;             // paths into which this look could not see
  bool has_looked_ = false;
  bool unsure_ = false;
  uint64_t errors_ = 0;
};

}  // namespace sparktail
