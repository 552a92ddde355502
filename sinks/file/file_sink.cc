#include "sinks/file/file_sink.h"

#include <absl/time/time.h>

#include <string_view>
#include <utility>

#include "ingest/base/path.h"
#include "sinks/file/file_state.h"
#include "sinks/file/known_ids.h"
#include "sinks/file/last_line.h"
#include "sinks/file/rotated_files.h"
#include "sinks/output_file.h"

namespace sparktail {
namespace {

// For this time after `recover`, the events in the files may be read again: the cursors of their
// streams may still be before them.
constexpr absl::Duration kRecovery = absl::Hours(24 * 7);

}  // namespace

FileSink::FileSink(Os* os, Log* log, CursorStore* store, std::string name, FileSinkOptions options,
                   bool recover)
    : os_(os),
      log_(log),
      store_(store),
      states_(store, name),
      name_(std::move(name)),
      options_(std::move(options)),
      path_(options_.path),
      recover_(recover) {}

FileSink::~FileSink() { Close(); }

void FileSink::AddTo(SinkStatus* status) const { status->lost_bytes = lost_bytes_; }

// ---------------------------------------------------------------- Opening

absl::StatusOr<std::vector<StreamCursor>> FileSink::Open() {
  absl::StatusOr<std::vector<StreamCursor>> cursors = store_->Load(name_);
  if (!cursors.ok()) return cursors.status();
  const absl::StatusOr<std::optional<FileState>> stored = states_.Load();
  if (!stored.ok()) return stored.status();
  const absl::StatusOr<int> fd = OpenAndLockOutputFile(os_, path_);
  if (!fd.ok()) return fd.status();
  if (absl::Status status = TakeOver(*fd, *stored); !status.ok()) {
    os_->Close(*fd);
    return status;
  }
  fd_ = *fd;
  return cursors;
}

absl::Status FileSink::TakeOver(int fd, const std::optional<FileState>& stored) {
  state_ = stored.value_or(FileState());
  absl::Status status = absl::OkStatus();
  if (stored) {
    status = Resume(fd);
  } else if (recover_) {
    status = Recover(fd);
  }
  return status.ok() ? Adopt(fd) : status;
}

absl::Status FileSink::Resume(int fd) {
  const absl::StatusOr<bool> is_known = IsFileOf(state_, os_, fd);
  if (!is_known.ok()) return ForNow(Because(is_known.status(), "read " + path_));
  absl::Status cut = *is_known ? Cut(fd, path_) : CutMoved();
  if (!cut.ok()) return cut;
  if (!*is_known) {
    Info(path_ + " is not the file that sink " + name_ +
         " wrote before: new events are appended to it");
    state_.begun_ms = 0;
  }
  if (os_->Now() - absl::FromUnixMillis(state_.recovered_ms) < kRecovery) return CollectIds(fd);
  state_.recovered_ms = 0;
  return absl::OkStatus();
}

// Looks for the file at its former path, and in the directory under names that begin with its own:
// a rotation that a crash interrupted or another process may have moved it, or the sink's path was
// changed.
absl::Status FileSink::CutMoved() {
  if (state_.path != path_) {
    if (absl::Status status = CutIfKnown(state_.path); !status.ok()) return status;
  }
  const std::string directory = ParentDirectory(path_);
  const absl::StatusOr<std::vector<std::string>> names = os_->List(directory);
  if (!names.ok()) return ForNow(Because(names.status(), "read the directory " + directory));
  const std::string own_name = FileName(path_);
  for (const std::string& name : *names) {
    if (name == own_name || !name.starts_with(own_name)) continue;
    if (absl::Status status = CutIfKnown(std::string(directory).append("/").append(name));
        !status.ok())
      return status;
  }
  return absl::OkStatus();
}

absl::Status FileSink::CutIfKnown(const std::string& path) {
  const absl::StatusOr<Os::FileInfo> info = os_->StatPath(path, /*follow_links=*/false);
  if (absl::IsNotFound(info.status())) return absl::OkStatus();
  if (!info.ok()) return ForNow(Because(info.status(), "read " + path));
  if (!info->is_regular() || !state_.HasInodeOf(*info) || info->size <= state_.length)
    return absl::OkStatus();
  const absl::StatusOr<int> fd = OpenOutputFile(os_, path);
  if (!fd.ok()) return ForNow(fd.status());
  const absl::StatusOr<bool> is_known = IsFileOf(state_, os_, *fd);
  absl::Status status = ForNow(Because(is_known.status(), "read " + path));
  if (is_known.ok()) status = *is_known ? Cut(*fd, path) : absl::OkStatus();
  os_->Close(*fd);
  return status;
}

// Cuts off the bytes after the committed length. A shorter file was cut by another process.
absl::Status FileSink::Cut(int fd, const std::string& path) {
  const absl::StatusOr<Os::FileInfo> info = Stat(fd);
  if (!info.ok()) return info.status();
  if (info->size < state_.length) NoteLost(info->size, state_.length);
  if (info->size <= state_.length) return absl::OkStatus();
  if (absl::Status status = os_->Truncate(fd, state_.length); !status.ok()) {
    return ForNow(Because(status, "cut " + path));
  }
  log_->Debug("file_sink " + path, path + ": cut from " + std::to_string(info->size) +
                                       " bytes to the " + std::to_string(state_.length) +
                                       " committed ones");
  return absl::OkStatus();
}

absl::Status FileSink::Recover(int fd) {
  if (absl::Status status = CollectIds(fd); !status.ok()) return status;
  if (!known_.empty()) {
    state_.recovered_ms = NowMs();
    Info(path_ + " and its rotated files hold " + std::to_string(known_.size()) +
         " events, which are not written again");
  }
  return ForNow(Because(CutPartialDocument(os_, fd), "cut " + path_));
}

absl::Status FileSink::CollectIds(int fd) {
  const absl::StatusOr<std::vector<std::string>> rotated = ListRotatedFiles(os_, path_);
  if (!rotated.ok()) return ForNow(rotated.status());
  for (const std::string& path : *rotated) {
    if (absl::Status status = known_.Collect(os_, path); !status.ok()) return ForNow(status);
  }
  return ForNow(Because(known_.Collect(os_, fd), "read " + path_));
}

// From here on the whole file, as it is, counts as committed.
absl::Status FileSink::Adopt(int fd) {
  const absl::StatusOr<uint64_t> length = EndLastLine(os_, fd);
  if (!length.ok()) return ForNow(Because(length.status(), "write to " + path_));
  state_.head_hash.clear();
  absl::StatusOr<FileState> next = Describe(fd, *length);
  if (!next.ok()) return next.status();
  if (next->begun_ms == 0) next->begun_ms = NowMs();
  // If the file is new, its name must survive a power failure.
  const std::string directory = ParentDirectory(path_);
  if (absl::Status status = os_->SyncDirectory(directory); !status.ok()) {
    return ForNow(Because(status, "sync the directory " + directory));
  }
  if (absl::Status status = states_.Store(*std::move(next), {}, /*is_commit=*/false, &state_);
      !status.ok())
    return status;
  written_ = *length;
  return absl::OkStatus();
}

absl::StatusOr<FileState> FileSink::Describe(int fd, uint64_t length) {
  absl::StatusOr<FileState> next = DescribeFile(state_, os_, fd, path_, length);
  if (!next.ok()) return ForNow(Because(next.status(), "read " + path_));
  return next;
}

absl::StatusOr<Os::FileInfo> FileSink::Stat(int fd) {
  absl::StatusOr<Os::FileInfo> info = os_->Stat(fd);
  if (!info.ok()) return ForNow(Because(info.status(), "read " + path_));
  return info;
}

// ---------------------------------------------------------------- Writing

absl::Status FileSink::Write(const EventBuffer& events, size_t first) {
  if (first >= events.events.size()) return absl::OkStatus();
  if (absl::Status status = EnsureOpen(); !status.ok()) return status;
  if (!known_.empty()) return WriteUnknown(events, first);
  const size_t begin = events.events[first].begin;
  const size_t end = events.events.back().end + 1;
  return Append(events.bytes.view().substr(begin, end - begin));
}

absl::Status FileSink::WriteUnknown(const EventBuffer& events, size_t first) {
  for (size_t i = first; i < events.events.size(); ++i) {
    const EventRef& event = events.events[i];
    if (known_.Has(event.id)) continue;
    absl::Status status =
        Append(events.bytes.view().substr(event.begin, event.end + 1 - event.begin));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status FileSink::Append(std::string_view bytes) {
  if (absl::Status status = WriteAll(os_, fd_, bytes); !status.ok()) {
    return ForNow(Because(status, "write to " + path_));
  }
  written_ += bytes.size();
  return absl::OkStatus();
}

absl::Status FileSink::BeginFile() {
  if (absl::Status status = states_.Resolve(&state_); !status.ok()) return status;
  const absl::StatusOr<int> fd = OpenAndLockOutputFile(os_, path_);
  if (!fd.ok()) return ForNow(fd.status());
  state_.begun_ms = 0;
  if (absl::Status status = Adopt(*fd); !status.ok()) {
    os_->Close(*fd);
    return status;
  }
  fd_ = *fd;
  return absl::OkStatus();
}

void FileSink::Close() {
  if (fd_ >= 0) os_->Close(std::exchange(fd_, -1));
}

// ---------------------------------------------------------------- Committing

absl::Status FileSink::Commit(std::span<const StreamCursor> cursors) {
  if (absl::Status status = EnsureOpen(); !status.ok()) return status;
  if (absl::Status status = FollowPath(); !status.ok()) return status;
  if (absl::Status status = CheckSize(); !status.ok()) return status;
  if (written_ != state_.length) {
    const absl::Status status = os_->Sync(fd_);
    if (!status.ok()) return ForNow(Because(status, "sync " + path_));
  }
  absl::StatusOr<FileState> next = Describe(fd_, written_);
  if (!next.ok()) return next.status();
  if (state_.length == 0) next->begun_ms = NowMs();
  absl::Status status = states_.Store(*std::move(next), cursors, /*is_commit=*/true, &state_);
  if (!status.ok()) return status;
  RotateIfDue();
  return absl::OkStatus();
}

absl::StatusOr<bool> FileSink::Rollback() {
  if (absl::Status status = states_.Resolve(&state_); !status.ok()) return status;
  if (fd_ >= 0) {
    if (absl::Status status = CutBack(); !status.ok()) return status;
  }
  return states_.TakeCommitted();
}

absl::Status FileSink::CutBack() {
  const absl::StatusOr<Os::FileInfo> info = Stat(fd_);
  if (!info.ok()) return info.status();
  if (absl::Status status = Cut(fd_, path_); !status.ok()) return status;
  written_ = state_.length;
  return info->size < state_.length ? Adopt(fd_) : absl::OkStatus();
}

absl::Status FileSink::Tidy() {
  if (fd_ < 0) return absl::OkStatus();
  if (absl::Status status = FollowPath(); !status.ok()) return status;
  RotateIfDue();
  return absl::OkStatus();
}

// logrotate and similar programs move the file away and expect the sink to create a new one.
absl::Status FileSink::FollowPath() {
  const absl::StatusOr<Os::FileInfo> own = Stat(fd_);
  if (!own.ok()) return own.status();
  const absl::StatusOr<bool> is_there = IsAt(os_, *own, path_);
  if (!is_there.ok()) return ForNow(Because(is_there.status(), "read " + path_));
  return *is_there ? absl::OkStatus() : CarryOver(*own);
}

// Moves the uncommitted bytes to the new file. The process that moved the old file may be reading
// it already, so it must not grow any more.
absl::Status FileSink::CarryOver(const Os::FileInfo& own) {
  const bool is_deleted = own.links == 0;
  const absl::StatusOr<std::string> uncommitted = ReadUncommitted();
  if (!uncommitted.ok()) return uncommitted.status();
  if (!is_deleted) {
    if (absl::Status status = Cut(fd_, path_); !status.ok()) return status;
  }
  Info(path_ + (is_deleted ? " was deleted" : " was moved away") +
       " by another process: creating a new one");
  Close();
  if (absl::Status status = BeginFile(); !status.ok()) return status;
  return Append(*uncommitted);
}

absl::StatusOr<std::string> FileSink::ReadUncommitted() {
  const uint64_t size = written_ - state_.length;
  absl::StatusOr<std::string> bytes = ReadRange(os_, fd_, state_.length, size);
  if (!bytes.ok()) return ForNow(Because(bytes.status(), "read " + path_));
  if (bytes->size() < size) return absl::UnavailableError(path_ + " was cut by another process");
  return bytes;
}

// Nobody else should write to the file. If another process did, its present length is taken.
absl::Status FileSink::CheckSize() {
  const absl::StatusOr<Os::FileInfo> own = Stat(fd_);
  if (!own.ok()) return own.status();
  if (own->size == written_) return absl::OkStatus();
  if (own->size > written_) {
    Warn("another process writes to " + path_ +
         ": lines may be mixed up; stop it, or give the sink another path");
  }
  if (own->size < written_) NoteLost(own->size, written_);
  const absl::StatusOr<uint64_t> length = EndLastLine(os_, fd_);
  if (!length.ok()) return ForNow(Because(length.status(), "write to " + path_));
  written_ = *length;
  return absl::OkStatus();
}

void FileSink::NoteLost(uint64_t found, uint64_t expected) {
  lost_bytes_ += expected - found;
  log_->Error("file_sink " + path_, path_ + " has " + std::to_string(found) + " bytes, but " +
                                        std::to_string(expected) +
                                        " were delivered: another process cut it; rotate the file "
                                        "by renaming it, or with rotate_bytes or rotate_age");
}

// ---------------------------------------------------------------- Rotation

bool FileSink::RotationIsDue() {
  if (fd_ < 0 || state_.length == 0) return false;
  if (options_.rotate_bytes > 0 && state_.length >= options_.rotate_bytes) return true;
  return os_->Now() - absl::FromUnixMillis(state_.begun_ms) >= options_.rotate_age;
}

// A failure here affects no event: everything in the file is committed.
void FileSink::RotateIfDue() {
  if (!RotationIsDue()) return;
  absl::Status status = Rotate();
  if (status.ok() && options_.keep_files > 0) status = RemoveOldFiles();
  if (!status.ok()) Warn(std::string(status.message()) + "; the next commit retries");
}

// No uncommitted bytes exist from here until the state of the new file is stored. So a crash
// between any two steps leaves nothing to repair: a file without a state is empty.
absl::Status FileSink::Rotate() {
  const absl::StatusOr<std::string> rotated = NextRotatedPath(os_, path_, os_->Now());
  if (!rotated.ok()) return rotated.status();
  if (absl::Status status = os_->Rename(path_, *rotated); !status.ok()) {
    return Because(status, "rename " + path_ + " to " + *rotated);
  }
  Close();
  return BeginFile();
}

absl::Status FileSink::RemoveOldFiles() {
  const absl::StatusOr<std::vector<std::string>> rotated = ListRotatedFiles(os_, path_);
  if (!rotated.ok()) return rotated.status();
  for (size_t i = 0; i + options_.keep_files < rotated->size(); ++i) {
    const absl::Status status = os_->Remove((*rotated)[i]);
    if (!status.ok() && !absl::IsNotFound(status))
      return Because(status, "remove " + (*rotated)[i]);
  }
  return absl::OkStatus();
}

}  // namespace sparktail
