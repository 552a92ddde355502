#include "ingest/sources/file/open_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

#include "parsers/text.h"

namespace sparktail {
namespace {

bool IsNumber(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), IsDigit);
}

// Reads fdinfo of proc(5): "pos:\t0\nflags:\t0100001\n…". The flags are those of open(2), in octal.
bool IsForWriting(Os* os, const std::string& fdinfo) {
  static constexpr std::string_view kFlags = "flags:";
  const absl::StatusOr<int> fd = os->Open(fdinfo);
  if (!fd.ok()) return false;
  std::array<char, 256> buffer{};
  const absl::StatusOr<size_t> size = os->Read(*fd, buffer.data(), buffer.size());
  os->Close(*fd);
  const std::string text(buffer.data(), size.value_or(0));
  const size_t flags = text.find(kFlags);
  if (flags == std::string::npos) return false;
  const unsigned long mode = std::strtoul(text.c_str() + flags + kFlags.size(), nullptr, 8);
  return (mode & O_ACCMODE) != O_RDONLY;
}

}  // namespace

bool IsOpenElsewhere(Os* os, uint64_t device, uint64_t inode) {
  const std::string self = std::to_string(::getpid());
  const absl::StatusOr<std::vector<std::string>> processes = os->List("/proc");
  if (!processes.ok()) return false;
  for (const std::string& process : *processes) {
    if (!IsNumber(process) || process == self) continue;
    const std::string opened = "/proc/" + process + "/fd";
    const absl::StatusOr<std::vector<std::string>> descriptors = os->List(opened);
    if (!descriptors.ok()) continue;
    for (const std::string& descriptor : *descriptors) {
      std::string path = opened;
      path.append("/").append(descriptor);
      const auto info = os->StatPath(path, /*follow_links=*/true);
      if (!info.ok() || info->device != device || info->inode != inode) continue;
      path.insert(opened.size(), "info");
      if (IsForWriting(os, path)) return true;
    }
  }
  return false;
}

}  // namespace sparktail
