#include "sinks/file/file_state.h"

#include <simdjson.h>
#include <xxhash.h>

#include <algorithm>
#include <iterator>

#include "parsers/byte_buffer.h"
#include "parsers/json_member.h"
#include "parsers/json_writer.h"

namespace sparktail {
namespace {

constexpr int64_t kVersion = 1;
// A head of this size contains the id of at least one document.
constexpr uint64_t kUniqueHead = 256;

struct NumberField {
  const char* key;
  uint64_t FileState::*member;
};

constexpr NumberField kNumbers[] = {
    {"commit", &FileState::commit},      {"length", &FileState::length},
    {"headSize", &FileState::head_size}, {"device", &FileState::device},
    {"inode", &FileState::inode},
};

}  // namespace

std::string FileState::ToJson() const {
  ByteBuffer out;
  JsonWriter json(&out);
  json.Open();
  json.Integer("version", kVersion);
  json.Text("path", path);
  for (const auto& [key, member] : kNumbers) json.Count(key, this->*member);
  json.Text("headHash", head_hash);
  json.Integer("begunMs", begun_ms);
  json.Integer("recoveredMs", recovered_ms);
  json.Close();
  return std::string(out.view());
}

std::optional<FileState> FileState::FromJson(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  int64_t version = 0;
  if (parser.parse(json.data(), json.size()).get(object)) return std::nullopt;
  if (!ReadMember(object, "version", &version) || version != kVersion) return std::nullopt;
  FileState state;
  for (const auto& [key, member] : kNumbers) {
    if (!ReadMember(object, key, &(state.*member))) return std::nullopt;
  }
  const bool is_whole = ReadMember(object, "path", &state.path) &&
                        ReadMember(object, "headHash", &state.head_hash) &&
                        ReadMember(object, "begunMs", &state.begun_ms) &&
                        ReadMember(object, "recoveredMs", &state.recovered_ms);
  if (!is_whole || state.head_size > kMaxHead) return std::nullopt;
  return state;
}

absl::StatusOr<std::string> HashHead(Os* os, int fd, uint64_t size) {
  const absl::StatusOr<std::string> head = ReadRange(os, fd, 0, size);
  if (!head.ok()) return head.status();
  if (head->size() < size) return std::string();
  XXH128_canonical_t hash;
  XXH128_canonicalFromHash(&hash, XXH3_128bits(head->data(), head->size()));
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : hash.digest) hex.append({kHex[byte >> 4], kHex[byte & 15]});
  return hex;
}

absl::StatusOr<FileState> DescribeFile(const FileState& before, Os* os, int fd,
                                       const std::string& path, uint64_t length) {
  const absl::StatusOr<Os::FileInfo> info = os->Stat(fd);
  if (!info.ok()) return info.status();
  const uint64_t head_size = std::min(length, FileState::kMaxHead);
  FileState next = before;
  next.path = path;
  next.length = length;
  next.device = info->device;
  next.inode = info->inode;
  const bool has_head = !before.head_hash.empty() && head_size == before.head_size;
  if (before.HasInodeOf(*info) && has_head) return next;
  absl::StatusOr<std::string> hash = HashHead(os, fd, head_size);
  if (!hash.ok()) return hash.status();
  if (hash->empty()) return absl::UnavailableError("another process is cutting it");
  next.head_size = head_size;
  next.head_hash = *std::move(hash);
  return next;
}

absl::StatusOr<bool> IsFileOf(const FileState& state, Os* os, int fd) {
  const absl::StatusOr<Os::FileInfo> info = os->Stat(fd);
  if (!info.ok()) return info.status();
  if (state.head_size < kUniqueHead && !state.HasInodeOf(*info)) return false;
  if (state.head_size == 0) {
    const absl::StatusOr<std::string> head = ReadRange(os, fd, 0, kUniqueHead);
    if (!head.ok()) return head.status();
    return BeginsLikeDocument(*head);
  }
  const absl::StatusOr<std::string> hash = HashHead(os, fd, state.head_size);
  if (!hash.ok()) return hash.status();
  return *hash == state.head_hash;
}

bool BeginsLikeDocument(std::string_view text) {
  static constexpr std::string_view kBeginnings[] = {"{\"@timestamp\":\"", "{\"kind\":\""};
  return std::any_of(std::begin(kBeginnings), std::end(kBeginnings), [&](std::string_view begin) {
    return begin.substr(0, text.size()) == text.substr(0, begin.size());
  });
}

absl::StatusOr<std::optional<FileState>> FileStateStore::Load() {
  const absl::StatusOr<std::string> json = store_->LoadState(sink_);
  if (!json.ok()) return json.status();
  if (json->empty()) return std::optional<FileState>();
  std::optional<FileState> state = FileState::FromJson(*json);
  if (state) return state;
  return absl::FailedPreconditionError("the state of sink " + sink_ +
                                       " was written by another version of sparktail: use that "
                                       "version, or give the sink another name");
}

absl::Status FileStateStore::Store(FileState next, std::span<const StreamCursor> cursors,
                                   bool is_commit, FileState* state) {
  next.commit = state->commit + 1;
  absl::Status status = store_->Commit(sink_, cursors, next.ToJson());
  if (status.ok()) {
    *state = std::move(next);
  } else {
    doubted_ = std::move(next);
    doubted_is_commit_ = is_commit;
  }
  return status;
}

absl::Status FileStateStore::Resolve(FileState* state) {
  if (!doubted_) return absl::OkStatus();
  const absl::StatusOr<std::optional<FileState>> stored = Load();
  if (!stored.ok()) return stored.status();
  if (*stored && (*stored)->commit == doubted_->commit) {
    *state = *std::move(doubted_);
    is_committed_ = is_committed_ || doubted_is_commit_;
  }
  doubted_.reset();
  return absl::OkStatus();
}

}  // namespace sparktail
