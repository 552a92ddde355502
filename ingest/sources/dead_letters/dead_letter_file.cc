#include "ingest/sources/dead_letters/dead_letter_file.h"

#include <algorithm>
#include <utility>

#include "ingest/base/options.h"

namespace sparktail {
namespace {

constexpr size_t kReadSize = size_t{256} << 10;

absl::Status CheckType(const Os::FileInfo& info) {
  if (info.is_directory()) {
    return absl::InvalidArgumentError("it is a directory; name the files in it");
  }
  if (!info.is_regular()) {
    return absl::InvalidArgumentError("it is not a regular file; write its content into one");
  }
  return absl::OkStatus();
}

absl::Status ShorterThanBefore() {
  return absl::FailedPreconditionError("it became shorter while it was read");
}

}  // namespace

DeadLetterFile::DeadLetterFile(Os* os, int fd, size_t longest_line)
    : os_(os), fd_(fd), longest_line_(longest_line) {}

DeadLetterFile::DeadLetterFile(DeadLetterFile&& other) noexcept
    : os_(other.os_),
      fd_(std::exchange(other.fd_, -1)),
      longest_line_(other.longest_line_),
      read_(other.read_),
      end_(other.end_),
      buffer_(std::move(other.buffer_)),
      done_(other.done_),
      returned_(other.returned_) {}

DeadLetterFile::~DeadLetterFile() {
  if (fd_ >= 0) os_->Close(fd_);
}

absl::StatusOr<DeadLetterFile> DeadLetterFile::Open(Os* os, const std::string& path,
                                                    size_t longest_line, uint64_t begin,
                                                    std::optional<uint64_t> end) {
  const absl::StatusOr<std::string> real = os->RealPath(path);
  if (!real.ok()) return real.status();
  // OpenToFollow() does not wait for the writer of a FIFO.
  const absl::StatusOr<int> fd = os->OpenToFollow(*real);
  if (!fd.ok()) return fd.status();
  DeadLetterFile file(os, *fd, longest_line);
  const absl::StatusOr<Os::FileInfo> info = os->Stat(*fd);
  if (!info.ok()) return info.status();
  if (absl::Status status = CheckType(*info); !status.ok()) return status;
  file.read_ = begin;
  file.end_ = end.value_or(info->size);
  if (info->size < std::max(begin, file.end_)) return ShorterThanBefore();
  return file;
}

absl::StatusOr<std::optional<DeadLetterFile::Line>> DeadLetterFile::Next() {
  done_ += std::exchange(returned_, 0);
  for (size_t searched = 0;;) {
    const PaddedView rest = buffer_.padded();
    const std::string_view data = rest.text().substr(done_);
    const size_t newline = data.find('\n', searched);
    const size_t size = std::min(newline, data.size());
    if (size > longest_line_) {
      return absl::InvalidArgumentError("the line is longer than " + WriteSize(longest_line_));
    }
    const bool has_newline = newline != std::string_view::npos;
    if (has_newline || read_ == end_) {
      if (data.empty()) return std::nullopt;
      Line line;
      line.text = rest.Part(done_, size);
      line.begin = read_ - data.size();
      line.has_newline = has_newline;
      returned_ = size + (has_newline ? 1 : 0);
      line.end = line.begin + returned_;
      return line;
    }
    searched = data.size();
    if (absl::Status status = ReadMore(); !status.ok()) return status;
  }
}

absl::Status DeadLetterFile::ReadMore() {
  buffer_.DropFront(std::exchange(done_, 0));
  const auto size = static_cast<size_t>(std::min<uint64_t>(kReadSize, end_ - read_));
  const absl::StatusOr<size_t> count = os_->ReadAt(fd_, read_, buffer_.Reserve(size), size);
  if (!count.ok()) return count.status();
  if (*count == 0) return ShorterThanBefore();
  buffer_.Advance(*count);
  read_ += *count;
  return absl::OkStatus();
}

}  // namespace sparktail
