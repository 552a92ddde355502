#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sparktail {

// What a DeadLetterSource reads. `sparktail replay` makes it of files that it has looked through
// (DeadLetterSurvey): no configuration can name it.
struct DeadLetterSourceOptions {
  struct File {
    std::string path;
    uint64_t size = 0;  // of what is to be read of it
    std::string hash;   // of that; names its stream
  };
  std::vector<File> files;
  std::string sink;         // only what this sink had refused; empty: all
  size_t longest_line = 0;  // bytes
};

}  // namespace sparktail
