#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/os.h"

namespace sparktail {

// A pattern of absolute paths. In each part * ? and [] are as in fnmatch(3); names that begin with
// a dot are matched only by patterns that do; a part ** stands for any number of directories, to a
// depth of 16, or at the end for all files below. Links to directories are followed, except by **.
class Glob {
 public:
  explicit Glob(std::string_view pattern);

  // Appends the paths that match, sorted within their directory, and the directories in which a
  // path that matches could appear or disappear. What can't be listed holds nothing.
  void Expand(Os* os, std::vector<std::string>* paths, std::vector<std::string>* directories) const;

  // True if `path` matches, whether it is there or not.
  bool Matches(std::string_view path) const;

  const std::string& pattern() const { return pattern_; }

 private:
  void Walk(Os* os, const std::string& directory, size_t part, size_t depth,
            std::vector<std::string>* paths, std::vector<std::string>* directories) const;

  std::string pattern_;
  std::vector<std::string> parts_;
};

}  // namespace sparktail
