#include "ingest/kafka/cursor_record.h"

#include <simdjson.h>

#include <array>
#include <cstdio>
#include <memory>
#include <utility>

#include "parsers/byte_buffer.h"
#include "parsers/json_member.h"
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
  if (!ReadMember(object, "version", &version) || version != kVersion) return {};
  CursorRecord record;
  std::string context;
  const bool is_whole = ReadMember(object, "offset", &record.cursor.order) &&
                        ReadMember(object, "position", &record.cursor.position) &&
                        ReadMember(object, "context", &context) &&
                        ReadMember(object, "ended", &record.cursor.ended) &&
                        ReadMember(object, "updated", &record.updated_ms) &&
                        ReadMember(object, "commit", &record.commit);
  if (!is_whole) return {};
  record.cursor.context = std::make_shared<const std::string>(std::move(context));
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
