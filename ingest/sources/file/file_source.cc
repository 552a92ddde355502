#include "ingest/sources/file/file_source.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>

#include "ingest/base/path.h"
#include "ingest/sources/file/open_files.h"
#include "ingest/sources/file/rotation_names.h"

namespace sparktail {
namespace {

constexpr size_t kReadSize = size_t{256} << 10;
constexpr size_t kTurnSize = size_t{1} << 20;  // per file and turn
constexpr absl::Duration kTickInterval = absl::Seconds(1);
constexpr absl::Duration kTendInterval = absl::Milliseconds(100);
constexpr absl::Duration kScanInterval = absl::Seconds(60);  // with inotify, as a safeguard
constexpr absl::Duration kLeastScanGap = absl::Milliseconds(50);
constexpr int kScanShare = 20;  // scans take at most 1/20 of the time
constexpr absl::Duration kRetryInterval = absl::Seconds(1);
constexpr uint32_t kLeastProof = 256;  // two logs hardly begin with this many equal bytes
constexpr size_t kOldestShare = 8;     // 1/8 of the idle files is closed at once
constexpr size_t kMostGone = 1000;     // limit of gone_
constexpr size_t kFirstContinuation = size_t{64} << 10;
constexpr size_t kLongestContinuation = size_t{64} << 20;

// Sorts the files of one path in the order in which they were there: by modification time, but each
// after the file that its `after` names. Modification times alone do not suffice, because clocks of
// file systems tick slowly and a renamed file may still be written to for a while.
template <typename File, typename IdentityOf>
void SortByRotation(std::vector<File>* files, const IdentityOf& identity_of) {
  std::stable_sort(files->begin(), files->end(), [&](const File& a, const File& b) {
    return identity_of(a).modified_ns < identity_of(b).modified_ns;
  });
  std::unordered_map<std::string_view, size_t> by_name;
  for (size_t i = 0; i < files->size(); ++i) by_name[identity_of((*files)[i]).name] = i;
  std::vector<size_t> order;
  std::vector<bool> is_in_order(files->size());
  for (size_t i = 0; i < files->size(); ++i) {
    const size_t begin = order.size();
    for (size_t next = i; !is_in_order[next];) {
      is_in_order[next] = true;
      order.push_back(next);
      const auto before = by_name.find(identity_of((*files)[next]).after);
      if (before != by_name.end()) next = before->second;
    }
    std::reverse(order.begin() + static_cast<ptrdiff_t>(begin), order.end());
  }
  std::vector<File> sorted;
  sorted.reserve(files->size());
  for (const size_t i : order) sorted.push_back(std::move((*files)[i]));
  *files = std::move(sorted);
}

// Returns the name that the successor of `file` stores as its `after`. No cursor is stored for an
// empty file, so its own `after` is used instead: after a crash nothing would lead from one to the
// other.
const std::string& NameBefore(const FollowedFile& file) {
  const FileIdentity& identity = file.identity();
  const bool is_empty = file.read_bytes() == 0 && identity.size == 0;
  return is_empty && !identity.after.empty() ? identity.after : identity.name;
}

}  // namespace

FileSource::FileSource(Parts parts)
    : parts_(std::move(parts)),
      os_(parts_.os),
      log_(parts_.log),
      finder_(os_, log_, parts_.options) {}

FileSource::~FileSource() = default;

absl::Status FileSource::Open(std::vector<Remembered> remembered, const StartAt& start_at) {
  start_at_ = start_at;
  remembered_ = std::move(remembered);
  // A file that ended empty has nothing to recognize it by.
  std::erase_if(remembered_,
                [](const Remembered& one) { return one.ended && one.file.prefix.size == 0; });
  // If two match a file, the one with more bytes read is used.
  std::stable_sort(remembered_.begin(), remembered_.end(),
                   [](const auto& a, const auto& b) { return a.place.raw > b.place.raw; });
  const absl::Time now = os_->Now();
  next_scan_ = last_scan_ = next_tick_ = next_tend_ = next_idle_ = now;
  OpenWatch();
  Scan(now);
  start_at_ = {};
  return absl::OkStatus();
}

absl::Time FileSource::Turn() {
  absl::Time now = os_->Now();
  ReadChanges();
  const bool scan_due = scan_wanted_ ? now >= last_scan_ + scan_gap_ : now >= next_scan_;
  if (scan_due) Scan(now);
  ReadDirty(now);
  now = os_->Now();
  if (!leaving_.empty() && now >= next_tend_) TendLeaving(now);
  if (now >= next_tick_) TickWarm(now);
  if (now >= next_idle_) CloseIdle(now);

  absl::Time next = std::min(next_scan_, next_idle_);
  if (scan_wanted_) next = std::min(next, last_scan_ + scan_gap_);
  if (!leaving_.empty()) next = std::min(next, next_tend_);
  if (!warm_.empty()) next = std::min(next, next_tick_);
  for (FollowedFile* file : dirty_) {
    if (!file->blocked) next = std::min(next, file->retry);  // in the past: at once
  }
  return next;
}

// ---------------------------------------------------------------- finding

void FileSource::OpenWatch() {
  if (parts_.options.watch == Watch::kPoll) return;
  if (parts_.options.watch == Watch::kAuto) {
    const std::string remote = finder_.FindRemoteDirectory();
    if (!remote.empty()) {
      log_->Info("watch " + parts_.name,
                 remote + " is on a network file system: polling its files every " +
                     absl::FormatDuration(parts_.options.poll_interval));
      return;
    }
  }
  watch_ = std::make_unique<DirectoryWatch>(os_);
  if (absl::Status status = watch_->Open(); !status.ok()) StopWatching(status);
}

void FileSource::StopWatching(const absl::Status& why) {
  log_->Warn(
      "watch " + parts_.name,
      "source " + parts_.name + ": cannot use inotify (" + std::string(why.message()) +
          "): polling files every " + absl::FormatDuration(parts_.options.poll_interval) +
          "; if a limit is the cause, raise fs.inotify.max_user_watches or max_user_instances");
  watch_ = nullptr;
}

void FileSource::WatchAll(std::vector<std::string> directories) {
  std::unordered_set<std::string> watched(directories.begin(), directories.end());
  // The target of a link may be missing only for a moment.
  for (const auto& file : files_) {
    if (file->state != State::kEnded) watched.insert(ParentDirectory(file->real_path()));
  }
  const absl::StatusOr<bool> any_new = watch_->Set({watched.begin(), watched.end()});
  if (!any_new.ok()) StopWatching(any_new.status());
  // A file may have been created after this scan looked and before the kernel watched.
  if (any_new.value_or(false)) scan_wanted_ = true;
}

// True if the file may still be at its path, hidden by an error.
bool FileSource::IsHidden(const FollowedFile& file) const {
  return finder_.IsHidden(file.real_path()) || finder_.IsHidden(file.identity().path);
}

void FileSource::Scan(absl::Time now) {
  scan_wanted_ = unsure_ = false;
  last_scan_ = now;
  copies_.clear();
  FileFinder::Look look =
      finder_.FindAll([&](const std::string& path) { return by_path_.contains(path); });
  const std::vector<Found>& found = look.files;
  if (watch_) WatchAll(std::move(look.directories));
  for (const auto& file : files_) file->at_path = false;
  std::vector<const Found*> unknown;
  for (const Found& one : found) {
    FollowedFile* file = FindByInode(one.info);
    if (file == nullptr || !Relocate(file, one, now)) unknown.push_back(&one);
  }
  // By the strength of the claim, so that a file is not mistaken for its copy.
  for (const Claim claim : {Claim::kInode, Claim::kPath, Claim::kContent}) {
    std::erase_if(unknown,
                  [&](const Found* one) { return AddRemembered(*one, claim, now) != Match::kNo; });
  }
  FindMissing(now);
  AwaitPredecessors(now);
  OccupyPaths(found);
  RecallEnded(unknown);
  for (const Found* one : unknown) AddFound(*one, now);
  for (const auto& file : files_) {
    const bool is_gone = !file->at_path && !IsHidden(*file);
    if (is_gone && file->state == State::kFollowing) StartLeaving(file.get(), now);
  }
  FillGapsAfterLeaving(now);
  Sweep();
  next_scan_ = now + (watch_ ? kScanInterval : parts_.options.poll_interval);
  if (IsUnsure()) next_scan_ = std::min(next_scan_, now + kRetryInterval);
  // Directories whose names change all the time must not keep the thread scanning.
  scan_gap_ = std::max(kLeastScanGap, kScanShare * (os_->Now() - now));
}

FollowedFile* FileSource::FindByInode(const Os::FileInfo& info) {
  const auto found = by_inode_.find({info.device, info.inode});
  return found == by_inode_.end() ? nullptr : found->second;
}

// Removes the file from by_inode_, unless another file has its inode by now.
void FileSource::ForgetInode(const FollowedFile* file) {
  const auto found = by_inode_.find({file->identity().device, file->identity().inode});
  if (found != by_inode_.end() && found->second == file) by_inode_.erase(found);
}

void FileSource::MoveTo(FollowedFile* file, const std::string& real_path) {
  const auto found = by_real_path_.find(file->real_path());
  if (found != by_real_path_.end() && found->second == file) by_real_path_.erase(found);
  file->set_real_path(real_path);
  by_real_path_[real_path] = file;
}

// True if the file is one of files_. A closed file is checked by content, because another file may
// have its inode by now.
bool FileSource::IsKnown(const Found& found, bool* is_sure) {
  const FollowedFile* file = FindByInode(found.info);
  if (file == nullptr || file->is_open()) return file != nullptr;
  if (found.info.size < file->read_bytes()) return false;
  Os::FileInfo info;
  const absl::StatusOr<int> fd = FollowedFile::Open(os_, found.real, &info);
  const absl::StatusOr<bool> same = fd.ok() ? file->IsSame(*fd) : fd.status();
  if (fd.ok()) os_->Close(*fd);
  if (!same.ok()) *is_sure = false;
  return same.value_or(true);
}

// Updates a known file that was found at a path, its old one or another. Returns false if it is
// another file after all.
bool FileSource::Relocate(FollowedFile* file, const Found& found, absl::Time now) {
  const bool changed = found.info.size != file->identity().size ||
                       found.info.modified_ns != file->identity().modified_ns;
  if (file->state == State::kEnded && changed) return ResumeEnded(file, found, now);
  if (file->state != State::kEnded && file->real_path() != found.real) {
    bool is_sure = true;
    if (!IsKnown(found, &is_sure)) {
      by_inode_.erase({found.info.device, found.info.inode});
      return false;
    }
    if (!is_sure) unsure_ = true;
  }
  file->at_path = true;
  if (file->state == State::kLeaving && !file->succeeded) {
    // The file is back, or an error had hidden it.
    file->state = State::kFollowing;
    std::erase(leaving_, file);
  }
  MoveTo(file, found.real);
  by_path_[found.path] = file;
  if (changed || found.info.size > file->read_bytes()) MarkDirty(file);
  if (!file->is_open()) {
    file->seen_size = found.info.size;
  } else if (file->blocked) {
    NoteSize(file);
  }
  file->identity().modified_ns = found.info.modified_ns;
  return true;
}

// A file whose stream has ended has changed: it is written to again, or another file has its inode.
// Returns false if the caller must treat it as an unknown file.
bool FileSource::ResumeEnded(FollowedFile* file, const Found& found, absl::Time now) {
  by_inode_.erase({found.info.device, found.info.inode});
  if (!file->begun()) {
    Remember(*file);
    return false;
  }
  Os::FileInfo info;
  const absl::StatusOr<int> fd = FollowedFile::Open(os_, found.real, &info);
  const absl::StatusOr<bool> same = fd.ok() ? file->IsSame(*fd) : fd.status();
  if (fd.ok() && !same.value_or(false)) os_->Close(*fd);
  if (!same.ok() && !absl::IsNotFound(same.status())) {
    finder_.OnUnreadable(found.path, same.status());
    by_inode_[{found.info.device, found.info.inode}] = file;
    file->at_path = true;
    return true;
  }
  if (!same.value_or(false)) return false;
  // The new bytes are a stream of their own, which skips the bytes read before.
  FilePosition position;
  position.file.name = MakeName(found, now);
  position.file.path = found.path;
  position.file.after = file->identity().name;
  position.place.from = file->read_bytes();
  FollowedFile* again = AddFile(std::move(position), found, *fd, info, State::kFollowing, now);
  again->at_path = true;
  MarkDirty(again);
  return true;
}

FileSource::Match FileSource::AddRemembered(const Found& found, absl::Time now) {
  for (const Claim claim : {Claim::kInode, Claim::kPath, Claim::kContent}) {
    const Match match = AddRemembered(found, claim, now);
    if (match != Match::kNo) return match;
  }
  return Match::kNo;
}

// kUnknown: a later scan retries it.
FileSource::Match FileSource::AddRemembered(const Found& found, Claim claim, absl::Time now) {
  const auto has_claim = [&](const Remembered& one) { return FindClaim(one, found) == claim; };
  auto one = std::find_if(remembered_.begin(), remembered_.end(), has_claim);
  if (one == remembered_.end()) return Match::kNo;
  Os::FileInfo info;
  const absl::StatusOr<int> fd = FollowedFile::Open(os_, found.real, &info);
  if (absl::IsNotFound(fd.status())) return Match::kNo;
  if (!fd.ok()) {
    finder_.OnUnreadable(found.path, fd.status());
    return Match::kUnknown;
  }
  for (; one != remembered_.end(); one = std::find_if(one + 1, remembered_.end(), has_claim)) {
    const Match match = IsRemembered(found, *fd, *one);
    if (match == Match::kNo) continue;
    if (match == Match::kUnknown) {
      unsure_ = true;
      os_->Close(*fd);
      return match;
    }
    const bool is_over = one->ended && info.size <= one->place.raw;
    FilePosition position = std::move(*one);
    remembered_.erase(one);
    FollowedFile* file = AddFile(std::move(position), found, *fd, info,
                                 is_over ? State::kEnded : State::kFollowing, now);
    file->at_path = true;
    if (file->identity().path != found.path) moved_.push_back(file);
    if (is_over) {
      file->Close();
    } else {
      MarkDirty(file);
    }
    return match;
  }
  os_->Close(*fd);
  return Match::kNo;
}

FileSource::Claim FileSource::FindClaim(const Remembered& one, const Found& found) {
  const FileIdentity& file = one.file;
  // Logs begin alike, so a short prefix is no proof for an ended file with another size.
  const bool is_short = file.prefix.size < kLeastProof;
  if (one.ended && is_short && found.info.size != file.size) return Claim::kNone;
  const bool is_there = file.path == found.path;
  const bool is_beside = ParentDirectory(file.path) == ParentDirectory(found.path) &&
                         IsRotatedName(FileName(file.path), FileName(found.path));
  const bool has_inode = file.inode == found.info.inode && file.device == found.info.device;
  // A file with no bytes read has no fingerprint: only its inode can prove it.
  if (file.prefix.size == 0) {
    return has_inode && (is_there || is_beside) ? Claim::kInode : Claim::kNone;
  }
  if (has_inode && (is_there || is_beside || file.prefix.size >= kLeastProof)) {
    return Claim::kInode;
  }
  if (is_there) return Claim::kPath;
  // Logs begin alike, so a short match elsewhere proves nothing.
  return is_beside || one.place.raw >= kPrefixSize ? Claim::kContent : Claim::kNone;
}

FileSource::Match FileSource::IsRemembered(const Found& found, int fd,
                                           const Remembered& remembered) {
  if (found.info.size < remembered.place.raw) return Match::kNo;
  const absl::StatusOr<bool> same =
      FollowedFile::IsSame(os_, fd, remembered.file, remembered.place);
  if (!same.ok()) return Match::kUnknown;
  return *same ? Match::kYes : Match::kNo;
}

// Adds an unknown file that was found at a path.
void FileSource::AddFound(const Found& found, absl::Time now) {
  if (FindByInode(found.info) != nullptr) return;  // added meanwhile, with a rotated set
  if (const Match copy = IsCopy(found); copy != Match::kNo) {
    if (copy == Match::kUnknown) unsure_ = true;
    copies_.insert(found.real);
    return;
  }
  if (AddAsRotated(found, now)) return;
  const auto occupant = by_path_.find(found.path);
  FollowedFile* predecessor = occupant == by_path_.end() ? nullptr : occupant->second;
  if (predecessor != nullptr) {
    if (predecessor->state == State::kFollowing) StartLeaving(predecessor, now);
    predecessor = AddBetween(predecessor, found, now);
    if (predecessor == nullptr) return;
  }
  AddNew(found, predecessor, now);
}

// Handles a file with a rotated name that may have been at the path of a followed file, after that
// file, and has been rotated away since. Returns true if the file needs no further handling.
bool FileSource::AddAsRotated(const Found& found, absl::Time now) {
  for (const std::string& base : RotatedFrom(FileName(found.path))) {
    const Found newest{
        PathIn(ParentDirectory(found.path), base), PathIn(ParentDirectory(found.real), base), {}};
    const auto known = by_path_.find(newest.path);
    if (known == by_path_.end()) continue;
    FollowedFile* last = known->second;
    if (last->at_path && last->real_path() == newest.real) {
      if (!MustReadFirst(last, now)) continue;
      if (FindByInode(found.info) == nullptr) unsure_ = true;  // a later scan adds it
      return true;
    }
    if (last->state == State::kFollowing) StartLeaving(last, now);
    if (AddBetween(last, newest, now) == nullptr) return true;  // a later scan adds it
    if (FindByInode(found.info) != nullptr) return true;
  }
  return false;
}

// True if the content at the file's path has changed: the file may have been copied to the found
// file and truncated, more than once. Reading it notices that and puts all of them in order.
bool FileSource::MustReadFirst(FollowedFile* file, absl::Time now) {
  if (!file->is_open()) return false;
  if (file->read_bytes() > 0) {
    if (file->IsIntact().value_or(false)) return false;
    MarkDirty(file);
    return true;
  }
  FollowedFile* before = FindByName(file->identity().after);
  return before != nullptr && InsertBetweenAndWait(before, file, now);
}

// True if the found file is a copy of a followed one. Its original may be truncated next; then
// MoveToCopy() looks for the copy. Until then it is not followed, because its bytes are read from
// the original.
FileSource::Match FileSource::IsCopy(const Found& found) {
  const std::vector<std::string> bases = RotatedFrom(FileName(found.real));
  if (bases.empty()) return Match::kNo;
  const std::string directory = ParentDirectory(found.real);
  for (const auto& file : files_) {
    if (file->read_bytes() == 0 || ParentDirectory(file->real_path()) != directory) continue;
    const std::string name = FileName(file->real_path());
    const auto is_base = [&](const std::string& base) {
      return base == name || IsRotatedName(base, name);
    };
    if (std::none_of(bases.begin(), bases.end(), is_base)) continue;
    const Match match = IsCopyOf(*file, found);
    if (match != Match::kNo) return match;
  }
  for (const std::string& base : bases) {
    const Match match = IsCopyOfNewest(PathIn(directory, base), found);
    if (match != Match::kNo) return match;
  }
  return Match::kNo;
}

// True if the found file is a copy of the file at the path `newest`, of which nothing was read yet:
// this process may have started while the copy was being made.
FileSource::Match FileSource::IsCopyOfNewest(const std::string& newest, const Found& found) {
  const auto known = by_real_path_.find(newest);
  if (known != by_real_path_.end() && known->second->read_bytes() > 0) return Match::kNo;
  Os::FileInfo info;
  const absl::StatusOr<int> fd = FollowedFile::Open(os_, newest, &info);
  if (!fd.ok()) return absl::IsUnavailable(fd.status()) ? Match::kUnknown : Match::kNo;
  Match match = Match::kNo;
  if (info.inode != found.info.inode && info.size > 0 && info.size >= found.info.size) {
    match = HasBeginningOf(*fd, found);
  }
  os_->Close(*fd);
  return match;
}

// True if the whole found file equals the beginning of the open file.
FileSource::Match FileSource::HasBeginningOf(int fd, const Found& found) {
  if (found.info.size == 0) return Match::kYes;
  Os::FileInfo info;
  const absl::StatusOr<int> other = FollowedFile::Open(os_, found.real, &info);
  if (!other.ok()) return absl::IsNotFound(other.status()) ? Match::kNo : Match::kUnknown;
  const absl::StatusOr<bool> alike = FollowedFile::BeginAlike(os_, fd, *other, found.info.size);
  os_->Close(*other);
  if (!alike.ok()) return Match::kUnknown;
  return *alike ? Match::kYes : Match::kNo;
}

// True if the found file is a copy of `original`, or the beginning of a copy that is being made.
FileSource::Match FileSource::IsCopyOf(const FollowedFile& original, const Found& found) {
  if (found.info.size == 0) return Match::kYes;
  Os::FileInfo info;
  const absl::StatusOr<int> fd = FollowedFile::Open(os_, found.real, &info);
  if (!fd.ok()) return absl::IsNotFound(fd.status()) ? Match::kNo : Match::kUnknown;
  // A longer file is not a copy while the original is intact.
  if (original.is_open() && info.size > original.identity().size &&
      original.IsIntact().value_or(false)) {
    const absl::StatusOr<Os::FileInfo> now = os_->Stat(original.fd());
    if (now.ok() && info.size > now->size) {
      os_->Close(*fd);
      return Match::kNo;
    }
  }
  const absl::StatusOr<bool> is_copy =
      info.size >= original.read_bytes() ? original.IsSame(*fd) : original.BeginsAs(*fd, info.size);
  os_->Close(*fd);
  if (!is_copy.ok()) return Match::kUnknown;
  return *is_copy ? Match::kYes : Match::kNo;
}

// Returns false if there may be a file that could not be added: then no file may be added after it.
bool FileSource::AddNew(const Found& found, FollowedFile* predecessor, absl::Time now) {
  Os::FileInfo info;
  const absl::StatusOr<int> fd = FollowedFile::Open(os_, found.real, &info);
  if (!fd.ok()) {
    if (absl::IsNotFound(fd.status())) return true;
    finder_.OnUnreadable(found.path, fd.status());
    return absl::IsPermissionDenied(fd.status());
  }
  if (info.inode != found.info.inode || info.device != found.info.device) {
    os_->Close(*fd);
    scan_wanted_ = true;  // replaced a moment ago
    return false;
  }
  FilePosition position;
  auto& [identity, start] = position;
  identity.name = MakeName(found, now);
  identity.path = found.path;
  if (start_at_.kind == StartAt::Kind::kEnd) start.from = info.size;
  if (start_at_.kind == StartAt::Kind::kAge) {
    start.since_ms = absl::ToUnixMillis(now - start_at_.age);
  }
  const bool waits = predecessor != nullptr && predecessor->state != State::kEnded;
  if (predecessor != nullptr) {
    identity.after = waits ? predecessor->identity().name : NameBefore(*predecessor);
    predecessor->succeeded = true;
    const bool is_truncated = predecessor->identity().inode == info.inode;
    ++(is_truncated ? totals_.truncations : totals_.rotations);
  }
  // A file that was read, disappeared and is back: only the bytes since then are new.
  if (const FilePosition* gone = FindGone(*fd, info)) {
    start.from = gone->place.raw;
    identity.after = gone->file.name;
  }
  FollowedFile* file = AddFile(std::move(position), found, *fd, info,
                               waits ? State::kWaiting : State::kFollowing, now);
  file->predecessor = waits ? predecessor : nullptr;
  if (!waits) MarkDirty(file);
  return true;
}

// Finds the file that this process has read to its end and that this one begins with; null if none.
const FilePosition* FileSource::FindGone(int fd, const Os::FileInfo& info) const {
  const auto is_it = [&](const FilePosition& gone) {
    // Logs begin alike, so a short prefix needs the inode as well.
    const auto& [file, place] = gone;
    const bool is_certain = place.raw >= kPrefixSize ||
                            (file.inode == info.inode && file.modified_ns == info.modified_ns);
    return is_certain && info.size >= place.raw &&
           FollowedFile::IsSame(os_, fd, file, place).value_or(false);
  };
  const auto gone = std::find_if(gone_.rbegin(), gone_.rend(), is_it);
  return gone == gone_.rend() ? nullptr : &*gone;
}

// True if this process has read the whole file before, and it had disappeared since.
bool FileSource::WasReadAndGone(const Found& found) const {
  Os::FileInfo info;
  const absl::StatusOr<int> fd = FollowedFile::Open(os_, found.real, &info);
  if (!fd.ok()) return false;
  const FilePosition* gone = FindGone(*fd, info);
  os_->Close(*fd);
  return gone != nullptr && gone->place.raw == info.size;
}

// Adds the files that were at the path between `older` and `newest` without being noticed: unknown
// siblings that were modified in between. Each one waits for its predecessor. Returns the last one,
// or `older` if there are none. Null if an error may hide some: they would be lost if their
// successor were read first.
FollowedFile* FileSource::AddBetween(FollowedFile* older, const Found& newest, absl::Time now,
                                     int64_t until_ns) {
  bool is_sure = true;
  uint64_t occupant = 0;
  std::vector<Found> between = finder_.FindSiblings(newest.path, &is_sure, &occupant);
  const bool is_newest_there =
      until_ns != INT64_MAX || newest.info.inode == 0 || newest.info.inode == occupant;
  if (!is_newest_there) scan_wanted_ = true;  // its successors would be taken for older files
  if (!is_sure || !is_newest_there) {
    unsure_ = true;
    return nullptr;
  }
  const auto is_rotated = [&](const Found& one) {
    return IsCertainlyRotated(FileName(newest.path), FileName(one.path)) ||
           IsCertainlyRotated(FileName(newest.real), FileName(one.path));
  };
  // The names decide between two files with the same modification time.
  const auto name_of = [&](uint64_t inode) -> std::string {
    const auto has_inode = [&](const Found& one) { return one.info.inode == inode; };
    const auto one = std::find_if(between.begin(), between.end(), has_inode);
    return one == between.end() ? "" : FileName(one->path);
  };
  const std::string older_name = name_of(older->identity().inode);
  const std::string newest_name = name_of(newest.info.inode);
  const auto is_between = [&](const Found& one) {
    const int64_t time = one.info.modified_ns;
    const int64_t begin = older->identity().modified_ns;
    const std::string name = FileName(one.path);
    const bool is_after =
        time != begin ? time > begin : older_name.empty() || HasOlderName(older_name, name);
    const bool is_before =
        time != until_ns ? time < until_ns : newest_name.empty() || HasOlderName(name, newest_name);
    return is_after && is_before;
  };
  std::erase_if(between, [&](const Found& one) {
    const bool may_be = is_rotated(one) && is_between(one) && one.info.inode != newest.info.inode &&
                        !IsKnown(one, &is_sure);
    const Match copy = may_be ? IsCopy(one) : Match::kNo;
    if (copy == Match::kUnknown) is_sure = false;
    // The modification time of `older` may be outdated, so files that were read before may be here.
    return !may_be || copy != Match::kNo || WasReadAndGone(one);
  });
  if (!is_sure) {
    unsure_ = true;
    return nullptr;
  }
  FileFinder::SortByAge(&between);
  // Before they were renamed, these files were at the target of the path's link.
  const std::string real = newest.real != newest.path ? newest.real : older->identity().real;
  FollowedFile* last = older;
  for (Found& one : between) {
    const size_t moved = moved_.size();
    const Match known = AddRemembered(one, now);
    moved_.resize(moved);  // its successor is at the path
    if (known == Match::kUnknown) return nullptr;
    if (known == Match::kYes) continue;  // a remembered file, which was read to its end
    one.path = newest.path;
    const size_t before = files_.size();
    if (!AddNew(one, last, now)) return nullptr;
    if (files_.size() == before) continue;
    last = files_.back().get();
    last->identity().real = real;
    last->at_path = false;
    if (last->state == State::kFollowing) StartLeaving(last, now);
  }
  return last;
}

// Adds files that came after a leaving one, and were rotated away as well without a newer one at
// the path.
void FileSource::FillGapsAfterLeaving(absl::Time now) {
  std::vector<FollowedFile*> last;
  for (FollowedFile* file : leaving_) {
    const auto occupant = by_path_.find(file->identity().path);
    const bool is_last = occupant != by_path_.end() && occupant->second == file;
    if (is_last && !file->at_path && !IsHidden(*file)) last.push_back(file);
  }
  for (FollowedFile* file : last) {
    AddBetween(file, {file->identity().path, file->identity().path, {}}, now);
  }
}

// Before `next` is read: if it has been copied and truncated, the copies are inserted between
// `file` and `next`. Returns true if there are any.
bool FileSource::InsertBetween(FollowedFile* file, FollowedFile* next, absl::Time now) {
  if (!next->is_open()) return false;
  const absl::StatusOr<Os::FileInfo> info = os_->Stat(next->fd());
  if (!info.ok()) return false;
  const std::string path = next->identity().path;
  FollowedFile* const occupant = by_path_[path];
  FollowedFile* last = AddBetween(file, {path, next->real_path(), *info}, now, info->modified_ns);
  by_path_[path] = occupant;
  if (last == nullptr || last == file) return false;
  next->predecessor = last;
  next->identity().after = last->identity().name;
  next->identity().size = info->size;  // earlier bytes are in the copy
  last->succeeded = true;
  return true;
}

// Like InsertBetween(), for a `next` that does not wait (any longer); makes it wait.
bool FileSource::InsertBetweenAndWait(FollowedFile* file, FollowedFile* next, absl::Time now) {
  if (!InsertBetween(file, next, now)) return false;
  if (next->state == State::kLeaving) std::erase(leaving_, next);
  next->state = State::kWaiting;
  return true;
}

FollowedFile* FileSource::AddFile(FilePosition position, const Found& found, int fd,
                                  const Os::FileInfo& info, State state, absl::Time now) {
  if (position.file.real.empty() && found.real != found.path) position.file.real = found.real;
  files_.push_back(std::make_unique<FollowedFile>(os_, std::move(position), found.real));
  FollowedFile* file = files_.back().get();
  file->Adopt(fd, info);
  file->state = state;
  file->grown = now;
  by_inode_[{info.device, info.inode}] = file;
  by_real_path_[found.real] = file;
  by_path_[found.path] = file;
  if (fd >= parts_.most_descriptors) file->Close();
  return file;
}

std::string FileSource::MakeName(const Found& found, absl::Time now) {
  const std::string seed = found.path + "\n" + std::to_string(found.info.device) + "\n" +
                           std::to_string(found.info.inode) + "\n" +
                           std::to_string(absl::ToUnixNanos(now)) + "\n" + std::to_string(++names_);
  char hash[17];
  std::snprintf(hash, sizeof(hash), "%016llx",
                static_cast<unsigned long long>(Fingerprint::Of(seed).hash));
  return found.path + "#" + hash;
}

// Looks for remembered files that were being read when the last process stopped, and that no glob
// finds now.
void FileSource::FindMissing(absl::Time now) {
  const auto is_over = [&](const Remembered& one) {
    return one.ended || !finder_.Matches(one.file.path);
  };
  const auto begin = std::stable_partition(remembered_.begin(), remembered_.end(), is_over);
  std::vector<Remembered> missing(std::make_move_iterator(begin),
                                  std::make_move_iterator(remembered_.end()));
  remembered_.erase(begin, remembered_.end());
  SortByRotation(&missing, [](const Remembered& one) -> const FileIdentity& { return one.file; });
  std::vector<FollowedFile*> found;
  for (Remembered& one : missing) {
    switch (FindAmongSiblings(one, now)) {
      case Match::kYes:
        found.push_back(moved_.back());
        break;
      case Match::kUnknown:
        unsure_ = true;
        remembered_.push_back(std::move(one));
        break;
      case Match::kNo:
        OnVanished(one, now);
        break;
    }
  }
  for (FollowedFile* file : found) FillGapAfter(file, now);
}

// If an error had hidden the file at first, reading has begun with the present file at its path.
// Adds the files between the two, late.
void FileSource::FillGapAfter(FollowedFile* file, absl::Time now) {
  const std::string path = file->identity().path;
  const auto there = by_path_.find(path);
  if (there == by_path_.end() || there->second == file) return;
  FollowedFile* const occupant = there->second;
  if (!occupant->begun() || !occupant->identity().after.empty()) return;
  Os::FileInfo info;
  info.device = occupant->identity().device;
  info.inode = occupant->identity().inode;
  AddBetween(file, {path, occupant->real_path(), info}, now);
  by_path_[path] = occupant;
}

// Makes files wait for their predecessors: one sink may have a cursor in a successor while another
// sink does not have all of the predecessor.
void FileSource::AwaitPredecessors(absl::Time now) {
  std::unordered_map<std::string_view, FollowedFile*> by_name;
  for (const auto& file : files_) {
    if (file->state != State::kEnded) by_name[file->identity().name] = file.get();
  }
  for (const auto& file : files_) {
    const bool is_next = file->state == State::kFollowing || file->state == State::kLeaving;
    if (file->begun() || !is_next) continue;
    const auto before = by_name.find(file->identity().after);
    if (before == by_name.end()) continue;
    FollowedFile* predecessor = before->second;
    const FollowedFile* first = predecessor;
    while (first != file.get() && first->predecessor != nullptr) first = first->predecessor;
    if (first == file.get()) continue;
    if (file->state == State::kLeaving) std::erase(leaving_, file.get());
    file->predecessor = predecessor;
    file->state = State::kWaiting;
    predecessor->succeeded = true;
    if (predecessor->state == State::kFollowing) StartLeaving(predecessor, now);
  }
}

// Ends the stream of a remembered file that cannot be found, where reading stopped.
void FileSource::OnVanished(const FilePosition& position, absl::Time now) {
  const auto& [identity, place] = position;
  files_.push_back(std::make_unique<FollowedFile>(os_, position, identity.path));
  FollowedFile* file = files_.back().get();
  file->state = State::kLeaving;
  file->at_path = false;
  if (BeginReading(file, now)) EndFile(file);
  const uint64_t done = std::max(place.raw, place.done);
  ReportLoss(*file, identity.size > done ? identity.size - done : 0,
             "the file vanished while sparktail was not running");
  moved_.push_back(file);
  // If it comes back, as with a volume that was not mounted yet, reading resumes.
  remembered_.push_back({position, /*ended=*/true});
}

// Records for each path the last file that was there, so that it precedes the present one.
void FileSource::OccupyPaths(const std::vector<Found>& found) {
  if (moved_.empty()) return;
  SortByRotation(&moved_,
                 [](const FollowedFile* file) -> const FileIdentity& { return file->identity(); });
  for (FollowedFile* file : moved_) by_path_[file->identity().path] = file;
  moved_.clear();
  for (const Found& one : found) {
    if (FollowedFile* file = FindByInode(one.info)) by_path_[one.path] = file;
  }
}

// For paths whose last remembered file has ended: makes that file the predecessor of the present
// one.
void FileSource::RecallEnded(const std::vector<const Found*>& unknown) {
  for (const Found* one : unknown) {
    if (by_path_.contains(one->path)) continue;
    std::vector<const Remembered*> ended;
    for (const Remembered& other : remembered_) {
      if (other.ended && other.file.path == one->path) ended.push_back(&other);
    }
    if (ended.empty()) continue;
    SortByRotation(&ended,
                   [](const Remembered* other) -> const FileIdentity& { return other->file; });
    files_.push_back(std::make_unique<FollowedFile>(os_, *ended.back(), one->real));
    files_.back()->state = State::kEnded;
    files_.back()->at_path = false;
    by_path_[one->path] = files_.back().get();
  }
}

FileSource::Match FileSource::FindAmongSiblings(const Remembered& missing, absl::Time now) {
  bool is_sure = true;
  uint64_t occupant = 0;
  std::vector<Found> candidates = finder_.FindSiblings(missing.file.path, &is_sure, &occupant);
  // A link may point to nothing between two steps of a rotation.
  if (!missing.file.real.empty()) {
    for (Found& one : finder_.FindSiblings(missing.file.real, &is_sure))
      candidates.push_back(std::move(one));
  }
  // The file itself may be there, if an error had hidden it or only its link is gone.
  const auto add = [&](const std::string& real) -> uint64_t {
    const absl::StatusOr<Os::FileInfo> info = os_->StatPath(real, /*follow_links=*/false);
    if (!info.ok() && !absl::IsNotFound(info.status())) is_sure = false;
    if (!info.ok()) return 0;
    candidates.push_back({missing.file.path, real, *info});
    return info->inode;
  };
  const absl::StatusOr<std::string> real = os_->RealPath(missing.file.path);
  if (!real.ok() && !absl::IsNotFound(real.status())) is_sure = false;
  const uint64_t inode_there = real.ok() ? add(*real) : 0;
  const bool was_link = !missing.file.real.empty() && missing.file.real != real.value_or("");
  if (was_link) add(missing.file.real);
  // A rename happened after the siblings were listed.
  if (occupant != inode_there) is_sure = false;
  FileFinder::SortByAge(&candidates);
  for (const Found& one : candidates) {
    if (IsKnown(one, &is_sure)) continue;
    if (missing.file.prefix.size == 0 && one.info.inode != missing.file.inode) continue;
    Os::FileInfo info;
    const absl::StatusOr<int> fd = FollowedFile::Open(os_, one.real, &info);
    // Another file may have its path by now.
    if (!fd.ok() || info.inode != one.info.inode) is_sure = false;
    if (!fd.ok()) continue;
    const Match match = WasRead(*fd, info) ? Match::kNo : IsRemembered(one, *fd, missing);
    if (match != Match::kYes) {
      if (match == Match::kUnknown) is_sure = false;
      os_->Close(*fd);
      continue;
    }
    FollowedFile* file = AddFile(missing, one, *fd, info, State::kFollowing, now);
    file->at_path = false;
    by_path_.erase(one.path);
    moved_.push_back(file);
    StartLeaving(file, now);
    return Match::kYes;
  }
  return is_sure ? Match::kNo : Match::kUnknown;
}

// True if the file was read to its end before, by this process or an earlier one, under any name.
bool FileSource::WasRead(int fd, const Os::FileInfo& info) const {
  const auto is_it = [&](const FilePosition& ended) {
    const auto& [file, place] = ended;
    return file.size == info.size && place.raw > 0 &&
           FollowedFile::IsSame(os_, fd, file, place).value_or(false);
  };
  return std::any_of(gone_.begin(), gone_.end(), is_it) ||
         std::any_of(remembered_.begin(), remembered_.end(),
                     [&](const Remembered& one) { return one.ended && is_it(one); });
}

// ---------------------------------------------------------------- reading

void FileSource::ReadChanges() {
  if (!watch_) return;
  DirectoryWatch::Changes changes;
  changes.on_written = [this](std::string_view directory, std::string_view name) {
    OnWritten(directory, name);
  };
  if (absl::Status status = watch_->Read(&changes); !status.ok()) {
    StopWatching(status);
    scan_wanted_ = true;
    return;
  }
  if (changes.names || changes.lost) scan_wanted_ = true;
}

void FileSource::OnWritten(std::string_view directory, std::string_view name) {
  static thread_local std::string path;
  path.assign(directory).append("/").append(name);
  const auto found = by_real_path_.find(path);
  if (found == by_real_path_.end()) {
    if (copies_.contains(path)) scan_wanted_ = true;
    return;
  }
  if (found->second->blocked) NoteSize(found->second);
  MarkDirty(found->second);
}

// Updates the known size, which bounds what can be lost. A truncated file keeps its previous size.
void FileSource::NoteSize(FollowedFile* file) {
  if (!file->is_open()) return;
  const absl::StatusOr<Os::FileInfo> info = os_->Stat(file->fd());
  if (!info.ok() || !file->IsIntact().value_or(false)) return;
  file->identity().size = std::max(file->identity().size, info->size);
}

void FileSource::MarkDirty(FollowedFile* file) {
  if (std::exchange(file->dirty, true)) return;
  dirty_.push_back(file);
}

void FileSource::ReadDirty(absl::Time now) {
  std::vector<FollowedFile*> files;
  files.swap(dirty_);
  for (FollowedFile* file : files) {
    if (file->state != State::kFollowing && file->state != State::kLeaving) {
      file->dirty = false;
      continue;
    }
    if (now < file->retry) {
      dirty_.push_back(file);
      continue;
    }
    file->dirty = false;
    ReadTurn(file, now);
    // A file that has left its path could not be reopened, so it stays open.
    const bool is_at_path = file->state == State::kFollowing;
    if (is_at_path && file->fd() >= parts_.most_descriptors) file->Close();
  }
}

void FileSource::ReadTurn(FollowedFile* file, absl::Time now) {
  if (file->begun() && IsBlocked(file)) return;
  if (!file->is_open() && !Reopen(file, now)) return;
  if (!file->begun() && !BeginReading(file, now)) return;

  size_t left = kTurnSize;
  while (true) {
    if (left == 0 || IsBlocked(file)) {
      MarkDirty(file);
      NoteSize(file);
      break;
    }
    const std::span<char> room = file->tail().Room();
    const size_t wanted = std::min({room.size(), kReadSize, left});
    bool is_intact = true;
    const absl::StatusOr<size_t> size = left == kTurnSize
                                            ? file->ReadOn(room.first(wanted), &is_intact)
                                            : file->Read(room.first(wanted));
    if (!size.ok() || !is_intact) {
      file->tail().EndTurn();
      return size.ok() ? OnTruncated(file, now) : OnReadError(file, size.status(), now);
    }
    if (*size == 0) {
      // Bytes beyond this offset were seen before.
      ReportLoss(*file, file->lag_bytes(), "the end of the file was cut off");
      file->identity().size = file->read_bytes();
      break;
    }
    left -= *size;
    totals_.read_bytes += *size;
    file->grown = grown_ = now;
    file->tail().OnBytes(*size);
  }
  file->tail().EndTurn();
  if (!std::exchange(file->warm, true)) warm_.push_back(file);
}

// True if the tail has no room. The source gets a turn once there is room again.
bool FileSource::IsBlocked(FollowedFile* file) {
  file->blocked = !file->tail().HasRoom();
  if (file->blocked) MarkDirty(file);
  return file->blocked;
}

bool FileSource::BeginReading(FollowedFile* file, absl::Time now) {
  // Without bytes read, a truncation since its discovery cannot be noticed from the content.
  FollowedFile* before = file->read_bytes() == 0 ? FindByName(file->identity().after) : nullptr;
  if (before != nullptr && InsertBetweenAndWait(before, file, now)) return false;
  const absl::StatusOr<bool> intact = file->is_open() ? file->IsIntact() : true;
  if (!intact.value_or(false)) {
    intact.ok() ? OnTruncated(file, now) : OnReadError(file, intact.status(), now);
    return false;
  }
  if (absl::Status status = file->Begin(parts_.tails->MakeTail(&file->identity(), file->start()));
      !status.ok()) {
    OnReadError(file, status, now);
    return false;
  }
  return true;
}

// Opens a file again that was closed while idle.
bool FileSource::Reopen(FollowedFile* file, absl::Time now) {
  const absl::StatusOr<bool> opened = TryReopen(file);
  if (!opened.ok()) OnReadError(file, opened.status(), now);
  if (!opened.ok()) return false;
  if (*opened) {
    if (file->fd() >= parts_.most_descriptors) CloseOldest(file);
    return true;
  }
  // The file was replaced or deleted since it was closed; its content may be in a copy.
  const InodeKey inode{file->identity().device, file->identity().inode};
  ForgetInode(file);
  const Match copy = MoveToCopy(file);
  if (copy == Match::kUnknown) {
    by_inode_.try_emplace(inode, file);
    OnReadError(file, absl::UnavailableError("cannot read the files beside it"), now);
    return false;
  }
  if (copy == Match::kYes) {
    StartLeaving(file, now);
    MarkDirty(file);
  } else {
    file->identity().size = std::max(file->identity().size, file->seen_size);
    ReportLoss(*file, file->lag_bytes(), "the file disappeared while it was closed");
    EndFile(file);
  }
  scan_wanted_ = true;
  return false;
}

// Opens the file at its path or under a rotated name. A file with its inode is taken for it; if the
// content differs it has been truncated, which reading notices.
absl::StatusOr<bool> FileSource::TryReopen(FollowedFile* file) {
  absl::StatusOr<bool> opened = TryReopen(file, file->real_path());
  if (!opened.ok() || *opened) return opened;
  bool is_sure = true;
  for (const Found& one : finder_.FindSiblings(file->real_path(), &is_sure)) {
    if (one.info.inode != file->identity().inode) continue;
    opened = TryReopen(file, one.real);
    if (!opened.ok() || *opened) return opened;
  }
  if (!is_sure) return absl::UnavailableError("cannot read the files beside it");
  return false;
}

absl::StatusOr<bool> FileSource::TryReopen(FollowedFile* file, const std::string& path) {
  Os::FileInfo info;
  const absl::StatusOr<int> fd = FollowedFile::Open(os_, path, &info);
  if (absl::IsNotFound(fd.status())) return false;
  if (!fd.ok()) return fd.status();
  // The file may have been truncated and renamed, and found since then as another file.
  const FollowedFile* owner = FindByInode(info);
  const bool is_free = owner == nullptr || owner == file;
  absl::StatusOr<bool> same = is_free && info.inode == file->identity().inode;
  if (!*same && (is_free || !owner->is_open()) && file->read_bytes() > 0 &&
      info.size >= file->read_bytes()) {
    same = file->IsSame(*fd);
  }
  if (!same.ok() || !*same) {
    os_->Close(*fd);
    return same;
  }
  ForgetInode(file);
  by_inode_[{info.device, info.inode}] = file;
  const uint64_t known = file->identity().size;
  file->Adopt(*fd, info);
  file->identity().size = known;
  file->seen_size = 0;
  if (path != file->real_path()) {
    MoveTo(file, path);
    scan_wanted_ = true;
  }
  return true;
}

void FileSource::OnReadError(FollowedFile* file, const absl::Status& why, absl::Time now) {
  ++totals_.errors;
  log_->Error("unreadable " + file->real_path(), "cannot read " + file->real_path() + ": " +
                                                     std::string(why.message()) +
                                                     "; retrying every second");
  file->retry = now + kRetryInterval;
  MarkDirty(file);
}

// The bytes that were read are not in the file any longer. Its stream continues in a copy, if one
// was made before the truncation, and a new stream begins.
void FileSource::OnTruncated(FollowedFile* file, absl::Time now) {
  const absl::StatusOr<Os::FileInfo> info = os_->Stat(file->fd());
  if (!info.ok()) return OnReadError(file, info.status(), now);
  const Found found{file->identity().path, file->real_path(), *info};
  const bool was_at_path = file->at_path;
  const int fd = file->Release();
  const uint64_t known = file->identity().size;
  const Match copy = MoveToCopy(file);
  if (copy == Match::kUnknown) {
    file->Adopt(fd, *info);
    file->identity().size = known;
    return OnReadError(file, absl::UnavailableError("cannot read the files beside it"), now);
  }
  ++totals_.truncations;
  if (copy == Match::kYes) {
    const uint64_t copied = file->identity().size;
    if (known > copied) {
      ReportLoss(*file, known - copied, "the file was truncated, and its copy is shorter");
    }
    log_->Info("truncated " + found.real, found.real + " was truncated; reading its copy " +
                                              file->real_path() + " to the end");
  } else {
    ReportLoss(*file, known - file->read_bytes(), "the file was truncated");
    log_->Info("truncated " + found.real,
               found.real + " was truncated; reading it from its beginning");
  }
  FilePosition position;
  position.file.name = MakeName(found, now);
  position.file.path = found.path;
  position.file.after = file->identity().name;
  const bool waits = file->is_open();
  FollowedFile* const newest = by_path_[found.path];
  FollowedFile* const next = FindWaiting(file);
  FollowedFile* fresh = AddFile(std::move(position), found, fd, *info,
                                waits ? State::kWaiting : State::kFollowing, now);
  if (newest != nullptr && newest != file) by_path_[found.path] = newest;
  if (next != nullptr) {
    // The truncated file has been rotated as well in the meantime.
    next->predecessor = fresh;
    next->identity().after = fresh->identity().name;
    fresh->succeeded = true;
  }
  fresh->at_path = was_at_path;
  file->at_path = false;
  file->succeeded = true;
  if (waits) {
    StartLeaving(file, now);
    // It may have been truncated more than once since the last look.
    FollowedFile* last = AddBetween(file, found, now, found.info.modified_ns);
    fresh->predecessor = last != nullptr ? last : file;
    fresh->identity().after = fresh->predecessor->identity().name;
    fresh->predecessor->succeeded = true;
    MarkDirty(file);
  } else {
    // Ends the predecessor first: the successor starts with its last context.
    if (file->begun() || BeginReading(file, now)) EndFile(file);
    MarkDirty(fresh);
  }
  if ((!was_at_path || next != nullptr) && !waits) StartLeaving(fresh, now);
}

// Finds a copy of the file among its siblings, by content, and continues reading there.
FileSource::Match FileSource::MoveToCopy(FollowedFile* file) {
  // A file with no bytes read has no fingerprint, only its inode.
  const bool by_inode = file->read_bytes() == 0;
  const InodeKey inode{file->identity().device, file->identity().inode};
  bool is_sure = true;
  std::vector<Found> siblings = finder_.FindSiblings(file->real_path(), &is_sure);
  if (file->identity().path != file->real_path()) {
    for (Found& one : finder_.FindSiblings(file->identity().path, &is_sure))
      siblings.push_back(std::move(one));
  }
  // If several match, the oldest one is the copy.
  FileFinder::SortByAge(&siblings);
  for (const Found& one : siblings) {
    if (one.info.size < file->read_bytes() || IsKnown(one, &is_sure)) continue;
    if (by_inode && !(InodeKey{one.info.device, one.info.inode} == inode)) continue;
    Os::FileInfo info;
    const absl::StatusOr<int> fd = FollowedFile::Open(os_, one.real, &info);
    if (!fd.ok() || info.inode != one.info.inode) is_sure = false;
    if (!fd.ok()) continue;
    const absl::StatusOr<bool> same = file->IsSame(*fd);
    if (!same.ok()) is_sure = false;
    if (!same.value_or(false) || WasRead(*fd, info)) {
      os_->Close(*fd);
      continue;
    }
    file->Adopt(*fd, info);
    MoveTo(file, one.real);
    by_inode_[{info.device, info.inode}] = file;
    return Match::kYes;
  }
  return is_sure ? Match::kNo : Match::kUnknown;
}

// ---------------------------------------------------------------- leaving

void FileSource::StartLeaving(FollowedFile* file, absl::Time now) {
  if (file->state == State::kLeaving || file->state == State::kEnded) return;
  file->state = State::kLeaving;
  file->left = now;
  file->predecessor = nullptr;
  leaving_.push_back(file);
  MarkDirty(file);
  next_tend_ = std::min(next_tend_, now);
}

void FileSource::TendLeaving(absl::Time now) {
  next_tend_ = now + kTendInterval;
  LimitDeleted(now);
  std::vector<FollowedFile*> files;
  files.swap(leaving_);
  for (FollowedFile* file : files) {
    if (file->state == State::kLeaving && !TendLeavingFile(file, now)) leaving_.push_back(file);
  }
}

// Returns true if the file has ended or is followed again.
bool FileSource::TendLeavingFile(FollowedFile* file, absl::Time now) {
  if (!file->dirty) ReadTurn(file, now);  // it may still be written to
  if (file->state != State::kLeaving) return true;
  const absl::StatusOr<Os::FileInfo> info =
      file->is_open() ? os_->Stat(file->fd()) : absl::UnavailableError("it is closed");
  const bool is_deleted = info.ok() && info->links == 0;
  const absl::Time since = is_deleted ? file->left : std::max(file->left, file->grown);
  const bool too_long = now - since >= parts_.options.deleted_wait;
  if (file->dirty) {
    // An unreadable file must not hold up its successor.
    if (file->retry > now && IsQuiet(*file, now)) ReleaseSuccessor(file);
    if (!is_deleted || !too_long) return false;  // there is more to read
    NoteSize(file);
    ReportLoss(*file, file->lag_bytes(),
               "the file was deleted and could not be read within deleted_wait");
  } else {
    if (FollowedFile* next = FindWaiting(file)) InsertBetween(file, next, now);
    const FollowedFile* successor = FindSuccessor(file);
    const bool joined = successor == nullptr || !file->begun() || ReadContinuation(file, now);
    if (joined) ReleaseSuccessor(file);
    const bool is_replaced = is_deleted || file->succeeded || successor != nullptr;
    const bool is_over = IsQuiet(*file, now) && is_replaced;
    if (!info.ok() || (!is_over && !too_long)) return false;
    if (!joined) ReadLastContinuation(file);
  }
  ReleaseSuccessor(file);
  const bool is_joined = file->begun() && file->tail().has_continued();
  if (file->at_path && !is_deleted && !is_joined) {
    file->state = State::kFollowing;  // a glob finds its new name
  } else {
    EndFile(file);
  }
  return true;
}

// Gives up deleted files that cannot be read yet if they occupy more than deleted_bytes of the
// disk; the longest-waiting ones first.
void FileSource::LimitDeleted(absl::Time now) {
  uint64_t kept = 0;
  std::vector<FollowedFile*> deleted;
  for (FollowedFile* file : leaving_) {
    if (!file->dirty || !file->is_open() || (!file->blocked && file->retry <= now)) continue;
    const absl::StatusOr<Os::FileInfo> info = os_->Stat(file->fd());
    if (!info.ok() || info->links > 0) continue;
    file->identity().size = std::max(file->identity().size, info->size);
    kept += file->identity().size;
    deleted.push_back(file);
  }
  for (FollowedFile* file : deleted) {
    if (kept <= parts_.options.deleted_bytes) return;
    kept -= file->identity().size;
    ReportLoss(*file, file->lag_bytes(),
               "the file was deleted, and unread deleted files exceed deleted_bytes");
    ReleaseSuccessor(file);
    EndFile(file);
  }
}

bool FileSource::IsQuiet(const FollowedFile& file, absl::Time now) const {
  return now - std::max(file.grown, file.left) >= parts_.options.rotate_wait;
}

// Passes the beginning of the successor to the tail. Returns true once the end of the file's last
// record is found.
bool FileSource::ReadContinuation(FollowedFile* file, absl::Time now) {
  size_t seen = 0;
  for (size_t size = kFirstContinuation; file->tail().WantsContinuation(); size *= 4) {
    const std::string bytes = ReadBytesAfter(file, size);
    seen = bytes.size();
    file->tail().Continue(bytes, /*last=*/false);
    if (seen < size || size >= kLongestContinuation) break;
  }
  file->tail().EndTurn();
  if (!file->tail().WantsContinuation()) return true;
  // A record that is still being written, in whichever file, keeps the file from ending.
  if (std::exchange(file->continuation, seen) != seen) file->grown = now;
  return false;
}

// Passes an incomplete last line to the tail as well: the driver may have died within a line, which
// belongs to the file's last record and would be meaningless in the successor.
void FileSource::ReadLastContinuation(FollowedFile* file) {
  if (!file->tail().WantsContinuation()) return;
  file->tail().Continue(ReadBytesAfter(file, kLongestContinuation), /*last=*/true);
  file->tail().EndTurn();
}

// Reads at most `size` bytes from the beginning of the file's successor, and of the following ones
// if that was rotated away as well.
std::string FileSource::ReadBytesAfter(const FollowedFile* file, size_t size) const {
  std::string bytes;
  for (const FollowedFile* next = FindSuccessor(file); next != nullptr;
       next = FindSuccessor(next)) {
    uint64_t at = 0;
    while (bytes.size() < size) {
      const size_t before = bytes.size();
      bytes.resize(std::min(size, before + kFirstContinuation));
      const absl::StatusOr<size_t> count =
          next->is_open()
              ? os_->ReadAt(next->fd(), at, bytes.data() + before, bytes.size() - before)
              : absl::StatusOr<size_t>(size_t{0});
      bytes.resize(before + count.value_or(0));
      if (!count.ok()) return bytes;
      if (*count == 0) break;
      at += *count;
    }
  }
  return bytes;
}

// Finds the file after this one, which may wait for it or be known from a cursor.
FollowedFile* FileSource::FindSuccessor(const FollowedFile* file) const {
  for (const auto& other : files_) {
    const bool follows =
        other->predecessor == file || other->identity().after == file->identity().name;
    if (follows && other.get() != file) return other.get();
  }
  return nullptr;
}

FollowedFile* FileSource::FindByName(const std::string& name) const {
  const auto one = std::find_if(files_.begin(), files_.end(), [&](const auto& file) {
    return !name.empty() && file->identity().name == name;
  });
  return one == files_.end() ? nullptr : one->get();
}

FollowedFile* FileSource::FindWaiting(const FollowedFile* file) const {
  for (const auto& other : files_) {
    if (other->predecessor == file) return other.get();
  }
  return nullptr;
}

void FileSource::ReleaseSuccessor(const FollowedFile* file) {
  while (FollowedFile* successor = FindWaiting(file)) {
    successor->predecessor = nullptr;
    successor->identity().after = NameBefore(*file);
    successor->state = State::kFollowing;
    MarkDirty(successor);
    if (!successor->at_path || successor->succeeded) StartLeaving(successor, os_->Now());
  }
}

void FileSource::EndFile(FollowedFile* file) {
  // The final modification time orders the file among its siblings.
  const auto info = file->is_open() ? os_->Stat(file->fd()) : absl::UnavailableError("closed");
  if (info.ok()) file->identity().modified_ns = info->modified_ns;
  if (file->begun()) {
    file->tail().End();
    file->tail().EndTurn();
  }
  file->state = State::kEnded;
  file->Close();
  ReleaseSuccessor(file);
}

void FileSource::ReportLoss(const FollowedFile& file, uint64_t bytes, std::string_view how) {
  if (bytes == 0) return;
  totals_.lost_bytes += bytes;
  log_->Error("lost " + file.identity().path, file.identity().path + ": " + std::to_string(bytes) +
                                                  " bytes were lost: " + std::string(how));
}

// Remembers a file that had ended when this process started: an error may have hidden it under
// another name, under which it can show up again.
void FileSource::Remember(const FollowedFile& file) {
  const auto is_it = [&](const Remembered& one) { return one.file.name == file.identity().name; };
  if (std::any_of(remembered_.begin(), remembered_.end(), is_it)) return;
  remembered_.push_back({{file.identity(), file.start()}, /*ended=*/true});
}

// Drops ended files that are at no path any longer.
void FileSource::Sweep() {
  const auto is_over = [&](const std::unique_ptr<FollowedFile>& file) {
    return file->state == State::kEnded && !file->at_path && !IsHidden(*file);
  };
  std::unordered_set<const FollowedFile*> over;
  for (const auto& file : files_) {
    if (is_over(file)) over.insert(file.get());
  }
  if (over.empty()) return;
  for (const FollowedFile* file : over) {
    if (file->begun() && file->read_bytes() > 0) gone_.push_back(file->PositionAfterRead());
    if (!file->begun()) Remember(*file);
  }
  if (gone_.size() > kMostGone) gone_.erase(gone_.begin(), gone_.end() - kMostGone);
  const auto is_gone = [&](const auto& entry) { return over.contains(entry.second); };
  std::erase_if(by_path_, is_gone);
  std::erase_if(by_real_path_, is_gone);
  std::erase_if(by_inode_, is_gone);
  std::erase_if(dirty_, [&](FollowedFile* file) { return over.contains(file); });
  std::erase_if(warm_, [&](FollowedFile* file) { return over.contains(file); });
  std::erase_if(leaving_, [&](FollowedFile* file) { return over.contains(file); });
  std::erase_if(files_, is_over);
}

// ---------------------------------------------------------------- time

void FileSource::TickWarm(absl::Time now) {
  next_tick_ = now + kTickInterval;
  std::vector<FollowedFile*> files;
  files.swap(warm_);
  for (FollowedFile* file : files) {
    const auto at_end = [&] {
      if (file->dirty) return false;
      const absl::StatusOr<Os::FileInfo> info =
          file->is_open() ? os_->Stat(file->fd())
                          : os_->StatPath(file->real_path(), /*follow_links=*/false);
      return info.ok() && info->inode == file->identity().inode && info->size == file->read_bytes();
    };
    file->warm = file->state != State::kEnded && file->tail().Tick(now, at_end);
    if (file->warm) warm_.push_back(file);
  }
}

void FileSource::CloseIdle(absl::Time now) {
  next_idle_ = now + std::min(parts_.options.close_idle, absl::Minutes(1));
  for (const auto& file : files_) {
    const bool is_idle = file->is_open() && file->state == State::kFollowing && file->begun() &&
                         !file->dirty && !file->warm &&
                         now - file->grown >= parts_.options.close_idle;
    if (is_idle) file->Close();
  }
}

// Closes 1/8 of the idle files, those that grew longest ago.
void FileSource::CloseOldest(const FollowedFile* except) {
  std::vector<FollowedFile*> idle;
  for (const auto& file : files_) {
    const bool is_idle = file->is_open() && file->state == State::kFollowing && file->begun() &&
                         !file->dirty && file.get() != except;
    if (is_idle) idle.push_back(file.get());
  }
  const size_t count = (idle.size() + kOldestShare - 1) / kOldestShare;
  std::nth_element(idle.begin(), idle.begin() + static_cast<ptrdiff_t>(count), idle.end(),
                   [](const auto* a, const auto* b) { return a->grown < b->grown; });
  for (size_t i = 0; i < count; ++i) idle[i]->Close();
}

bool FileSource::AtEnd() const {
  const absl::Time now = os_->Now();
  return dirty_.empty() && !scan_wanted_ && !IsUnsure() &&
         std::none_of(files_.begin(), files_.end(), [&](const auto& file) {
           return file->state == State::kWaiting ||
                  (file->state == State::kLeaving && !IsQuiet(*file, now));
         });
}

bool FileSource::HasReadOfAll() const {
  return std::all_of(files_.begin(), files_.end(), [](const auto& file) {
    return file->state == State::kEnded || file->read_bytes() > 0 || file->identity().size == 0;
  });
}

void FileSource::EndAll() {
  for (const auto& file : files_) {
    if (file->state == State::kEnded) continue;
    if (file->begun() && FindSuccessor(file.get()) != nullptr) ReadLastContinuation(file.get());
    EndFile(file.get());
  }
}

const FollowedFile* FileSource::FindLastGrown() const {
  const FollowedFile* last = nullptr;
  for (const auto& file : files_) {
    if (file->at_path && (last == nullptr || file->grown > last->grown)) last = file.get();
  }
  return last;
}

bool FileSource::IsWrittenTo() const {
  const FollowedFile* last = FindLastGrown();
  return last != nullptr && IsOpenElsewhere(os_, last->identity().device, last->identity().inode);
}

std::string FileSource::LastBytes(size_t size) const {
  const FollowedFile* last = FindLastGrown();
  if (last == nullptr) return {};
  // The file is closed if it was idle or had ended before this process started.
  Os::FileInfo info;
  absl::StatusOr<int> fd = last->fd();
  if (!last->is_open()) fd = FollowedFile::Open(os_, last->real_path(), &info);
  if (!fd.ok()) return {};
  const uint64_t end = std::max(last->read_bytes(), last->identity().size);
  const uint64_t begin = end > size ? end - size : 0;
  std::string bytes(end - begin, '\0');
  const absl::StatusOr<size_t> count = os_->ReadAt(*fd, begin, bytes.data(), bytes.size());
  if (!last->is_open()) os_->Close(*fd);
  bytes.resize(count.value_or(0));
  return bytes;
}

SourceStatus FileSource::status() const {
  SourceStatus status = totals_;
  status.errors += finder_.errors();
  for (const auto& file : files_) {
    if (file->state == State::kEnded) continue;
    ++status.streams;
    if (file->is_open()) ++status.open_files;
    if (file->lag_bytes() == 0) continue;
    status.lag_bytes += file->lag_bytes();
    status.lags.push_back({parts_.name + "/" + file->identity().name, file->lag_bytes()});
  }
  static constexpr size_t kMostLags = 100;
  std::sort(status.lags.begin(), status.lags.end(),
            [](const StreamLag& a, const StreamLag& b) { return a.bytes > b.bytes; });
  if (status.lags.size() > kMostLags) status.lags.resize(kMostLags);
  return status;
}

}  // namespace sparktail
