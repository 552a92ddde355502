#include "sinks/file/file_sink.h"

#include <absl/time/time.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string_view>
#include <utility>

#include "ingest/base/path.h"
#include "sinks/file/file_state.h"
#include "sinks/file/known_ids.h"
#include "sinks/file/rotated_files.h"
#include "sinks/output_file.h"

namespace sparktail {
namespace {

// For this time after `recover`, the events in the files may be read again: the cursors of their
// streams may still be before them.
constexpr absl::Duration kRecovery = absl::Hours(24 * 7);
constexpr size_t kChunk = size_t{1} << 16;
constexpr size_t kTellingText = 64;

// Returns the offset after the last newline in the first `size` bytes; 0 if there is none.
absl::StatusOr<uint64_t> EndOfLastLine(Os* os, int fd, uint64_t size) {
  while (size > 0) {
    const uint64_t begin = size - std::min<uint64_t>(size, kChunk);
    const absl::StatusOr<std::string> chunk = ReadRange(os, fd, begin, size - begin);
    if (!chunk.ok()) return chunk.status();
    const size_t newline = chunk->rfind('\n');
    if (newline != std::string::npos) return begin + newline + 1;
    size = begin;
  }
  return uint64_t{0};
}

}  // namespace

// The state in the store (state_) describes the open file before anything is written to it. So
// after a crash at any moment, all bytes after state_.length are uncommitted and can be cut off.
class FileSink::Impl {
 public:
  Impl(Os* os, Log* log, CursorStore* store, std::string name, FileSinkOptions options,
       bool recover)
      : os_(os),
        log_(log),
        store_(store),
        name_(std::move(name)),
        options_(std::move(options)),
        path_(options_.path),
        recover_(recover) {}
  ~Impl() { Close(); }

  absl::StatusOr<std::vector<StreamCursor>> Open();
  absl::Status Write(const EventBuffer& events, size_t first);
  absl::Status Commit(std::span<const StreamCursor> cursors);
  absl::StatusOr<bool> Rollback();
  absl::Status Tidy();
  uint64_t lost_bytes() const { return lost_bytes_; }

 private:
  absl::StatusOr<std::optional<FileState>> LoadState();
  absl::Status StoreState(FileState next, std::span<const StreamCursor> cursors);
  absl::Status ResolveDoubt();

  absl::Status TakeOver(int fd, const std::optional<FileState>& stored);
  absl::Status Resume(int fd);
  absl::Status CutMoved();
  absl::Status CutIfKnown(const std::string& path);
  absl::Status Cut(int fd, const std::string& path);
  absl::Status Recover(int fd);
  absl::Status CutPartialLine(int fd, uint64_t end);
  absl::Status CollectIds(int fd);
  absl::Status CollectRotatedIds(const std::string& path);
  absl::Status Adopt(int fd);
  absl::StatusOr<uint64_t> EndLine(int fd);
  absl::StatusOr<FileState> Describe(int fd, uint64_t length);
  absl::StatusOr<Os::FileInfo> Stat(int fd);

  absl::Status BeginFile();
  absl::Status EnsureOpen() { return fd_ >= 0 ? absl::OkStatus() : BeginFile(); }
  void Close();
  absl::Status WriteUnknown(const EventBuffer& events, size_t first);
  absl::Status Append(std::string_view bytes);

  absl::Status CutBack();
  absl::Status FollowPath();
  absl::StatusOr<bool> IsMoved(const Os::FileInfo& own);
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
  const std::string name_;
  const FileSinkOptions options_;
  const std::string& path_;
  const bool recover_;

