#include "sinks/stdout/stdout_sink.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "parsers/json_text.h"
#include "sinks/output_file.h"

namespace sparktail {

StdoutSink::StdoutSink(Os* os, CursorStore* store, std::string name, int fd, bool terminal)
    : os_(os), store_(store), name_(std::move(name)), fd_(fd), terminal_(terminal) {}

absl::StatusOr<std::vector<StreamCursor>> StdoutSink::Open() { return store_->Load(name_); }

absl::Status StdoutSink::Write(const EventBuffer& events, size_t first) {
  if (first >= events.events.size()) return absl::OkStatus();
  const size_t begin = events.events[first].begin;
  const size_t end = events.events.back().end + 1;
  const std::string_view bytes = events.bytes.view().substr(begin, end - begin);
  return terminal_ ? WriteBytes(EscapeControls(bytes)) : WriteBytes(bytes);
}

// Bytes that the reader has already can't be taken back: they are skipped when written again.
absl::Status StdoutSink::WriteBytes(std::string_view bytes) {
  const size_t skipped = std::min<uint64_t>(skip_, bytes.size());
  skip_ -= skipped;
  bytes.remove_prefix(skipped);
  while (!bytes.empty()) {
    const absl::StatusOr<size_t> count = os_->Write(fd_, bytes.data(), bytes.size());
    if (absl::IsCancelled(count.status())) return count.status();
    if (!count.ok()) return ForNow(Because(count.status(), "write to standard output"));
    if (*count == 0) return absl::UnavailableError("standard output accepts no bytes");
    written_ += *count;
    bytes.remove_prefix(*count);
  }
  return absl::OkStatus();
}

absl::Status StdoutSink::Commit(std::span<const StreamCursor> cursors) {
  if (absl::Status status = store_->Commit(name_, cursors, std::nullopt); !status.ok()) {
    return status;
  }
  written_ = skip_ = 0;
  return absl::OkStatus();
}

// False is right even if the commit succeeded after all: everything written again is skipped.
absl::StatusOr<bool> StdoutSink::Rollback() {
  skip_ = written_;
  return false;
}

absl::Status StdoutSink::Tidy() {
  if (os_->HasReader(fd_).value_or(true)) return absl::OkStatus();
  return absl::CancelledError("the reader of standard output has gone");
}

}  // namespace sparktail
