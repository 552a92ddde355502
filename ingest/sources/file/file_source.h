#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <climits>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/sources/file/directory_watch.h"
#include "ingest/sources/file/file_finder.h"
#include "ingest/sources/file/file_position.h"
#include "ingest/sources/file/file_source_options.h"
#include "ingest/sources/file/file_tail.h"
#include "ingest/sources/file/followed_file.h"

namespace sparktail {

// Follows the files that globs find, through rotation of every kind, and gives their bytes to
// their tails. One thread, but for counts().
//
//   renamed away        read to its end, under whatever name; its successor begins after it
//   copied, truncated   the copy is found by its content and read to its end; what is in none
//                       is counted as lost
//   deleted             read to its end through the open descriptor
//   gone while we were  looked for among its siblings by content; if it is not there, what is
//   not running         known of its size is counted as lost
//
// What is at a path is the same file only if its content says so (FilePosition).
class FileSource {
 public:
  struct Parts {
    Os* os;
    Log* log;
    std::string name;
    FileSourceOptions options;
    FileTailMaker* tails;
    // Descriptors from this one on are for others: beyond it files are open only while they are
    // read.
    int most_descriptors = INT_MAX;
  };
  // A file that the sinks remember, at the place of the one that has read most of it.
  struct Remembered {
    FilePosition place;
    bool ended = false;
  };

  explicit FileSource(Parts parts);
  ~FileSource();

  // Finds the files that are there. Those that are not remembered begin at `start_at`; later ones
  // are read from their beginning.
  absl::Status Open(std::vector<Remembered> remembered, const StartAt& start_at = {});

  // Reads what there is to read, for a bounded time. Returns when it wants to be called again:
  // then, or when wake_fd() is readable, or when a tail has room again.
  absl::Time Turn();
  // -1: none.
  int wake_fd() const { return watch_ ? watch_->fd() : -1; }

  // What is known of the files may be old: the next turns look at all of them again, and until
  // then they are not at their ends.
  void LookAgain() { scan_wanted_ = true; }
  // All files that are there are read to their ends, as far as is known.
  bool AtEnd() const;
  // Something was read of each file in which there is something.
  bool HasReadOfAll() const;
  // When bytes came last; InfinitePast if never.
  absl::Time grown() const { return grown_; }
  size_t files() const { return files_.size(); }
  // The last `size` bytes of the file at its path that grew last; empty if there is none.
  std::string LastBytes(size_t size) const;
  // Another process has that file open.
  bool IsWrittenTo() const;

  // No more is read of any file: all streams end.
  void EndAll();

  struct Counts {
    uint64_t read_bytes = 0;
    uint64_t lost_bytes = 0;
    uint64_t rotations = 0;
    uint64_t truncations = 0;
    uint64_t errors = 0;
    uint64_t open_files = 0;
    uint64_t files = 0;
    uint64_t lag_bytes = 0;
    std::vector<std::pair<std::string, uint64_t>> behind;  // file, bytes; the largest, at most 100
  };
  // Thread-safe; as of a second ago at most.
  Counts counts() const;

 private:
  using State = FollowedFile::State;

  using Found = FileFinder::Found;
  struct InodeKey {
    uint64_t device;
    uint64_t inode;
    bool operator==(const InodeKey&) const = default;
  };
  struct InodeHash {
    size_t operator()(const InodeKey& key) const {
      return std::hash<uint64_t>()(key.inode * 0x9E3779B97F4A7C15ULL ^ key.device);
    }
  };
  enum class Match : uint8_t { kNo, kYes, kUnknown };
  // Why a file that is remembered may be one that was found; the first is the strongest.
  enum class Claim : uint8_t { kInode, kPath, kContent, kNone };

