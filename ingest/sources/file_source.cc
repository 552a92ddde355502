#include "ingest/sources/file_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "ingest/sources/open_files.h"
#include "ingest/sources/rotation_names.h"

namespace sparktail {
namespace {

constexpr size_t kReadSize = size_t{256} << 10;
constexpr size_t kTurnSize = size_t{1} << 20;  // of one file, before it is another one's turn
constexpr absl::Duration kTickInterval = absl::Seconds(1);
constexpr absl::Duration kTendInterval = absl::Milliseconds(100);
constexpr absl::Duration kScanInterval = absl::Seconds(60);  // with inotify: to be sure
constexpr absl::Duration kLeastScanGap = absl::Milliseconds(50);
constexpr int kScanShare = 20;  // of the time, one part at most goes into scans
constexpr absl::Duration kRetryInterval = absl::Seconds(1);
constexpr size_t kFirstContinuation = size_t{64} << 10;
constexpr size_t kLongestContinuation = size_t{64} << 20;

std::string Directory(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string Name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string Join(const std::string& directory, std::string_view name) {
  std::string path = directory == "/" ? std::string() : directory;
  return path.append("/").append(name);
}

}  // namespace

FileSource::FileSource(Parts parts) : parts_(std::move(parts)), os_(parts_.os), log_(parts_.log) {
  for (const std::string& path : parts_.options.paths) globs_.emplace_back(path);
  for (const std::string& path : parts_.options.exclude) exclude_.emplace_back(path);
}

FileSource::~FileSource() = default;

absl::Status FileSource::Open(std::vector<Remembered> remembered) {
  first_run_ = remembered.empty();
  remembered_ = std::move(remembered);
  // Of two that fit a file, the one that has read more of it.
  std::stable_sort(remembered_.begin(), remembered_.end(),
                   [](const auto& a, const auto& b) { return a.place.raw > b.place.raw; });
  const absl::Time now = os_->Now();
  next_scan_ = last_scan_ = next_tick_ = next_tend_ = next_idle_ = next_counts_ = now;
  OpenWatch();
  Scan(now);
  first_run_ = false;
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
  UpdateCounts(now);

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
    for (const Glob& glob : globs_) {
      std::vector<std::string> paths;
      std::vector<std::string> directories;
      glob.Expand(os_, &paths, &directories);
      for (const std::string& directory : directories) {
        if (!os_->IsRemote(directory).value_or(false)) continue;
        log_->Info("watch " + parts_.name,
                   directory + " is on a network file system: its files are polled each " +
                       absl::FormatDuration(parts_.options.poll_interval));
        return;
      }
    }
  }
  watch_ = std::make_unique<DirectoryWatch>(os_);
  if (absl::Status status = watch_->Open(); !status.ok()) StopWatching(status);
}

void FileSource::StopWatching(const absl::Status& why) {
  log_->Warn(
      "watch " + parts_.name,
      "source " + parts_.name + ": inotify does not work (" + std::string(why.message()) +
          "): files are polled each " + absl::FormatDuration(parts_.options.poll_interval) +
          "; if its limits are the cause, raise fs.inotify.max_user_watches or max_user_instances");
  watch_ = nullptr;
}

void FileSource::Scan(absl::Time now) {
  scan_wanted_ = unsure_ = false;
  last_scan_ = now;
  next_scan_ = now + (watch_ ? kScanInterval : parts_.options.poll_interval);
  const std::vector<Found> found = FindAll();
  for (const auto& file : files_) file->at_path = false;
  std::vector<const Found*> unknown;
  for (const Found& one : found) {
    FollowedFile* file = FindByInode(one.info);
    if (file == nullptr) {
      unknown.push_back(&one);
    } else {
      Place(file, one, now);
    }
  }
  std::erase_if(unknown, [&](const Found* one) { return AddRemembered(*one, now); });
  LookForMissing(now);
  for (const Found* one : unknown) AddFound(*one, now);
  for (const auto& file : files_) {
    if (!file->at_path && file->state == State::kFollowing) Leave(file.get(), now);
  }
  Sweep();
  if (unsure_) next_scan_ = std::min(next_scan_, now + kRetryInterval);
  // Where names come and go all the time, looking at them must not be all that is done.
  scan_gap_ = std::max(kLeastScanGap, kScanShare * (os_->Now() - now));
}

std::vector<FileSource::Found> FileSource::FindAll() {
  std::vector<std::string> paths;
  std::vector<std::string> directories;
  for (const Glob& glob : globs_) glob.Expand(os_, &paths, &directories);
  std::unordered_set<std::string> seen;
  std::unordered_set<std::string> complaints = std::move(complaints_);
  complaints_.clear();
  std::vector<Found> found;
  std::unordered_map<std::string, std::string> real_directories;
  for (const std::string& path : paths) {
    const auto excludes = [&](const Glob& glob) { return glob.Matches(path); };
    if (!seen.insert(path).second || std::any_of(exclude_.begin(), exclude_.end(), excludes)) {
      continue;
    }
    auto [real, is_new] = real_directories.try_emplace(Directory(path));
    if (is_new) real->second = os_->RealPath(real->first).value_or(real->first);
    Found one{path, Join(real->second, Name(path)), {}};
    complaints_.swap(complaints);
    const bool resolved = Resolve(path, &one);
    complaints_.swap(complaints);
    if (!resolved) {
      // Said once, as long as it is so.
      complaints_.insert(path);
      continue;
    }
    found.push_back(std::move(one));
  }
  if (watch_) {
    std::unordered_set<std::string> watched;
    for (const std::string& directory : directories) {
      watched.insert(os_->RealPath(directory).value_or(directory));
    }
    for (const Found& one : found) watched.insert(Directory(one.real));
    const absl::Status status = watch_->Set({watched.begin(), watched.end()});
    if (!status.ok()) StopWatching(status);
  }
  return found;
}

// False if it is nothing to follow. A link is followed only if its owner could have read or made
// what it points to: whoever may write to a log directory must not choose what is read by others.
bool FileSource::Resolve(const std::string& path, Found* found) {
  absl::StatusOr<Os::FileInfo> info = os_->StatPath(path, /*follow_links=*/false);
  if (info.ok() && info->type == Os::FileType::kSymlink) {
    const uint32_t owner = info->owner;
    const absl::StatusOr<std::string> real = os_->RealPath(path);
    info = real.ok() ? os_->StatPath(*real, /*follow_links=*/false) : real.status();
    if (!info.ok()) {
      Complain(path, "a link to nothing that can be read: " + std::string(info.status().message()));
      return false;
    }
    found->real = *real;
    if (owner != 0 && owner != info->owner && owner != ::geteuid()) {
      Complain(path, "a link of another user than the owner of what it points to");
      return false;
    }
  }
  if (!info.ok()) {
    if (absl::IsNotFound(info.status())) return false;  // gone in the meantime
    unsure_ = true;
    Complain(path, std::string(info.status().message()));
    return false;
  }
  if (!info->is_regular()) {
    Complain(path, info->is_directory() ? "a directory; name the files in it, as in DIRECTORY/*"
                                        : "no regular file (a FIFO, a socket or a device)");
    return false;
  }
  if (IsCompressedName(path)) {
    Complain(path, "compressed; it is not followed");
    return false;
  }
  found->info = *info;
  return true;
}

void FileSource::Complain(const std::string& path, std::string_view why) {
  if (complaints_.contains(path)) return;
  ++totals_.errors;
  log_->Warn("unreadable " + path, path + " is left out: " + std::string(why));
}

FollowedFile* FileSource::FindByInode(const Os::FileInfo& info) {
  const auto found = by_inode_.find({info.device, info.inode});
  return found == by_inode_.end() ? nullptr : found->second;
}

// A file that is known is at a path, its old one or another.
void FileSource::Place(FollowedFile* file, const Found& found, absl::Time now) {
  const bool is_closed = !file->is_open() && found.info.size < file->read_bytes();
  if (file->state == State::kEnded && found.info.size > file->place().size) {
    // Written to after it was let go: taken up where it was left.
    FilePosition place = file->place();
    place.raw = file->place().size;
    remembered_.push_back({std::move(place), /*ended=*/false});
    remembered_.back().place.marker = Fingerprint();
    by_inode_.erase({found.info.device, found.info.inode});
    if (AddRemembered(found, now)) return;
    return;
  }
  file->at_path = true;
  if (file->real_path() != found.real) {
    by_real_path_.erase(file->real_path());
    file->set_real_path(found.real);
  }
  by_real_path_[found.real] = file;
  if (!by_path_.contains(found.path)) by_path_[found.path] = file;
  const bool grew = found.info.size > file->read_bytes() || found.info.size < file->place().size;
  if (found.info.size > file->place().size) file->place().size = found.info.size;
  file->place().modified_ns = found.info.modified_ns;
  if (grew || is_closed) MarkDirty(file);
}

bool FileSource::AddRemembered(const Found& found, absl::Time now) {
  if (remembered_.empty()) return false;
  Os::FileInfo info;
  const absl::StatusOr<int> fd = FollowedFile::Open(os_, found.real, &info);
  if (!fd.ok()) return false;  // said when it is opened to be read
  const auto by = [&](auto is_candidate) -> bool {
    for (auto one = remembered_.begin(); one != remembered_.end(); ++one) {
      if (!is_candidate(one->place)) continue;
      const Match match = IsRemembered(found, *fd, *one);
      if (match == Match::kUnknown) {
        unsure_ = true;
        os_->Close(*fd);
        return true;  // tried again later
      }
      if (match == Match::kNo) continue;
      const bool is_over = one->ended && info.size <= one->place.raw;
      FilePosition place = std::move(one->place);
      remembered_.erase(one);
      FollowedFile* file =
          Add(std::move(place), found, *fd, info, is_over ? State::kEnded : State::kFollowing, now);
      file->at_path = true;
      if (is_over) {
        file->Close();
      } else {
        MarkDirty(file);
      }
      return true;
    }
    return false;
  };
  const auto same_inode = [&](const FilePosition& place) {
    return place.inode == info.inode && place.device == info.device;
  };
  const auto same_path = [&](const FilePosition& place) {
    return place.path == found.path && place.prefix.size > 0 && !same_inode(place);
  };
  const auto other = [&](const FilePosition& place) {
    return place.prefix.size > 0 && !same_inode(place) && place.path != found.path;
  };
  if (by(same_inode) || by(same_path) || by(other)) return true;
  os_->Close(*fd);
  return false;
}

FileSource::Match FileSource::IsRemembered(const Found& found, int fd,
                                           const Remembered& remembered) {
  if (found.info.size < remembered.place.raw) return Match::kNo;
  const absl::StatusOr<bool> same = FollowedFile::IsSame(os_, fd, remembered.place);
  if (!same.ok()) return Match::kUnknown;
  return *same ? Match::kYes : Match::kNo;
}

// A file that nobody knows is at a path.
void FileSource::AddFound(const Found& found, absl::Time now) {
  if (FindByInode(found.info) != nullptr) return;  // added meanwhile, as one of a rotated set
  const auto occupant = by_path_.find(found.path);
  FollowedFile* predecessor = occupant == by_path_.end() ? nullptr : occupant->second;
  if (predecessor != nullptr) {
    ++totals_.rotations;
    if (predecessor->state == State::kFollowing) Leave(predecessor, now);
    predecessor = AddBetween(predecessor, found, now);
  }
  AddNew(found, predecessor, now);
}

void FileSource::AddNew(const Found& found, FollowedFile* predecessor, absl::Time now) {
  Os::FileInfo info;
  const absl::StatusOr<int> fd = FollowedFile::Open(os_, found.real, &info);
  if (!fd.ok()) {
    if (absl::IsNotFound(fd.status())) return;
    unsure_ = true;
    Complain(found.path, std::string(fd.status().message()));
    complaints_.insert(found.path);
    return;
  }
  if (info.inode != found.info.inode || info.device != found.info.device) {
    os_->Close(*fd);
    scan_wanted_ = true;  // replaced just now
    return;
  }
  FilePosition place;
  place.file = NewName(found, now);
  place.path = found.path;
  const StartAt& start_at = parts_.options.start_at;
  if (first_run_ && start_at.kind == StartAt::Kind::kEnd) place.from = info.size;
  if (first_run_ && start_at.kind == StartAt::Kind::kAge) {
    place.since_ms = absl::ToUnixMillis(now - start_at.age);
  }
  const bool waits = predecessor != nullptr && predecessor->state != State::kEnded;
  if (predecessor != nullptr) {
    place.after = predecessor->place().file;
    predecessor->succeeded = true;
  }
  FollowedFile* file =
      Add(std::move(place), found, *fd, info, waits ? State::kWaiting : State::kFollowing, now);
  file->predecessor = waits ? predecessor : nullptr;
  if (!waits) MarkDirty(file);
}

// Files that were at the path between `older` and `newest`, while we did not look: siblings that
// nobody knows, written to later. Each waits for the one before it; returns the last.
FollowedFile* FileSource::AddBetween(FollowedFile* older, const Found& newest, absl::Time now) {
  bool is_sure = true;
  std::vector<Found> between = Siblings(newest.path, &is_sure);
  std::erase_if(between, [&](const Found& one) {
    return one.info.modified_ns < older->place().modified_ns ||
           one.info.inode == newest.info.inode || FindByInode(one.info) != nullptr;
  });
  std::stable_sort(between.begin(), between.end(), [](const Found& a, const Found& b) {
    if (a.info.modified_ns != b.info.modified_ns) return a.info.modified_ns < b.info.modified_ns;
    return a.path.size() != b.path.size() ? a.path.size() > b.path.size() : a.path > b.path;
  });
  FollowedFile* last = older;
  for (Found& one : between) {
    if (AddRemembered(one, now)) continue;  // it was read to its end
    one.path = newest.path;
    const size_t before = files_.size();
    AddNew(one, last, now);
    if (files_.size() == before) continue;
    last = files_.back().get();
    last->at_path = false;
    if (last->state == State::kFollowing) Leave(last, now);
    ++totals_.rotations;
  }
  return last;
}

FollowedFile* FileSource::Add(FilePosition place, const Found& found, int fd,
                              const Os::FileInfo& info, State state, absl::Time now) {
  files_.push_back(std::make_unique<FollowedFile>(os_, std::move(place), found.real));
  FollowedFile* file = files_.back().get();
  file->Adopt(fd, info);
  file->state = state;
  file->grown = now;
  by_inode_[{info.device, info.inode}] = file;
  by_real_path_[found.real] = file;
  by_path_[found.path] = file;
  return file;
}

std::string FileSource::NewName(const Found& found, absl::Time now) {
  const std::string seed = found.path + "\n" + std::to_string(found.info.device) + "\n" +
                           std::to_string(found.info.inode) + "\n" +
                           std::to_string(absl::ToUnixNanos(now)) + "\n" + std::to_string(++names_);
  char hash[17];
  std::snprintf(hash, sizeof(hash), "%016llx",
                static_cast<unsigned long long>(Fingerprint::Of(seed).hash));
  return found.path + "#" + hash;
}

// Of the files that were being read when the last process ended: those that no glob finds.
void FileSource::LookForMissing(absl::Time now) {
  std::vector<Remembered> missing;
  missing.swap(remembered_);
  // The one that was written to last was the last at its path.
  std::stable_sort(missing.begin(), missing.end(), [](const auto& a, const auto& b) {
    return a.place.modified_ns < b.place.modified_ns;
  });
  for (Remembered& one : missing) {
    const auto matches = [&](const Glob& glob) { return glob.Matches(one.place.path); };
    const bool is_ours = std::any_of(globs_.begin(), globs_.end(), matches);
    if (one.ended || !is_ours) {
      remembered_.push_back(std::move(one));
      continue;
    }
    switch (FindAmongSiblings(one, now)) {
      case Match::kYes:
        break;
      case Match::kUnknown:
        unsure_ = true;
        remembered_.push_back(std::move(one));
        break;
      case Match::kNo:
        Vanished(one.place, now);
        break;
    }
  }
}

// The stream ends where we stand.
void FileSource::Vanished(const FilePosition& place, absl::Time now) {
  files_.push_back(std::make_unique<FollowedFile>(os_, place, place.path));
  FollowedFile* file = files_.back().get();
  file->state = State::kLeaving;
  file->at_path = false;
  if (Begin(file, now)) End(file);
  Lose(*file, place.size > place.raw ? place.size - place.raw : 0,
       "vanished while sparktail was not running");
  Occupy(place.path, file);
}

// `file` was the last one at `path`, if none is there now.
void FileSource::Occupy(const std::string& path, FollowedFile* file) {
  FollowedFile*& occupant = by_path_[path];
  if (occupant == nullptr || !occupant->at_path) occupant = file;
}

FileSource::Match FileSource::FindAmongSiblings(const Remembered& missing, absl::Time now) {
  bool is_sure = true;
  for (const Found& one : Siblings(missing.place.path, &is_sure)) {
    if (FindByInode(one.info) != nullptr) continue;
    if (missing.place.prefix.size == 0 && one.info.inode != missing.place.inode) continue;
    Os::FileInfo info;
    const absl::StatusOr<int> fd = FollowedFile::Open(os_, one.real, &info);
    if (!fd.ok()) {
      if (!absl::IsNotFound(fd.status())) is_sure = false;
      continue;
    }
    const Match match = IsRemembered(one, *fd, missing);
    if (match != Match::kYes) {
      if (match == Match::kUnknown) is_sure = false;
      os_->Close(*fd);
      continue;
    }
    FollowedFile* file = Add(missing.place, one, *fd, info, State::kFollowing, now);
    file->at_path = false;
    by_path_.erase(one.path);
    Occupy(missing.place.path, file);
    file->succeeded = by_path_[missing.place.path] != file;
    Leave(file, now);
    return Match::kYes;
  }
  return is_sure ? Match::kNo : Match::kUnknown;
}

// Files beside `path` that rotation may have made of it.
std::vector<FileSource::Found> FileSource::Siblings(const std::string& path, bool* is_sure) {
  std::vector<std::string> bases = {path};
  const absl::StatusOr<std::string> real = os_->RealPath(path);
  if (real.ok() && *real != path) bases.push_back(*real);
  std::vector<Found> siblings;
  for (const std::string& base : bases) {
    const std::string directory = Directory(base);
    const absl::StatusOr<std::vector<std::string>> names = os_->List(directory);
    if (!names.ok()) {
      if (!absl::IsNotFound(names.status())) *is_sure = false;
      continue;
    }
    for (const std::string& name : *names) {
      if (!IsRotatedName(Name(base), name)) continue;
      const std::string sibling = Join(directory, name);
      const absl::StatusOr<Os::FileInfo> info = os_->StatPath(sibling, /*follow_links=*/false);
      if (info.ok() && info->is_regular()) siblings.push_back({sibling, sibling, *info});
    }
  }
  return siblings;
}

// ---------------------------------------------------------------- reading

void FileSource::ReadChanges() {
  if (!watch_) return;
  DirectoryWatch::Changes changes;
  changes.written = [this](std::string_view directory, std::string_view name) {
    Written(directory, name);
  };
  if (absl::Status status = watch_->Read(&changes); !status.ok()) {
    StopWatching(status);
    scan_wanted_ = true;
    return;
  }
  if (changes.names || changes.lost) scan_wanted_ = true;
}

void FileSource::Written(std::string_view directory, std::string_view name) {
  static thread_local std::string path;
  path.assign(directory).append("/").append(name);
  const auto found = by_real_path_.find(path);
  if (found != by_real_path_.end()) MarkDirty(found->second);
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
  }
}

