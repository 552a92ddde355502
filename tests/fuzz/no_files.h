#pragma once

#include <optional>
#include <string>

#include "ingest/base/os.h"
#include "ingest/cli/surroundings.h"

namespace sparktail::fuzz {

// An operating system without files: a fuzzer must not read files by name.
class NoFiles : public PosixOs {
 public:
  absl::StatusOr<int> Open(const std::string&) override { return Missing(); }
  absl::StatusOr<int> OpenToFollow(const std::string&) override { return Missing(); }
  absl::StatusOr<FileInfo> StatPath(const std::string&, bool) override { return Missing(); }

 private:
  static absl::Status Missing() { return absl::NotFoundError("No such file or directory"); }
};

// A process in /work, whose environment has HOME, and X with a value that has to be escaped.
inline Surroundings SurroundingsWithoutFiles(Os* os) {
  Surroundings surroundings;
  surroundings.os = os;
  surroundings.directory = "/work";
  surroundings.variable = [](const std::string& name) -> std::optional<std::string> {
    if (name == "HOME") return "/home/me";
    if (name == "X") return "${HOME}$$\x1b\n: [";
    return std::nullopt;
  };
  return surroundings;
}

}  // namespace sparktail::fuzz
