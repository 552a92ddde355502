#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ingest/base/os.h"
#include "ingest/sources/file/file_position.h"
#include "ingest/sources/file/file_tail.h"
#include "ingest/sources/file/recent_bytes.h"

namespace sparktail {

// A followed file, open or closed, and its offset. Checks whether another open file is the same
// one, and whether the bytes that were read are still in place. Single-threaded.
class FollowedFile {
 public:
  enum class State : uint8_t {
    kWaiting,    // waits until its predecessor is read
    kFollowing,  // at its path
    kLeaving,    // renamed, deleted or copied away: is read to its end, then ends
    kEnded,      // is not read any longer
  };

  // The file was read up to `position`.
  FollowedFile(Os* os, FilePosition position, std::string real_path)
      : os_(os),
        identity_(std::move(position.file)),
        start_(std::move(position.place)),
        real_path_(std::move(real_path)),
        read_(start_.raw) {}
  ~FollowedFile() { Close(); }
  FollowedFile(const FollowedFile&) = delete;
  FollowedFile& operator=(const FollowedFile&) = delete;

  // Opens a regular file for following. kFailedPrecondition if it is anything else.
  static absl::StatusOr<int> Open(Os* os, const std::string& path, Os::FileInfo* info);

  // True if the open file is `file`, and has not changed before `place`. An error proves nothing.
  static absl::StatusOr<bool> IsSame(Os* os, int fd, const FileIdentity& file,
                                     const ReadPlace& place);
  // True if the open file begins with the bytes that were read from this one.
  absl::StatusOr<bool> IsSame(int fd) const;

  // True if this file is open, has not been truncated, and begins with the `size` bytes of the
  // other open file. Compares only both ends of these bytes.
  absl::StatusOr<bool> BeginsAs(int fd, uint64_t size) const;
  // True if both open files begin with the same `size` bytes. Compares only both ends of them.
  static absl::StatusOr<bool> BeginAlike(Os* os, int one, int other, uint64_t size);

  // Takes ownership of the open descriptor.
  void Adopt(int fd, const Os::FileInfo& info);
  // Passes ownership of the descriptor to the caller.
  int Release() { return std::exchange(fd_, -1); }
  void Close();
  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

  // Starts reading at tail->begin(). After an error nothing has begun.
  absl::Status Begin(std::unique_ptr<FileTail> tail);
  bool begun() const { return tail_ != nullptr; }

  // Reads the file's next bytes into `room`; returns 0 at its present end.
  absl::StatusOr<size_t> Read(std::span<char> room);
  // Like Read(), but reads at most a few KiB, and first checks that the bytes read last are still
  // in place. If not, sets `is_intact` to false and reads nothing.
  absl::StatusOr<size_t> ReadOn(std::span<char> room, bool* is_intact);
  // False if the bytes read last, by this process or an earlier one, are no longer in place: the
  // file was truncated or rewritten.
  absl::StatusOr<bool> IsIntact() const { return IsIntact(fd_); }

  FileTail& tail() { return *tail_; }
  // The position after the last byte read.
  FilePosition PositionAfterRead() const {
    FilePosition position{identity_, start_};
    position.place.raw = read_;
    position.place.marker = Fingerprint::Of(last_.view());
    return position;
  }

  FileIdentity& identity() { return identity_; }
  const FileIdentity& identity() const { return identity_; }
  const ReadPlace& start() const { return start_; }  // where an earlier process stopped
  uint64_t read_bytes() const { return read_; }
  uint64_t lag_bytes() const { return identity_.size > read_ ? identity_.size - read_ : 0; }

  const std::string& real_path() const { return real_path_; }
  void set_real_path(std::string path) { real_path_ = std::move(path); }

  // State that the source keeps.
  State state = State::kFollowing;
  FollowedFile* predecessor = nullptr;  // only for kWaiting
  bool at_path = true;                  // a glob matches its path
  bool dirty = false;                   // may have new bytes
  bool blocked = false;                 // its tail has no room
  bool succeeded = false;               // another file has its path now
  bool warm = false;                    // its tail waits for time to pass
  uint64_t seen_size = 0;               // size seen while closed, if any; 0: not seen
  absl::Time grown;                     // when bytes came last
  absl::Time left;                      // only for kLeaving: since when
  // Bytes of its continuation in other files at the last look.
  size_t continuation = SIZE_MAX;
  absl::Time retry;  // after an error: time of the next attempt

 private:
  static constexpr size_t kFirstRead = 4096;

  absl::StatusOr<bool> IsIntact(int fd) const;
  absl::StatusOr<bool> HasHead(int fd) const;
  absl::Status ReadFingerprints();
  void NoteRead(std::string_view bytes);

  Os* os_;
  FileIdentity identity_;
  const ReadPlace start_;
  std::string real_path_;
  int fd_ = -1;
  uint64_t read_;
  std::string head_;  // the first bytes, while they are fewer than kPrefixSize
  RecentBytes last_;  // long enough to contain the beginning of a line with its time in most cases
  std::unique_ptr<FileTail> tail_;
};

}  // namespace sparktail
