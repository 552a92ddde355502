#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
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
#include "ingest/streams/source_status.h"

namespace sparktail {

// Follows the files that match globs, through rotation of every kind, and passes their bytes to
// their tails. Single-threaded.
//
//   renamed               read to its end, under whatever name; its successor begins after it
//   copied and truncated  the copy is found by its content and read to its end; bytes that no copy
//                         has are counted as lost
//   deleted               read to its end through the open descriptor
//   gone at the start     found among its siblings by content; if it is not there, its missing
//                         bytes are counted as lost
//
// A path still has the same file only if the content proves it (FilePosition).
class FileSource {
 public:
  struct Parts {
    Os* os;
    Log* log;
    std::string name;
    FileSourceOptions options;
    FileTailMaker* tails;
    // Descriptors from this number on are for other parts of the process: a file with such a
    // descriptor is open only while it is read.
    int most_descriptors = INT_MAX;
  };
  // A file known from a cursor, at the latest position of the sinks.
  struct Remembered : FilePosition {
    bool ended = false;
  };

  explicit FileSource(Parts parts);
  ~FileSource();

  // Finds the existing files. Those that are not remembered start at `start_at`; files that appear
  // later are read from their beginning.
  absl::Status Open(std::vector<Remembered> remembered, const StartAt& start_at = {});

  // Reads available bytes for a bounded time. Returns when it wants to be called again; it must
  // also be called when wake_fd() is readable and when a tail has room again.
  absl::Time Turn();
  // Readable when files may have changed; -1: none.
  int wake_fd() const { return watch_ ? watch_->fd() : -1; }

  // Makes the next turn look for files and changes again; until then AtEnd() is false.
  void LookAgain() { scan_wanted_ = true; }
  // True if all files are read to their ends, as far as is known.
  bool AtEnd() const;
  // True if at least one byte of each non-empty file has been read.
  bool HasReadOfAll() const;
  // Time of the last read of new bytes; InfinitePast if none.
  absl::Time grown() const { return grown_; }
  size_t files() const { return files_.size(); }
  // The last `size` bytes of the file that grew last, of those at their paths; empty if there is
  // none.
  std::string LastBytes(size_t size) const;
  // True if another process has that file open for writing.
  bool IsWrittenTo() const;

  // Ends all streams. Nothing is read afterwards.
  void EndAll();

  // As of Source.
  SourceStatus status() const;

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
  // Why a remembered file may be one that was found; the strongest reason first.
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
  bool Relocate(FollowedFile* file, const Found& found, absl::Time now);
  bool ResumeEnded(FollowedFile* file, const Found& found, absl::Time now);
  void AddFound(const Found& found, absl::Time now);
  Match AddRemembered(const Found& found, absl::Time now);
  Match AddRemembered(const Found& found, Claim claim, absl::Time now);
  static Claim FindClaim(const Remembered& one, const Found& found);
  Match IsRemembered(const Found& found, int fd, const Remembered& remembered);
  bool AddAsRotated(const Found& found, absl::Time now);
  bool MustReadFirst(FollowedFile* file, absl::Time now);
  Match IsCopy(const Found& found);
  Match IsCopyOf(const FollowedFile& original, const Found& found);
  Match IsCopyOfNewest(const std::string& newest, const Found& found);
  Match HasBeginningOf(int fd, const Found& found);
  bool AddNew(const Found& found, FollowedFile* predecessor, absl::Time now);
  const FilePosition* FindGone(int fd, const Os::FileInfo& info) const;
  bool WasReadAndGone(const Found& found) const;
  FollowedFile* AddBetween(FollowedFile* older, const Found& newest, absl::Time now,
                           int64_t until_ns = INT64_MAX);
  void FillGapsAfterLeaving(absl::Time now);
  bool InsertBetween(FollowedFile* file, FollowedFile* next, absl::Time now);
  bool InsertBetweenAndWait(FollowedFile* file, FollowedFile* next, absl::Time now);
  FollowedFile* AddFile(FilePosition position, const Found& found, int fd, const Os::FileInfo& info,
                        State state, absl::Time now);
  bool WasRead(int fd, const Os::FileInfo& info) const;
  void FindMissing(absl::Time now);
  void FillGapAfter(FollowedFile* file, absl::Time now);
  void AwaitPredecessors(absl::Time now);
  void RecallEnded(const std::vector<const Found*>& unknown);
  Match FindAmongSiblings(const Remembered& missing, absl::Time now);
  void OnVanished(const FilePosition& position, absl::Time now);
  void OccupyPaths(const std::vector<Found>& found);
  std::string MakeName(const Found& found, absl::Time now);

