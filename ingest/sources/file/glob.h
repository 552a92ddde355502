#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/base/os.h"

namespace sparktail {

// A pattern for absolute paths. In each part, * ? and [] work as in fnmatch(3), and a name that
// begins with a dot is matched only by a pattern that does. A part ** matches any number of
// directories up to a depth of 16; at the end it matches all files below. Links to directories are
// followed, except by **.
class Glob {
 public:
  explicit Glob(std::string_view pattern);

  // `errors` has the paths that exist but cannot be read.
  struct Found {
    std::vector<std::string> paths;        // matches, sorted within their directory
    std::vector<std::string> directories;  // in which a match could appear or disappear
    std::vector<std::pair<std::string, absl::Status>> errors;
  };
  // Appends to `found`.
  void Expand(Os* os, Found* found) const;

  // True if `path` matches, whether it exists or not.
  bool Matches(std::string_view path) const;

  const std::string& pattern() const { return pattern_; }

 private:
  void Walk(Os* os, const std::string& directory, size_t part, size_t depth, Found* found) const;

  std::string pattern_;
  std::vector<std::string> parts_;
};

}  // namespace sparktail
