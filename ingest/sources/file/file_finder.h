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

// Finds files: those that match globs, and those that rotation has put beside a file. Logs each
// problem once, as long as it lasts. Single-threaded.
class FileFinder {
 public:
  struct Found {
    std::string path;  // as found by the glob
    std::string real;  // with links resolved
    Os::FileInfo info;
  };
  struct Look {
    std::vector<Found> files;
    std::vector<std::string> directories;  // in which a match could appear; links resolved
  };

  FileFinder(Os* os, Log* log, const FileSourceOptions& options);

  // Finds the files that match now. IsHidden() and is_unsure() refer to the last call. The first
  // call warns of globs without a match, since their names may be wrong. `is_known` returns true
  // for a path whose file was seen before.
  Look FindAll(absl::FunctionRef<bool(const std::string&)> is_known);

  // Finds the rotated files of `path`: beside it, and beside its target if it is a link. `occupant`
  // becomes the inode at `path`, 0 if nothing is there. `is_sure` becomes false if some may be
  // missing, because of an error or ongoing renames; otherwise it is not changed.
  std::vector<Found> FindSiblings(const std::string& path, bool* is_sure,
                                  uint64_t* occupant = nullptr);
  // Sorts by modification time, then by name, the oldest file first.
  static void SortByAge(std::vector<Found>* files);

  // Reports that the source could not read a file that was found.
  void OnUnreadable(const std::string& path, const absl::Status& why);
  // True if the path may exist although it was not found, because an error hides it.
  bool IsHidden(const std::string& path) const;
  // True if the last look may have missed something that a retry will find.
  bool is_unsure() const { return unsure_; }
  // Number of problems logged.
  uint64_t errors() const { return errors_; }

  bool Matches(const std::string& path) const;
  // The first directory of the globs on a network file system; empty if there is none.
  std::string FindRemoteDirectory() const;

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
  std::unordered_set<std::string> complaints_;  // paths with problems in this look …
  std::unordered_set<std::string> reported_;    // … and in the previous one
  std::vector<std::string> hidden_;             // paths that this look could not read
  bool has_looked_ = false;
  bool unsure_ = false;
  uint64_t errors_ = 0;
};

}  // namespace sparktail