void FileSource::ReadTurn(FollowedFile* file, absl::Time now) {
  if (file->begun() && IsBlocked(file)) return;
  if (!file->is_open() && !Reopen(file, now)) return;
  if (!file->begun() && !Begin(file, now)) return;
  const absl::StatusOr<bool> intact = file->IsIntact();
  if (!intact.ok()) return ReadFailed(file, intact.status(), now);
  if (!*intact) return Truncated(file, now);

  size_t left = kTurnSize;
  while (true) {
    if (left == 0 || IsBlocked(file)) {
      MarkDirty(file);
      if (const auto info = os_->Stat(file->fd()); info.ok()) {
        file->place().size = std::max(info->size, file->read_bytes());
      }
      break;
    }
    const std::span<char> room = file->tail().Room();
    const size_t wanted = std::min({room.size(), kReadSize, left});
    const absl::StatusOr<size_t> size = file->Read(room.first(wanted));
    if (!size.ok()) {
      file->tail().EndTurn();
      return ReadFailed(file, size.status(), now);
    }
    if (*size == 0) {
      // Seen before, but not there any more.
      Lose(*file, file->behind(), "cut off the end of the file");
      file->place().size = file->read_bytes();
      break;
    }
    left -= *size;
    totals_.read_bytes += *size;
    file->grown = grown_ = now;
    file->tail().Took(*size);
  }
  file->tail().EndTurn();
  if (!std::exchange(file->warm, true)) warm_.push_back(file);
}

