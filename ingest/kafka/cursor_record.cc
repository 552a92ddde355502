#include "ingest/kafka/cursor_record.h"

#include <simdjson.h>

#include <array>
#include <cstdio>
#include <memory>

#include "parsers/byte_buffer.h"
#include "parsers/json_writer.h"

namespace sparktail {
namespace {

constexpr int64_t kVersion = 1;

}  // namespace

std::string CursorRecord::ToJson() const {
  ByteBuffer out;
  JsonWriter json(&out);
  json.Open();
  json.Integer("version", kVersion);
  json.Count("offset", cursor.order);
  json.Text("position", cursor.position);
  json.Text("context", *cursor.context);
  json.Boolean("ended", cursor.ended);
  json.Integer("updated", updated_ms);
  json.Text("commit", commit);
  json.Close();
  return std::string(out.view());
}

std::optional<CursorRecord> CursorRecord::FromJson(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(simdjson::padded_string(json)).get(object) != simdjson::SUCCESS) return {};
  int64_t version = 0;
  if (object["version"].get(version) != simdjson::SUCCESS || version != kVersion) return {};
  CursorRecord record;
  std::string_view position;
  std::string_view context;
  std::string_view commit;
  const bool is_whole = object["offset"].get(record.cursor.order) == simdjson::SUCCESS &&
                        object["position"].get(position) == simdjson::SUCCESS &&
                        object["context"].get(context) == simdjson::SUCCESS &&
                        object["ended"].get(record.cursor.ended) == simdjson::SUCCESS &&
                        object["updated"].get(record.updated_ms) == simdjson::SUCCESS &&
                        object["commit"].get(commit) == simdjson::SUCCESS;
  if (!is_whole) return {};
  record.cursor.position = position;
  record.cursor.context = std::make_shared<const std::string>(context);
  record.commit = commit;
  return record;
}

std::string GroupOwner(std::string_view group) {
  std::string owner = "group:";
  for (const char c : group) {
    if (c != '/' && c != '%') {
      owner += c;
      continue;
    }
    std::array<char, 4> escaped{};
    std::snprintf(escaped.data(), escaped.size(), "%%%02X", static_cast<unsigned char>(c));
    owner += escaped.data();
  }
  return owner;
}

std::string CursorPrefix(std::string_view owner, std::string_view sink) {
  return std::string(owner) + "/" + std::string(sink);
}

}  // namespace sparktail
