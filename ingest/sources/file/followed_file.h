#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ingest/base/os.h"
#include "ingest/sources/file/file_position.h"
#include "ingest/sources/file/file_tail.h"

namespace sparktail {

// A file that is or was open, and how far it was read. Knows whether what is at its path now is
// still the same file, and whether what was read of it is still there. One thread.
class FollowedFile {
 public:
  enum class State : uint8_t {
    kWaiting,    // for its predecessor to be read
    kFollowing,  // at its path
    kLeaving,    // renamed, deleted or copied away: read to its end, then let go
    kEnded,      // nothing more is read of it
  };

  FollowedFile(Os* os, FilePosition place, std::string real_path)
      : os_(os), place_(std::move(place)), real_path_(std::move(real_path)), read_(place_.raw) {}
  ~FollowedFile() { Close(); }
  FollowedFile(const FollowedFile&) = delete;
  FollowedFile& operator=(const FollowedFile&) = delete;

  // Opens a regular file for following. kFailedPrecondition if it is anything else.
  static absl::StatusOr<int> Open(Os* os, const std::string& path, Os::FileInfo* info);

  // True if the open file is the one that `place` is in. An error proves nothing.
  static absl::StatusOr<bool> IsSame(Os* os, int fd, const FilePosition& place);
  // True if the open file begins with what was read of this one.
  absl::StatusOr<bool> IsSame(int fd) const;

  // True if this file, if it is open and has not been truncated, begins with the `size` bytes that
  // the other open file has; told from the ends of them.
  absl::StatusOr<bool> BeginsAs(int fd, uint64_t size) const;
  // True if both open files have the same `size` bytes at their beginnings, told in the same way.
  static absl::StatusOr<bool> BeginAlike(Os* os, int one, int other, uint64_t size);

  // Takes the open descriptor.
  void Adopt(int fd, const Os::FileInfo& info);
  // Gives it away.
  int Release() { return std::exchange(fd_, -1); }
  void Close();
  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

  // Reading begins where the tail says. After an error nothing has begun.
  absl::Status Begin(std::unique_ptr<FileTail> tail);
  bool begun() const { return tail_ != nullptr; }

  // Reads the file's next bytes into `room`; 0: it ends here.
  absl::StatusOr<size_t> Read(std::span<char> room);
  // The same, but at most a few KiB, and nothing if what was read last is no longer where it was:
  // then `is_intact` becomes false.
  absl::StatusOr<size_t> ReadOn(std::span<char> room, bool* is_intact);
  // False if what was read last, by this process or an earlier one, is no longer where it was: the
  // file was truncated or rewritten.
  absl::StatusOr<bool> IsIntact() const { return IsIntact(fd_); }

  FileTail& tail() { return *tail_; }
  // Where it stands: all that was read is known.
  FilePosition Stand() const {
    FilePosition stand = place_;
    stand.raw = read_;
    stand.marker = Fingerprint::Of(last());
    return stand;
  }

  FilePosition& place() { return place_; }
  const FilePosition& place() const { return place_; }
  uint64_t read_bytes() const { return read_; }
  uint64_t behind() const { return place_.size > read_ ? place_.size - read_ : 0; }

  const std::string& real_path() const { return real_path_; }
  void set_real_path(std::string path) { real_path_ = std::move(path); }

  // The source's own notes.
  State state = State::kFollowing;
  FollowedFile* predecessor = nullptr;  // of kWaiting
  bool at_path = true;                  // a glob finds it
  bool dirty = false;                   // there may be something to read
  bool blocked = false;                 // its tail had no room
  bool succeeded = false;               // another file has taken its place
  bool warm = false;                    // its tail waits for time to pass
  uint64_t seen_size = 0;               // of a closed one, perhaps; 0: not seen since
  absl::Time grown;                     // when bytes came last
  absl::Time left;                      // of kLeaving: since when
  // What was last seen of its continuation in other files.
  size_t continuation = SIZE_MAX;
  absl::Time retry;  // not to be read before, after an error

 private:
  // Usually holds the beginning of a line, with a time in it.
  static constexpr size_t kTailSize = 256;
  static constexpr size_t kFirstRead = 4096;

  absl::StatusOr<bool> IsIntact(int fd) const;
  absl::StatusOr<bool> HasHead(int fd) const;
  std::string_view last() const { return {last_.data(), last_size_}; }
  absl::Status ReadFingerprints();
  void Took(std::string_view bytes);
  void Note(std::string_view bytes);

  Os* os_;
  FilePosition place_;
  std::string real_path_;
  int fd_ = -1;
  uint64_t read_;
  std::string head_;  // the first bytes, while they are fewer than kPrefixSize
  std::array<char, kTailSize> last_{};
  size_t last_size_ = 0;
  std::unique_ptr<FileTail> tail_;
};

}  // namespace sparktail
