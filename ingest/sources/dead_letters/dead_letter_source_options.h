#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sparktail {

// The options of a DeadLetterSource. Only `sparktail replay` creates such a source, from the result
// of a DeadLetterSurvey; a configuration cannot.
struct DeadLetterSourceOptions {
  struct File {
    std::string path;
    uint64_t size = 0;  // bytes to read from the beginning
    std::string hash;   // of these bytes; names the stream
  };
  std::vector<File> files;
  std::string sink;         // only events that this sink has rejected; empty: all
  size_t longest_line = 0;  // bytes
};

}  // namespace sparktail
