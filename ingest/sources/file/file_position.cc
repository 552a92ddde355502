#include "ingest/sources/file/file_position.h"

#include <simdjson.h>
#include <xxhash.h>

#include <cstdlib>

#include "parsers/byte_buffer.h"
#include "parsers/json_member.h"
#include "parsers/json_writer.h"

namespace sparktail {
namespace {

constexpr std::string_view kHex = "_hex";

// Writes a name of any bytes: bytes that are not UTF-8 cannot be in JSON.
void WritePath(std::string_view name, std::string_view path, JsonWriter* json) {
  if (simdjson::validate_utf8(path)) return json->KnownText(name, path);
  std::string hex;
  for (const char c : path) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  json->Text(std::string(name).append(kHex), hex);
}

// Writes the hash as text: readers of JSON often have doubles for numbers.
void WriteFingerprint(std::string_view name, const Fingerprint& print, JsonWriter* json) {
  if (print.size == 0) return;
  json->Raw(name, "[" + std::to_string(print.size) + ",\"" + std::to_string(print.hash) + "\"]");
}

using Object = simdjson::dom::object;

void ReadPath(const Object& object, std::string_view name, std::string* path) {
  ReadMember(object, name, path);
  std::string hex;
  ReadMember(object, std::string(name).append(kHex), &hex);
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    path->push_back(static_cast<char>(std::strtoul(hex.substr(i, 2).c_str(), nullptr, 16)));
  }
}

void ReadFingerprint(const Object& object, std::string_view name, Fingerprint* print) {
  simdjson::dom::array parts;
  if (object[name].get(parts) != simdjson::SUCCESS || parts.size() != 2) return;
  uint64_t size = 0;
  std::string_view hash;
  if (parts.at(0).get(size) != simdjson::SUCCESS || size > kPrefixSize) return;
  if (parts.at(1).get(hash) != simdjson::SUCCESS) return;
  print->size = static_cast<uint32_t>(size);
  print->hash = std::strtoull(std::string(hash).c_str(), nullptr, 10);
}

}  // namespace

Fingerprint Fingerprint::Of(std::string_view bytes) {
  if (bytes.empty()) return {};
  return {static_cast<uint32_t>(bytes.size()), XXH3_64bits(bytes.data(), bytes.size())};
}

bool Fingerprint::Matches(std::string_view bytes) const { return *this == Of(bytes); }

std::string FilePosition::ToJson() const {
  ByteBuffer out;
  JsonWriter json(&out);
  json.Open();
  json.Text("kind", "file");
  WritePath("file", file, &json);
  WritePath("path", path, &json);
  WritePath("real", real, &json);
  json.Count("raw", raw);
  json.Count("content", content);
  json.Count("size", size);
  json.Integer("modified", modified_ns);
  json.Count("device", device);
  json.Count("inode", inode);
  WriteFingerprint("prefix", prefix, &json);
  WriteFingerprint("marker", marker, &json);
  json.KnownText("wrapping", wrapping);
  json.KnownText("stream", std_stream);
  if (done > raw) json.Count("done", done);
  if (from > 0) json.Count("from", from);
  if (since_ms != INT64_MIN) json.Integer("since", since_ms);
  WritePath("after", after, &json);
  if (seek) json.Count("seek", *seek);
  json.Close();
  return std::string(out.view());
}

std::optional<FilePosition> FilePosition::FromJson(std::string_view json) {
  simdjson::dom::parser parser;
  Object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  FilePosition position;
  ReadPath(object, "file", &position.file);
  if (position.file.empty()) return std::nullopt;
  ReadPath(object, "path", &position.path);
  ReadPath(object, "real", &position.real);
  ReadMember(object, "raw", &position.raw);
  ReadMember(object, "content", &position.content);
  ReadMember(object, "size", &position.size);
  ReadMember(object, "modified", &position.modified_ns);
  ReadMember(object, "device", &position.device);
  ReadMember(object, "inode", &position.inode);
  ReadFingerprint(object, "prefix", &position.prefix);
  ReadFingerprint(object, "marker", &position.marker);
  ReadMember(object, "wrapping", &position.wrapping);
  ReadMember(object, "stream", &position.std_stream);
  ReadMember(object, "done", &position.done);
  ReadMember(object, "from", &position.from);
  ReadMember(object, "since", &position.since_ms);
  ReadPath(object, "after", &position.after);
  ReadMember(object, "seek", &position.seek);
  return position;
}

}  // namespace sparktail