  int fd_ = -1;  // -1: the next write opens the file
  FileState state_;
  // A state that the store reported as failed, but may hold nonetheless.
  std::optional<FileState> doubted_;
  bool doubted_is_commit_ = false;  // doubted_ is from a Commit()
  bool commit_was_made_ = false;    // a doubted Commit() succeeded: Rollback() returns true
  uint64_t written_ = 0;            // length of the file, uncommitted bytes included
  KnownIds known_;
  std::atomic<uint64_t> lost_bytes_ = 0;
};

// ---------------------------------------------------------------- State in the store

absl::StatusOr<std::optional<FileState>> FileSink::Impl::LoadState() {
  const absl::StatusOr<std::string> json = store_->LoadState(name_);
  if (!json.ok()) return json.status();
  if (json->empty()) return std::optional<FileState>();
  std::optional<FileState> state = FileState::FromJson(*json);
  if (state) return state;
  return absl::FailedPreconditionError("the state of sink " + name_ +
                                       " was written by another version of sparktail: use that "
                                       "version, or give the sink another name");
}

absl::Status FileSink::Impl::StoreState(FileState next, std::span<const StreamCursor> cursors) {
  next.commit = state_.commit + 1;
  absl::Status status = store_->Commit(name_, cursors, next.ToJson());
  if (status.ok()) {
    state_ = std::move(next);
  } else {
    doubted_ = std::move(next);
    doubted_is_commit_ = false;
  }
  return status;
}

absl::Status FileSink::Impl::ResolveDoubt() {
  if (!doubted_) return absl::OkStatus();
  const absl::StatusOr<std::optional<FileState>> stored = LoadState();
  if (!stored.ok()) return stored.status();
  if (*stored && (*stored)->commit == doubted_->commit) {
    state_ = *std::move(doubted_);
    commit_was_made_ = doubted_is_commit_;
  }
  doubted_.reset();
  return absl::OkStatus();
}

// ---------------------------------------------------------------- Opening

absl::StatusOr<std::vector<StreamCursor>> FileSink::Impl::Open() {
  absl::StatusOr<std::vector<StreamCursor>> cursors = store_->Load(name_);
  if (!cursors.ok()) return cursors.status();
  const absl::StatusOr<std::optional<FileState>> stored = LoadState();
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

absl::Status FileSink::Impl::TakeOver(int fd, const std::optional<FileState>& stored) {
  state_ = stored.value_or(FileState());
  absl::Status status = absl::OkStatus();
  if (stored) {
    status = Resume(fd);
  } else if (recover_) {
    status = Recover(fd);
  }
  return status.ok() ? Adopt(fd) : status;
}

absl::Status FileSink::Impl::Resume(int fd) {
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
absl::Status FileSink::Impl::CutMoved() {
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

absl::Status FileSink::Impl::CutIfKnown(const std::string& path) {
  const absl::StatusOr<Os::FileInfo> info = os_->StatPath(path, /*follow_links=*/false);
  if (absl::IsNotFound(info.status())) return absl::OkStatus();
  if (!info.ok()) return ForNow(Because(info.status(), "read " + path));
  const bool same_inode = info->device == state_.device && info->inode == state_.inode;
  if (!info->is_regular() || !same_inode || info->size <= state_.length) return absl::OkStatus();
  const absl::StatusOr<int> fd = OpenOutputFile(os_, path);
  if (!fd.ok()) return ForNow(fd.status());
  const absl::StatusOr<bool> is_known = IsFileOf(state_, os_, *fd);
  absl::Status status = ForNow(Because(is_known.status(), "read " + path));
  if (is_known.ok()) status = *is_known ? Cut(*fd, path) : absl::OkStatus();
  os_->Close(*fd);
  return status;
}

// Cuts off the bytes after the committed length. A shorter file was cut by another process.
absl::Status FileSink::Impl::Cut(int fd, const std::string& path) {
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

absl::Status FileSink::Impl::Recover(int fd) {
  const absl::StatusOr<Os::FileInfo> info = Stat(fd);
  if (!info.ok()) return info.status();
  const absl::StatusOr<uint64_t> end = EndOfLastLine(os_, fd, info->size);
  if (!end.ok()) return ForNow(Because(end.status(), "read " + path_));
  if (absl::Status status = CollectIds(fd); !status.ok()) return status;
  if (!known_.empty()) {
    state_.recovered_ms = NowMs();
    Info(path_ + " and its rotated files hold " + std::to_string(known_.size()) +
         " events, which are not written again");
  }
  return *end < info->size ? CutPartialLine(fd, *end) : absl::OkStatus();
}

// Cuts nothing that does not look like a document: it may be the user's own text.
absl::Status FileSink::Impl::CutPartialLine(int fd, uint64_t end) {
  const absl::StatusOr<std::string> text = ReadRange(os_, fd, end, kTellingText);
  if (!text.ok()) return ForNow(Because(text.status(), "read " + path_));
  if (!BeginsLikeDocument(*text)) return absl::OkStatus();
  return ForNow(Because(os_->Truncate(fd, end), "cut " + path_));
}

absl::Status FileSink::Impl::CollectIds(int fd) {
  const absl::StatusOr<std::vector<std::string>> rotated = ListRotatedFiles(os_, path_);
  if (!rotated.ok()) return ForNow(rotated.status());
  for (const std::string& path : *rotated) {
    if (absl::Status status = CollectRotatedIds(path); !status.ok()) return status;
  }
  return ForNow(Because(known_.Collect(os_, fd), "read " + path_));
}

absl::Status FileSink::Impl::CollectRotatedIds(const std::string& path) {
  const absl::StatusOr<int> fd = os_->OpenToFollow(path);
  if (!fd.ok()) return ForNow(Because(fd.status(), "read " + path));
  const absl::Status status = known_.Collect(os_, *fd);
  os_->Close(*fd);
  return ForNow(Because(status, "read " + path));
}

// From here on the whole file, as it is, counts as committed.
absl::Status FileSink::Impl::Adopt(int fd) {
  const absl::StatusOr<uint64_t> length = EndLine(fd);
  if (!length.ok()) return length.status();
  state_.head_hash.clear();
  absl::StatusOr<FileState> next = Describe(fd, *length);
  if (!next.ok()) return next.status();
  if (next->begun_ms == 0) next->begun_ms = NowMs();
  // If the file is new, its name must survive a power failure.
  const std::string directory = ParentDirectory(path_);
  if (absl::Status status = os_->SyncDirectory(directory); !status.ok()) {
    return ForNow(Because(status, "sync the directory " + directory));
  }
  if (absl::Status status = StoreState(*std::move(next), {}); !status.ok()) return status;
  written_ = *length;
  return absl::OkStatus();
}

// Adds a missing newline to the last line. Returns the length of the file.
absl::StatusOr<uint64_t> FileSink::Impl::EndLine(int fd) {
  const absl::StatusOr<Os::FileInfo> info = Stat(fd);
  if (!info.ok()) return info.status();
  const absl::StatusOr<uint64_t> end = EndOfLastLine(os_, fd, info->size);
  if (!end.ok()) return ForNow(Because(end.status(), "read " + path_));
  if (*end == info->size) return info->size;
  const absl::Status status = WriteAll(os_, fd, "\n");
  if (!status.ok()) return ForNow(Because(status, "write to " + path_));
  return info->size + 1;
}

// Returns state_ with the facts of the open file.
absl::StatusOr<FileState> FileSink::Impl::Describe(int fd, uint64_t length) {
  const absl::StatusOr<Os::FileInfo> info = Stat(fd);
  if (!info.ok()) return info.status();
  const uint64_t head_size = std::min(length, FileState::kMaxHead);
  const bool same = info->device == state_.device && info->inode == state_.inode;
  FileState next = state_;
  next.path = path_;
  next.length = length;
  next.device = info->device;
  next.inode = info->inode;
  const bool has_head = !state_.head_hash.empty() && head_size == state_.head_size;
  if (same && has_head) return next;
  absl::StatusOr<std::string> hash = HashHead(os_, fd, head_size);
  if (!hash.ok()) return ForNow(Because(hash.status(), "read " + path_));
  if (hash->empty()) return absl::UnavailableError(path_ + " is being cut by another process");
  next.head_size = head_size;
  next.head_hash = *std::move(hash);
  return next;
}

absl::StatusOr<Os::FileInfo> FileSink::Impl::Stat(int fd) {
  absl::StatusOr<Os::FileInfo> info = os_->Stat(fd);
  if (!info.ok()) return ForNow(Because(info.status(), "read " + path_));
  return info;
}

// ---------------------------------------------------------------- Writing

absl::Status FileSink::Impl::Write(const EventBuffer& events, size_t first) {
  if (first >= events.events.size()) return absl::OkStatus();
  if (absl::Status status = EnsureOpen(); !status.ok()) return status;
  if (!known_.empty()) return WriteUnknown(events, first);
  const size_t begin = events.events[first].begin;
  const size_t end = events.events.back().end + 1;
  return Append(events.bytes.view().substr(begin, end - begin));
}

absl::Status FileSink::Impl::WriteUnknown(const EventBuffer& events, size_t first) {
  for (size_t i = first; i < events.events.size(); ++i) {
    const EventRef& event = events.events[i];
    if (known_.Has(event.id)) continue;
    absl::Status status =
        Append(events.bytes.view().substr(event.begin, event.end + 1 - event.begin));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status FileSink::Impl::Append(std::string_view bytes) {
  if (absl::Status status = WriteAll(os_, fd_, bytes); !status.ok()) {
    return ForNow(Because(status, "write to " + path_));
  }
  written_ += bytes.size();
  return absl::OkStatus();
}

absl::Status FileSink::Impl::BeginFile() {
  if (absl::Status status = ResolveDoubt(); !status.ok()) return status;
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

void FileSink::Impl::Close() {
  if (fd_ >= 0) os_->Close(std::exchange(fd_, -1));
}

// ---------------------------------------------------------------- Committing

absl::Status FileSink::Impl::Commit(std::span<const StreamCursor> cursors) {
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
  if (absl::Status status = StoreState(*std::move(next), cursors); !status.ok()) {
    doubted_is_commit_ = true;
    return status;
  }
  RotateIfDue();
  return absl::OkStatus();
}

absl::StatusOr<bool> FileSink::Impl::Rollback() {
  if (absl::Status status = ResolveDoubt(); !status.ok()) return status;
  if (fd_ >= 0) {
    if (absl::Status status = CutBack(); !status.ok()) return status;
  }
  return std::exchange(commit_was_made_, false);
}

absl::Status FileSink::Impl::CutBack() {
  const absl::StatusOr<Os::FileInfo> info = Stat(fd_);
  if (!info.ok()) return info.status();
  if (absl::Status status = Cut(fd_, path_); !status.ok()) return status;
  written_ = state_.length;
  return info->size < state_.length ? Adopt(fd_) : absl::OkStatus();
}

absl::Status FileSink::Impl::Tidy() {
  if (fd_ < 0) return absl::OkStatus();
  if (absl::Status status = FollowPath(); !status.ok()) return status;
  RotateIfDue();
  return absl::OkStatus();
}

// logrotate and similar programs move the file away and expect the sink to create a new one.
absl::Status FileSink::Impl::FollowPath() {
  const absl::StatusOr<Os::FileInfo> own = Stat(fd_);
  if (!own.ok()) return own.status();
  const absl::StatusOr<bool> is_moved = IsMoved(*own);
  if (!is_moved.ok()) return ForNow(Because(is_moved.status(), "read " + path_));
  return *is_moved ? CarryOver(*own) : absl::OkStatus();
}

absl::StatusOr<bool> FileSink::Impl::IsMoved(const Os::FileInfo& own) {
  const absl::StatusOr<Os::FileInfo> found = os_->StatPath(path_, /*follow_links=*/false);
  if (absl::IsNotFound(found.status())) return true;
  if (!found.ok()) return found.status();
  return own.device != found->device || own.inode != found->inode;
}

// Moves the uncommitted bytes to the new file. The process that moved the old file may be reading
// it already, so it must not grow any more.
absl::Status FileSink::Impl::CarryOver(const Os::FileInfo& own) {
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

absl::StatusOr<std::string> FileSink::Impl::ReadUncommitted() {
  const uint64_t size = written_ - state_.length;
  absl::StatusOr<std::string> bytes = ReadRange(os_, fd_, state_.length, size);
  if (!bytes.ok()) return ForNow(Because(bytes.status(), "read " + path_));
  if (bytes->size() < size) return absl::UnavailableError(path_ + " was cut by another process");
  return bytes;
}

// Nobody else should write to the file. If another process did, its present length is taken.
absl::Status FileSink::Impl::CheckSize() {
  const absl::StatusOr<Os::FileInfo> own = Stat(fd_);
  if (!own.ok()) return own.status();
  if (own->size == written_) return absl::OkStatus();
  if (own->size > written_) {
    Warn("another process writes to " + path_ +
         ": lines may be mixed up; stop it, or give the sink another path");
  }
  if (own->size < written_) NoteLost(own->size, written_);
  const absl::StatusOr<uint64_t> length = EndLine(fd_);
  if (!length.ok()) return length.status();
  written_ = *length;
  return absl::OkStatus();
}

void FileSink::Impl::NoteLost(uint64_t found, uint64_t expected) {
  lost_bytes_ += expected - found;
  log_->Error("file_sink " + path_, path_ + " has " + std::to_string(found) + " bytes, but " +
                                        std::to_string(expected) +
                                        " were delivered: another process cut it; rotate the file "
                                        "by renaming it, or with rotate_bytes or rotate_age");
}

// ---------------------------------------------------------------- Rotation

bool FileSink::Impl::RotationIsDue() {
  if (fd_ < 0 || state_.length == 0) return false;
  if (options_.rotate_bytes > 0 && state_.length >= options_.rotate_bytes) return true;
  return os_->Now() - absl::FromUnixMillis(state_.begun_ms) >= options_.rotate_age;
}

// A failure here affects no event: everything in the file is committed.
void FileSink::Impl::RotateIfDue() {
  if (!RotationIsDue()) return;
  absl::Status status = Rotate();
  if (status.ok() && options_.keep_files > 0) status = RemoveOldFiles();
  if (!status.ok()) Warn(std::string(status.message()) + "; the next commit retries");
}

// No uncommitted bytes exist from here until the state of the new file is stored. So a crash
// between any two steps leaves nothing to repair: a file without a state is empty.
absl::Status FileSink::Impl::Rotate() {
  const absl::StatusOr<std::string> rotated = NextRotatedPath(os_, path_, os_->Now());
  if (!rotated.ok()) return rotated.status();
  if (absl::Status status = os_->Rename(path_, *rotated); !status.ok()) {
    return Because(status, "rename " + path_ + " to " + *rotated);
  }
  Close();
  return BeginFile();
}

absl::Status FileSink::Impl::RemoveOldFiles() {
  const absl::StatusOr<std::vector<std::string>> rotated = ListRotatedFiles(os_, path_);
  if (!rotated.ok()) return rotated.status();
  for (size_t i = 0; i + options_.keep_files < rotated->size(); ++i) {
    const absl::Status status = os_->Remove((*rotated)[i]);
    if (!status.ok() && !absl::IsNotFound(status))
      return Because(status, "remove " + (*rotated)[i]);
  }
  return absl::OkStatus();
}

// ---------------------------------------------------------------- FileSink

FileSink::FileSink(Os* os, Log* log, CursorStore* store, std::string name, FileSinkOptions options,
                   bool recover)
    : impl_(std::make_unique<Impl>(os, log, store, std::move(name), std::move(options), recover)) {}
FileSink::~FileSink() = default;

absl::StatusOr<std::vector<StreamCursor>> FileSink::Open() { return impl_->Open(); }
absl::Status FileSink::Write(const EventBuffer& events, size_t first) {
  return impl_->Write(events, first);
}
absl::Status FileSink::Commit(std::span<const StreamCursor> cursors) {
  return impl_->Commit(cursors);
}
absl::StatusOr<bool> FileSink::Rollback() { return impl_->Rollback(); }
absl::Status FileSink::Tidy() { return impl_->Tidy(); }
void FileSink::AddTo(SinkStatus* status) const { status->lost_bytes = impl_->lost_bytes(); }

}  // namespace sparktail
