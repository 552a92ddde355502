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
  WritePath("file", file.name, &json);
  WritePath("path", file.path, &json);
  WritePath("real", file.real, &json);
  json.Count("raw", place.raw);
  json.Count("content", place.content);
  json.Count("size", file.size);
  json.Integer("modified", file.modified_ns);
  json.Count("device", file.device);
  json.Count("inode", file.inode);
  WriteFingerprint("prefix", file.prefix, &json);
  WriteFingerprint("marker", place.marker, &json);
  json.KnownText("wrapping", place.wrapping);
  json.KnownText("stream", place.std_stream);
  if (place.done > place.raw) json.Count("done", place.done);
  if (place.from > 0) json.Count("from", place.from);
  if (place.since_ms != INT64_MIN) json.Integer("since", place.since_ms);
  WritePath("after", file.after, &json);
  if (place.seek) json.Count("seek", *place.seek);
  json.Close();
  return std::string(out.view());
}

std::optional<FilePosition> FilePosition::FromJson(std::string_view json) {
  simdjson::dom::parser parser;
  Object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  FilePosition position;
  ReadPath(object, "file", &position.file.name);
  if (position.file.name.empty()) return std::nullopt;
  ReadPath(object, "path", &position.file.path);
  ReadPath(object, "real", &position.file.real);
  ReadMember(object, "raw", &position.place.raw);
  ReadMember(object, "content", &position.place.content);
  ReadMember(object, "size", &position.file.size);
  ReadMember(object, "modified", &position.file.modified_ns);
  ReadMember(object, "device", &position.file.device);
  ReadMember(object, "inode", &position.file.inode);
  ReadFingerprint(object, "prefix", &position.file.prefix);
  ReadFingerprint(object, "marker", &position.place.marker);
  ReadMember(object, "wrapping", &position.place.wrapping);
  ReadMember(object, "stream", &position.place.std_stream);
  ReadMember(object, "done", &position.place.done);
  ReadMember(object, "from", &position.place.from);
  ReadMember(object, "since", &position.place.since_ms);
  ReadPath(object, "after", &position.file.after);
  ReadMember(object, "seek", &position.place.seek);
  return position;
}

}  // namespace sparktail