// Its sinks have no room. Whoever makes room wakes us.
bool FileSource::IsBlocked(FollowedFile* file) {
  file->blocked = !file->tail().HasRoom();
  if (file->blocked) MarkDirty(file);
  return file->blocked;
}

bool FileSource::Begin(FollowedFile* file, absl::Time now) {
  if (absl::Status status = file->Begin(parts_.tails->MakeTail(&file->place())); !status.ok()) {
    ReadFailed(file, status, now);
    return false;
  }
  return true;
}

// A file that was closed while nothing happened.
bool FileSource::Reopen(FollowedFile* file, absl::Time now) {
  Os::FileInfo info;
  const absl::StatusOr<int> fd = FollowedFile::Open(os_, file->real_path(), &info);
  if (!fd.ok() && !absl::IsNotFound(fd.status())) {
    ReadFailed(file, fd.status(), now);
    return false;
  }
  if (fd.ok()) {
    const absl::StatusOr<bool> same =
        info.size < file->read_bytes() ? absl::StatusOr<bool>(false) : file->IsSame(*fd);
    if (same.ok() && *same) {
      file->Adopt(*fd, info);
      return true;
    }
    os_->Close(*fd);
    if (!same.ok()) {
      ReadFailed(file, same.status(), now);
      return false;
    }
  }
  // Replaced, truncated or deleted since it was closed; what was there may be in a sibling.
  by_inode_.erase({file->place().device, file->place().inode});
  if (MoveToCopy(file)) {
    Leave(file, now);
    MarkDirty(file);
  } else {
    Lose(*file, file->behind(), "went away while it was closed");
    End(file);
  }
  scan_wanted_ = true;
  return false;
}

