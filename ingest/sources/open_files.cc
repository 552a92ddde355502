#include "ingest/sources/open_files.h"

#include <unistd.h>

#include <algorithm>
#include <string>

namespace sparktail {
namespace {

bool IsNumber(const std::string& name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool IsOpenElsewhere(Os* os, uint64_t device, uint64_t inode) {
  const std::string self = std::to_string(::getpid());
  const absl::StatusOr<std::vector<std::string>> processes = os->List("/proc");
  if (!processes.ok()) return false;
  for (const std::string& process : *processes) {
    if (!IsNumber(process) || process == self) continue;
    const std::string directory = "/proc/" + process + "/fd";
    const absl::StatusOr<std::vector<std::string>> descriptors = os->List(directory);
    if (!descriptors.ok()) continue;
    for (const std::string& descriptor : *descriptors) {
      const auto info = os->StatPath(directory + "/" + descriptor, /*follow_links=*/true);
      if (info.ok() && info->device == device && info->inode == inode) return true;
    }
  }
  return false;
}

}  // namespace sparktail
