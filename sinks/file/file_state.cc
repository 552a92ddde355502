#include "sinks/file/file_state.h"

#include <simdjson.h>
#include <xxhash.h>

#include <algorithm>
#include <iterator>

#include "parsers/byte_buffer.h"
#include "parsers/json_member.h"
#include "parsers/json_writer.h"
#include "sinks/output_file.h"

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

absl::StatusOr<bool> IsFileOf(const FileState& state, Os* os, int fd) {
  const absl::StatusOr<Os::FileInfo> info = os->Stat(fd);
  if (!info.ok()) return info.status();
  const bool same_inode = info->device == state.device && info->inode == state.inode;
  if (state.head_size < kUniqueHead && !same_inode) return false;
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

}  // namespace sparktail