void FileSource::ReadFailed(FollowedFile* file, const absl::Status& why, absl::Time now) {
  ++totals_.errors;
  log_->Error("unreadable " + file->real_path(), "cannot read " + file->real_path() + ": " +
                                                     std::string(why.message()) +
                                                     "; it is tried again each second");
  file->retry = now + kRetryInterval;
  MarkDirty(file);
}

// What was read is not there any more: another content has taken the file. Its stream goes on in
// the copy that whoever truncated it has made, if there is one, and a new stream begins.
void FileSource::Truncated(FollowedFile* file, absl::Time now) {
  const absl::StatusOr<Os::FileInfo> info = os_->Stat(file->fd());
  if (!info.ok()) return ReadFailed(file, info.status(), now);
  ++totals_.truncations;
  const Found found{file->place().path, file->real_path(), *info};
  const bool was_at_path = file->at_path;
  const int fd = file->Release();
  const uint64_t known = file->place().size;
  if (MoveToCopy(file)) {
    const uint64_t copied = file->place().size;
    if (known > copied) Lose(*file, known - copied, "truncated, and its copy is shorter");
    log_->Info("truncated " + found.real, found.real + " was truncated; its copy " +
                                              file->real_path() + " is read to its end");
  } else {
    Lose(*file, known - file->read_bytes(), "truncated");
    log_->Info("truncated " + found.real, found.real + " was truncated and begins anew");
  }
  FilePosition place;
  place.file = NewName(found, now);
  place.path = found.path;
  place.after = file->place().file;
  const bool waits = file->is_open();
  FollowedFile* fresh =
      Add(std::move(place), found, fd, *info, waits ? State::kWaiting : State::kFollowing, now);
  fresh->at_path = was_at_path;
  file->succeeded = true;
  if (waits) {
    fresh->predecessor = file;
    Leave(file, now);
    MarkDirty(file);
  } else {
    // The successor's context is its predecessor's last one.
    End(file);
    MarkDirty(fresh);
  }
  if (!was_at_path) Leave(fresh, now);
}