  // Finding.
  void OpenWatch();
  void StopWatching(const absl::Status& why);
  void Scan(absl::Time now);
  void WatchAll(std::vector<std::string> directories);
  bool IsUnsure() const { return unsure_ || finder_.is_unsure(); }
  bool IsHidden(const FollowedFile& file) const;
  FollowedFile* FindByInode(const Os::FileInfo& info);
  void ForgetInode(const FollowedFile* file);
  void MoveTo(FollowedFile* file, const std::string& real_path);
  bool IsKnown(const Found& found, bool* is_sure);
  bool Place(FollowedFile* file, const Found& found, absl::Time now);
  bool TakeUp(FollowedFile* file, const Found& found, absl::Time now);
  void AddFound(const Found& found, absl::Time now);
  Match AddRemembered(const Found& found, absl::Time now);
  Match AddRemembered(const Found& found, Claim claim, absl::Time now);
  static Claim ClaimOf(const Remembered& one, const Found& found);
  Match IsRemembered(const Found& found, int fd, const Remembered& remembered);
  bool AddAsRotated(const Found& found, absl::Time now);
  bool IsToBeReadFirst(FollowedFile* file, absl::Time now);
  Match IsCopy(const Found& found);
  Match IsCopyOf(const FollowedFile& original, const Found& found);
  Match IsCopyOfNewest(const std::string& newest, const Found& found);
  Match HasBeginningOf(int fd, const Found& found);
  bool AddNew(const Found& found, FollowedFile* predecessor, absl::Time now);
  const FilePosition* FindGone(int fd, const Os::FileInfo& info) const;
  bool IsGone(const Found& found) const;
  FollowedFile* AddBetween(FollowedFile* older, const Found& newest, absl::Time now,
                           int64_t until_ns = INT64_MAX);
  void LookBehind(absl::Time now);
  bool LookBetween(FollowedFile* file, FollowedFile* next, absl::Time now);
  bool WaitForBetween(FollowedFile* file, FollowedFile* next, absl::Time now);
  FollowedFile* Add(FilePosition place, const Found& found, int fd, const Os::FileInfo& info,
                    State state, absl::Time now);
  bool WasRead(int fd, const Os::FileInfo& info) const;
  void LookForMissing(absl::Time now);
  void LookAfter(FollowedFile* file, absl::Time now);
  void AwaitPredecessors(absl::Time now);
  void RecallEnded(const std::vector<const Found*>& unknown);
  Match FindAmongSiblings(const Remembered& missing, absl::Time now);
  void Vanished(const FilePosition& place, absl::Time now);
  void Occupy(const std::vector<Found>& found);
  std::string NewName(const Found& found, absl::Time now);

  // Reading.
  void ReadChanges();
  void Written(std::string_view directory, std::string_view name);
  void MarkDirty(FollowedFile* file);
  void ReadDirty(absl::Time now);
  void ReadTurn(FollowedFile* file, absl::Time now);
  bool IsBlocked(FollowedFile* file);
  bool Begin(FollowedFile* file, absl::Time now);
  bool Reopen(FollowedFile* file, absl::Time now);
  absl::StatusOr<bool> OpenAgain(FollowedFile* file);
  absl::StatusOr<bool> OpenAgain(FollowedFile* file, const std::string& path);
  void ReadFailed(FollowedFile* file, const absl::Status& why, absl::Time now);
  void Truncated(FollowedFile* file, absl::Time now);
  Match MoveToCopy(FollowedFile* file);
  void NoteSize(FollowedFile* file);

  // Leaving.
  void Leave(FollowedFile* file, absl::Time now);
  void TendLeaving(absl::Time now);
  bool Tend(FollowedFile* file, absl::Time now);
  void BoundDeleted(absl::Time now);
  bool IsQuiet(const FollowedFile& file, absl::Time now) const;
  bool ContinueIn(FollowedFile* file, absl::Time now);
  void ContinueInRest(FollowedFile* file);
  std::string BytesAfter(const FollowedFile* file, size_t size) const;
  FollowedFile* SuccessorOf(const FollowedFile* file) const;
  FollowedFile* Named(const std::string& name) const;
  FollowedFile* WaitingFor(const FollowedFile* file) const;
  void ReleaseSuccessor(const FollowedFile* file);
  void End(FollowedFile* file);
  void Lose(const FollowedFile& file, uint64_t bytes, std::string_view how);
  void Remember(const FollowedFile& file);
  void Sweep();

  const FollowedFile* LastGrown() const;
  void TickWarm(absl::Time now);
  void CloseIdle(absl::Time now);
  void CloseOldest(const FollowedFile* except);
  void UpdateCounts(absl::Time now);

  const Parts parts_;
  Os* const os_;
  Log* const log_;
  FileFinder finder_;
  std::unique_ptr<DirectoryWatch> watch_;
  StartAt start_at_;  // of what Scan() finds

  std::vector<std::unique_ptr<FollowedFile>> files_;
  std::unordered_map<std::string, FollowedFile*> by_path_;  // the glob's path
  std::unordered_map<std::string, FollowedFile*> by_real_path_;
  std::unordered_map<InodeKey, FollowedFile*, InodeHash> by_inode_;
  std::vector<FollowedFile*> dirty_;
  std::vector<FollowedFile*> warm_;
  std::vector<FollowedFile*> leaving_;
  std::vector<Remembered> remembered_;      // not found yet
  std::vector<FilePosition> gone_;          // read to their ends by this process, oldest first
  std::vector<FollowedFile*> moved_;        // were remembered, and are at another path or nowhere
  std::unordered_set<std::string> copies_;  // real paths of what may be copies of files

  bool scan_wanted_ = true;
  bool unsure_ = false;  // an error hid something: scan again soon
  absl::Time next_scan_;
  absl::Time last_scan_;
  absl::Duration scan_gap_ = absl::ZeroDuration();  // the least time between two scans
  absl::Time next_tick_;
  absl::Time next_tend_;
  absl::Time next_idle_;
  absl::Time next_counts_;
  absl::Time grown_ = absl::InfinitePast();
  uint64_t names_ = 0;

  Counts totals_;  // of the reader thread
  mutable absl::Mutex mutex_;
  Counts counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sparktail
