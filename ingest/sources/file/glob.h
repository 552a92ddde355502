#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/base/os.h"

namespace sparktail {

// A pattern of absolute paths. In each part * ? and [] are as in fnmatch(3); names that begin with
// a dot are matched only by patterns that do; a part ** stands for any number of directories, to a
// depth of 16, or at the end for all files below. Links to directories are followed, except by **.
class Glob {
 public:
  explicit Glob(std::string_view pattern);

  // What was found. Errors are of paths that are there and can't be looked into.
  struct Found {
    std::vector<std::string> paths;        // that match, sorted within their directory
    std::vector<std::string> directories;  // in which such a path could appear or disappear
    std::vector<std::pair<std::string, absl::Status>> errors;
  };
  // Appends.
  void Expand(Os* os, Found* found) const;
  // The same, when errors do not matter: what can't be listed holds nothing.
  void Expand(Os* os, std::vector<std::string>* paths, std::vector<std::string>* directories) const;

  // True if `path` matches, whether it is there or not.
  bool Matches(std::string_view path) const;

  const std::string& pattern() const { return pattern_; }

 private:
  void Walk(Os* os, const std::string& directory, size_t part, size_t depth, Found* found) const;

  std::string pattern_;
  std::vector<std::string> parts_;
};

}  // namespace sparktail