// Looks for what was read of a file among its siblings, by content, and goes on there.
bool FileSource::MoveToCopy(FollowedFile* file) {
  if (file->read_bytes() == 0) return false;
  bool is_sure = true;
  std::vector<Found> siblings = Siblings(file->real_path(), &is_sure);
  if (file->place().path != file->real_path()) {
    for (Found& one : Siblings(file->place().path, &is_sure)) siblings.push_back(std::move(one));
  }
  for (const Found& one : siblings) {
    if (one.info.size < file->read_bytes() || FindByInode(one.info) != nullptr) continue;
    Os::FileInfo info;
    const absl::StatusOr<int> fd = FollowedFile::Open(os_, one.real, &info);
    if (!fd.ok()) continue;
    if (!file->IsSame(*fd).value_or(false)) {
      os_->Close(*fd);
      continue;
    }
    file->Adopt(*fd, info);
    by_real_path_.erase(file->real_path());
    file->set_real_path(one.real);
    by_real_path_[one.real] = file;
    by_inode_[{info.device, info.inode}] = file;
    return true;
  }
  return false;
}

// ---------------------------------------------------------------- leaving

void FileSource::Leave(FollowedFile* file, absl::Time now) {
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
  std::vector<FollowedFile*> files;
  files.swap(leaving_);
  for (FollowedFile* file : files) {
    if (file->state != State::kLeaving) continue;
    leaving_.push_back(file);
    if (file->dirty) continue;  // there may be more to read
    FollowedFile* successor = SuccessorOf(file);
    const bool joined = successor == nullptr || !file->begun() || ContinueIn(file);
    if (joined) ReleaseSuccessor(file);
    const absl::StatusOr<Os::FileInfo> info =
        file->is_open() ? os_->Stat(file->fd()) : absl::StatusOr<Os::FileInfo>(Os::FileInfo());
    if (!info.ok()) continue;
    const bool is_deleted = info->links == 0;
    const bool is_quiet = now - std::max(file->grown, file->left) >= parts_.options.rotate_wait;
    const bool too_long =
        (is_deleted || is_quiet) && now - file->left >= parts_.options.deleted_wait;
    const bool too_much = is_deleted && file->behind() > parts_.options.deleted_bytes;
    if (too_much || (is_deleted && too_long)) {
      Lose(*file, file->behind(), "deleted, and still written to");
    }
    if ((is_quiet && (is_deleted || file->succeeded || successor != nullptr)) || too_long ||
        too_much) {
      ReleaseSuccessor(file);
      End(file);
    } else {
      MarkDirty(file);  // it may still be written to
    }
  }
  std::erase_if(leaving_, [](FollowedFile* file) { return file->state != State::kLeaving; });
}