  // Reading.
  void ReadChanges();
  void OnWritten(std::string_view directory, std::string_view name);
  void MarkDirty(FollowedFile* file);
  void ReadDirty(absl::Time now);
  void ReadTurn(FollowedFile* file, absl::Time now);
  bool IsBlocked(FollowedFile* file);
  bool BeginReading(FollowedFile* file, absl::Time now);
  bool Reopen(FollowedFile* file, absl::Time now);
  absl::StatusOr<bool> TryReopen(FollowedFile* file);
  absl::StatusOr<bool> TryReopen(FollowedFile* file, const std::string& path);
  void OnReadError(FollowedFile* file, const absl::Status& why, absl::Time now);
  void OnTruncated(FollowedFile* file, absl::Time now);
  Match MoveToCopy(FollowedFile* file);
  void NoteSize(FollowedFile* file);

  // Leaving.
  void StartLeaving(FollowedFile* file, absl::Time now);
  void TendLeaving(absl::Time now);
  bool TendLeavingFile(FollowedFile* file, absl::Time now);
  void LimitDeleted(absl::Time now);
  bool IsQuiet(const FollowedFile& file, absl::Time now) const;
  bool ReadContinuation(FollowedFile* file, absl::Time now);
  void ReadLastContinuation(FollowedFile* file);
  std::string ReadBytesAfter(const FollowedFile* file, size_t size) const;
  FollowedFile* FindSuccessor(const FollowedFile* file) const;
  FollowedFile* FindByName(const std::string& name) const;
  FollowedFile* FindWaiting(const FollowedFile* file) const;
  void ReleaseSuccessor(const FollowedFile* file);
  void EndFile(FollowedFile* file);
  void ReportLoss(const FollowedFile& file, uint64_t bytes, std::string_view how);
  void Remember(const FollowedFile& file);
  void Sweep();

  const FollowedFile* FindLastGrown() const;
  void TickWarm(absl::Time now);
  void CloseIdle(absl::Time now);
  void CloseOldest(const FollowedFile* except);

  const Parts parts_;
  Os* const os_;
  Log* const log_;
  FileFinder finder_;
  std::unique_ptr<DirectoryWatch> watch_;
  StartAt start_at_;  // for files that Scan() finds

  std::vector<std::unique_ptr<FollowedFile>> files_;
  std::unordered_map<std::string, FollowedFile*> by_path_;  // by the glob's path
  std::unordered_map<std::string, FollowedFile*> by_real_path_;
  std::unordered_map<InodeKey, FollowedFile*, InodeHash> by_inode_;
  std::vector<FollowedFile*> dirty_;
  std::vector<FollowedFile*> warm_;
  std::vector<FollowedFile*> leaving_;
  std::vector<Remembered> remembered_;  // files that are not found yet
  std::vector<FilePosition> gone_;  // files that this process has read to their ends, oldest first
  std::vector<FollowedFile*> moved_;        // remembered files that are at another path or nowhere
  std::unordered_set<std::string> copies_;  // real paths of possible copies of followed files

  bool scan_wanted_ = true;
  bool unsure_ = false;  // an error may hide files: scan again soon
  absl::Time next_scan_;
  absl::Time last_scan_;
  absl::Duration scan_gap_ = absl::ZeroDuration();  // the minimum time between two scans
  absl::Time next_tick_;
  absl::Time next_tend_;
  absl::Time next_idle_;
  absl::Time grown_ = absl::InfinitePast();
  uint64_t names_ = 0;

  SourceStatus totals_;  // what is counted as it happens
};

}  // namespace sparktail
