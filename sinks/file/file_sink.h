#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "offsets/cursor_store.h"
#include "sinks/file/file_sink_options.h"
#include "sinks/file/file_state.h"
#include "sinks/file/known_ids.h"
#include "sinks/sink.h"

namespace sparktail {

// Writes events as lines of JSON to a file, each once, even after a crash. The cursor store keeps
// the length of the file at the last commit, in one transaction with the cursors. After a crash,
// the bytes after that length are cut off and written again.
//
// The file is locked (flock) while the sink writes to it. Write() appends at once: readers see
// events within milliseconds, and may see some of them disappear after a crash. The file is rotated
// at commits only, to "<path>.<UTC yyyymmddThhmmssZ>[.n]". If another process moves or deletes it,
// the next commit notices that and creates a new file.
class FileSink : public Sink {
 public:
  // `recover`: if the store has no state for the file, events whose ids are in it or in its rotated
  // files are not written again. `os`, `log` and `store` must outlive the sink.
  FileSink(Os* os, Log* log, CursorStore* store, std::string name, FileSinkOptions options,
           bool recover);
  ~FileSink() override;

  absl::StatusOr<std::vector<StreamCursor>> Open() override;
  absl::Status Write(const EventBuffer& events, size_t first) override;
  absl::Status Commit(std::span<const StreamCursor> cursors) override;
  absl::StatusOr<bool> Rollback() override;
  absl::Status Tidy() override;

  // `lost_bytes`: delivered bytes that another process cut off the file, as far as the sink
  // noticed.
  void AddTo(SinkStatus* status) const override;

 private:
  absl::Status TakeOver(int fd, const std::optional<FileState>& stored);
  absl::Status Resume(int fd);
  absl::Status CutMoved();
  absl::Status CutIfKnown(const std::string& path);
  absl::Status Cut(int fd, const std::string& path);
  absl::Status Recover(int fd);
  absl::Status CollectIds(int fd);
  absl::Status Adopt(int fd);
  absl::StatusOr<FileState> Describe(int fd, uint64_t length);
  absl::StatusOr<Os::FileInfo> Stat(int fd);

  absl::Status BeginFile();
  absl::Status EnsureOpen() { return fd_ >= 0 ? absl::OkStatus() : BeginFile(); }
  void Close();
  absl::Status WriteUnknown(const EventBuffer& events, size_t first);
  absl::Status Append(std::string_view bytes);

  absl::Status CutBack();
  absl::Status FollowPath();
  absl::Status CarryOver(const Os::FileInfo& own);
  absl::StatusOr<std::string> ReadUncommitted();
  absl::Status CheckSize();
  void NoteLost(uint64_t found, uint64_t expected);

  bool RotationIsDue();
  void RotateIfDue();
  absl::Status Rotate();
  absl::Status RemoveOldFiles();

  void Info(std::string_view message) { log_->Info("file_sink " + path_, message); }
  void Warn(std::string_view message) { log_->Warn("file_sink " + path_, message); }
  int64_t NowMs() { return absl::ToUnixMillis(os_->Now()); }

  Os* const os_;
  Log* const log_;
  CursorStore* const store_;
  FileStateStore states_;
  const std::string name_;
  const FileSinkOptions options_;
  const std::string& path_;
  const bool recover_;

  int fd_ = -1;  // -1: the next write opens the file
  // Describes the open file in the store before anything is written to it. So after a crash at any
  // moment, all bytes after state_.length are uncommitted and can be cut off.
  FileState state_;
  uint64_t written_ = 0;  // length of the file, uncommitted bytes included
  KnownIds known_;
  std::atomic<uint64_t> lost_bytes_ = 0;
};

}  // namespace sparktail
