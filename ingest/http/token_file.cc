#include "ingest/http/token_file.h"

#include <absl/status/statusor.h>
#include <absl/strings/ascii.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sparktail {
namespace {

constexpr size_t kLongestToken = size_t{16} << 10;

absl::Status Wrong(const std::string& path, const std::string& why) {
  return absl::InvalidArgumentError("token_file " + path + ": " + why);
}

absl::Status CannotRead(const std::string& path) {
  return absl::UnavailableError("token_file " + path + ": cannot read it: " + std::strerror(errno));
}

absl::StatusOr<std::string> ReadOpen(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return CannotRead(path);
  if (!S_ISREG(info.st_mode)) return Wrong(path, "it is not a regular file");
  std::string text(kLongestToken + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t read = ::read(fd, text.data() + size, text.size() - size);
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return CannotRead(path);
    if (read == 0) break;
    size += static_cast<size_t>(read);
  }
  if (size == text.size()) return Wrong(path, "it is too large for a token");
  text.resize(size);
  return text;
}

}  // namespace

absl::Status TokenFile::Read() {
  const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return CannotRead(path_);
  absl::StatusOr<std::string> text = ReadOpen(fd, path_);
  ::close(fd);
  if (!text.ok()) return text.status();
  absl::StripAsciiWhitespace(&*text);
  const bool is_word =
      !text->empty() && std::all_of(text->begin(), text->end(), absl::ascii_isgraph);
  if (!is_word) return Wrong(path_, "it does not hold a token");
  text_ = *std::move(text);
  return absl::OkStatus();
}

}  // namespace sparktail
