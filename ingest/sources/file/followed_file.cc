#include "ingest/sources/file/followed_file.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace sparktail {
namespace {

// Reads [offset, offset + size) of the file, or less at its end.
// True if the text has a time such as 15:34:11. Text without one proves little: after a truncation
// the same text may be at the same offset, because events of equal length end alike.
bool HoldsTime(std::string_view text) {
  static constexpr std::string_view kForm = "00:00:00";
  const auto fits = [](char form, char c) {
    return form == '0' ? c >= '0' && c <= '9' : c == form;
  };
  for (; text.size() >= kForm.size(); text.remove_prefix(1)) {
    if (std::equal(kForm.begin(), kForm.end(), text.begin(), fits)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<int> FollowedFile::Open(Os* os, const std::string& path, Os::FileInfo* info) {
  const absl::StatusOr<int> fd = os->OpenToFollow(path);
  if (!fd.ok()) return fd.status();
  const absl::StatusOr<Os::FileInfo> found = os->Stat(*fd);
  if (found.ok() && found->is_regular()) {
    *info = *found;
    return *fd;
  }
  os->Close(*fd);
  if (!found.ok()) return found.status();
  return absl::FailedPreconditionError("it is not a regular file");
}

absl::StatusOr<bool> FollowedFile::IsSame(Os* os, int fd, const FileIdentity& file,
                                          const ReadPlace& place) {
  if (place.marker.size > place.raw) return false;
  const absl::StatusOr<std::string> head = ReadRange(os, fd, 0, file.prefix.size);
  if (!head.ok()) return head.status();
  if (!file.prefix.Matches(*head)) return false;
  const absl::StatusOr<std::string> before =
      ReadRange(os, fd, place.raw - place.marker.size, place.marker.size);
  if (!before.ok()) return before.status();
  return place.marker.Matches(*before);
}

absl::StatusOr<bool> FollowedFile::IsSame(int fd) const {
  if (!begun()) return IsSame(os_, fd, identity_, start_);
  absl::StatusOr<bool> same_head = HasHead(fd);
  if (!same_head.ok() || !*same_head) return same_head;
  return IsIntact(fd);
}

absl::StatusOr<bool> FollowedFile::HasHead(int fd) const {
  return IsSame(os_, fd, identity_, ReadPlace());
}

absl::StatusOr<bool> FollowedFile::BeginsAs(int fd, uint64_t size) const {
  if (!is_open()) return false;
  absl::StatusOr<bool> intact = IsIntact();
  if (!intact.ok() || !*intact) return intact;
  return BeginAlike(os_, fd_, fd, size);
}

absl::StatusOr<bool> FollowedFile::BeginAlike(Os* os, int one, int other, uint64_t size) {
  const size_t part = std::min<uint64_t>(size, kPrefixSize);
  for (const uint64_t begin : {uint64_t{0}, size - part}) {
    const absl::StatusOr<std::string> its = ReadRange(os, one, begin, part);
    if (!its.ok()) return its.status();
    const absl::StatusOr<std::string> others = ReadRange(os, other, begin, part);
    if (!others.ok()) return others.status();
    if (*its != *others) return false;
  }
  return true;
}

void FollowedFile::Adopt(int fd, const Os::FileInfo& info) {
  Close();
  fd_ = fd;
  identity_.device = info.device;
  identity_.inode = info.inode;
  identity_.size = info.size;
  identity_.modified_ns = info.modified_ns;
}

void FollowedFile::Close() {
  if (fd_ >= 0) os_->Close(std::exchange(fd_, -1));
}

absl::Status FollowedFile::Begin(std::unique_ptr<FileTail> tail) {
  read_ = tail->begin();
  if (read_ > 0 && fd_ >= 0) {
    if (absl::Status status = ReadFingerprints(); !status.ok()) return status;
  }
  tail_ = std::move(tail);
  return absl::OkStatus();
}

absl::Status FollowedFile::ReadFingerprints() {
  absl::StatusOr<std::string> head = ReadRange(os_, fd_, 0, std::min<uint64_t>(kPrefixSize, read_));
  if (!head.ok()) return head.status();
  identity_.prefix = Fingerprint::Of(*head);
  if (head->size() < kPrefixSize) head_ = *std::move(head);
  const uint64_t last = std::min<uint64_t>(kMarkerSize, read_);
  const absl::StatusOr<std::string> before = ReadRange(os_, fd_, read_ - last, last);
  if (!before.ok()) return before.status();
  last_.Add(*before);
  return absl::OkStatus();
}

absl::StatusOr<size_t> FollowedFile::Read(std::span<char> room) {
  absl::StatusOr<size_t> size = os_->ReadAt(fd_, read_, room.data(), room.size());
  if (size.ok() && *size > 0) NoteRead({room.data(), *size});
  return size;
}

// Most files have grown by a line or two, so one read call covers the check and the new bytes.
absl::StatusOr<size_t> FollowedFile::ReadOn(std::span<char> room, bool* is_intact) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): it is about to be read into
  std::array<char, kMarkerSize + kFirstRead> bytes;
  const std::string_view last = last_.view();
  const size_t wanted = last.size() + std::min(kFirstRead, room.size());
  absl::StatusOr<size_t> size = os_->ReadAt(fd_, read_ - last.size(), bytes.data(), wanted);
  if (!size.ok()) return size;
  const bool is_short = *size < last.size();
  absl::StatusOr<bool> intact =
      is_short ? IsIntact() : std::string_view(bytes.data(), last.size()) == last;
  if (!is_short && *intact && !HoldsTime(last)) intact = HasHead(fd_);
  if (!intact.ok()) return intact.status();
  *is_intact = *intact;
  if (!*is_intact) return size_t{0};
  if (*size <= last.size()) return Read(room);  // a short read is not always the end
  const size_t fresh = *size - last.size();
  std::memcpy(room.data(), bytes.data() + last.size(), fresh);
  NoteRead({room.data(), fresh});
  return fresh;
}

void FollowedFile::NoteRead(std::string_view bytes) {
  if (read_ == head_.size() && read_ < kPrefixSize) {
    head_.append(bytes.substr(0, kPrefixSize - head_.size()));
    identity_.prefix = Fingerprint::Of(head_);
    if (head_.size() == kPrefixSize) std::string().swap(head_);
  }
  read_ += bytes.size();
  identity_.size = std::max(identity_.size, read_);
  last_.Add(bytes);
}

absl::StatusOr<bool> FollowedFile::IsIntact(int fd) const {
  if (!begun()) return IsSame(os_, fd, identity_, start_);
  const std::string_view last = last_.view();
  const absl::StatusOr<std::string> now = ReadRange(os_, fd, read_ - last.size(), last.size());
  if (!now.ok()) return now.status();
  if (*now != last) return false;
  if (last.empty() || HoldsTime(last)) return true;
  return HasHead(fd);
}

}  // namespace sparktail