// True once it is known where the file's last record ends.
bool FileSource::ContinueIn(FollowedFile* file) {
  size_t size = kFirstContinuation;
  while (file->tail().WantsContinuation()) {
    const std::string bytes = BytesAfter(file, size);
    file->tail().Continue(bytes);
    if (bytes.size() < size || size >= kLongestContinuation) break;
    size *= 4;
  }
  file->tail().EndTurn();
  return !file->tail().WantsContinuation();
}

// What stands in the file's successor, and, should that have been rotated away as well, in the
// ones after it; at most `size` bytes.
std::string FileSource::BytesAfter(const FollowedFile* file, size_t size) const {
  std::string bytes;
  for (const FollowedFile* next = SuccessorOf(file); next != nullptr; next = SuccessorOf(next)) {
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

// The file that came after, whether it waits or was known before this process began.
FollowedFile* FileSource::SuccessorOf(const FollowedFile* file) const {
  for (const auto& other : files_) {
    const bool follows = other->predecessor == file || other->place().after == file->place().file;
    if (follows && other.get() != file) return other.get();
  }
  return nullptr;
}

FollowedFile* FileSource::WaitingFor(const FollowedFile* file) const {
  for (const auto& other : files_) {
    if (other->predecessor == file) return other.get();
  }
  return nullptr;
}

void FileSource::ReleaseSuccessor(const FollowedFile* file) {
  while (FollowedFile* successor = WaitingFor(file)) {
    successor->predecessor = nullptr;
    successor->state = State::kFollowing;
    MarkDirty(successor);
    if (!successor->at_path) Leave(successor, os_->Now());
  }
}

void FileSource::End(FollowedFile* file) {
  if (file->begun()) {
    file->tail().End();
    file->tail().EndTurn();
  }
  file->state = State::kEnded;
  file->Close();
}

void FileSource::Lose(const FollowedFile& file, uint64_t bytes, std::string_view how) {
  if (bytes == 0) return;
  totals_.lost_bytes += bytes;
  log_->Error("lost " + file.place().path, file.place().path + ": " + std::to_string(bytes) +
                                               " bytes were lost: " + std::string(how));
}

// Forgets what has ended and is nowhere to be found.
void FileSource::Sweep() {
  const auto is_over = [](const std::unique_ptr<FollowedFile>& file) {
    return file->state == State::kEnded && !file->at_path;
  };
  std::unordered_set<const FollowedFile*> over;
  for (const auto& file : files_) {
    if (is_over(file)) over.insert(file.get());
  }
  if (over.empty()) return;
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
      if (file->dirty || !file->is_open()) return false;
      const absl::StatusOr<Os::FileInfo> info = os_->Stat(file->fd());
      return info.ok() && info->size == file->read_bytes();
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

bool FileSource::AtEnd() const {
  return dirty_.empty() && !scan_wanted_ &&
         std::none_of(files_.begin(), files_.end(), [](const auto& file) {
           return file->state == State::kWaiting || file->state == State::kLeaving;
         });
}

void FileSource::EndAll() {
  for (const auto& file : files_) {
    if (file->state != State::kEnded) End(file.get());
  }
}

const FollowedFile* FileSource::LastGrown() const {
  const FollowedFile* last = nullptr;
  for (const auto& file : files_) {
    if (file->at_path && file->is_open() && (last == nullptr || file->grown > last->grown)) {
      last = file.get();
    }
  }
  return last;
}

bool FileSource::IsWrittenTo() const {
  const FollowedFile* last = LastGrown();
  return last != nullptr && IsOpenElsewhere(os_, last->place().device, last->place().inode);
}

std::string FileSource::LastBytes(size_t size) const {
  const FollowedFile* last = LastGrown();
  if (last == nullptr) return {};
  const uint64_t begin = last->read_bytes() > size ? last->read_bytes() - size : 0;
  std::string bytes(last->read_bytes() - begin, '\0');
  const absl::StatusOr<size_t> count = os_->ReadAt(last->fd(), begin, bytes.data(), bytes.size());
  bytes.resize(count.value_or(0));
  return bytes;
}

void FileSource::UpdateCounts(absl::Time now) {
  if (now < next_counts_) return;
  next_counts_ = now + kTickInterval;
  Counts counts = totals_;
  for (const auto& file : files_) {
    if (file->state == State::kEnded) continue;
    ++counts.files;
    if (file->is_open()) ++counts.open_files;
    counts.behind_bytes += file->behind();
    if (file->behind() > 0) counts.behind.emplace_back(file->place().file, file->behind());
  }
  static constexpr size_t kMostBehind = 100;
  std::sort(counts.behind.begin(), counts.behind.end(),
            [](const auto& a, const auto& b) { return a.second > b.second; });
  if (counts.behind.size() > kMostBehind) counts.behind.resize(kMostBehind);
  const absl::MutexLock lock(&mutex_);
  counts_ = std::move(counts);
}

FileSource::Counts FileSource::counts() const {
  const absl::MutexLock lock(&mutex_);
  return counts_;
}

}  // namespace sparktail
