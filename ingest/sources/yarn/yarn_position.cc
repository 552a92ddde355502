#include "ingest/sources/yarn/yarn_position.h"

#include <absl/strings/str_cat.h>
#include <simdjson.h>

#include "parsers/byte_buffer.h"
#include "parsers/json_member.h"
#include "parsers/json_writer.h"

namespace sparktail {

std::string YarnPosition::ToJson() const {
  ByteBuffer out;
  JsonWriter json(&out);
  json.Open();
  json.Text("kind", "yarn");
  json.KnownText("application", log.origin.application);
  json.KnownText("name", log.origin.name);
  json.KnownText("user", log.origin.user);
  json.KnownText("deployMode", log.origin.deploy_mode);
  json.KnownText("attempt", log.origin.attempt);
  if (log.origin.since_ms != INT64_MIN) json.Integer("since", log.origin.since_ms);
  json.KnownText("container", log.name.address.container);
  json.KnownText("containerUser", log.name.address.user);
  json.KnownText("node", log.name.address.node);
  json.KnownText("nodeId", log.name.node_id);
  json.KnownText("file", log.name.file);
  if (log.name.address.is_https) json.Boolean("https", true);
  if (is_inexact) json.Boolean("inexact", true);
  json.Close();
  return std::string(out.view());
}

std::optional<YarnPosition> YarnPosition::FromJson(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  YarnPosition position;
  YarnOrigin& origin = position.log.origin;
  LogName& name = position.log.name;
  ReadMember(object, "application", &origin.application);
  ReadMember(object, "name", &origin.name);
  ReadMember(object, "user", &origin.user);
  ReadMember(object, "deployMode", &origin.deploy_mode);
  ReadMember(object, "attempt", &origin.attempt);
  ReadMember(object, "since", &origin.since_ms);
  ReadMember(object, "container", &name.address.container);
  ReadMember(object, "containerUser", &name.address.user);
  ReadMember(object, "node", &name.address.node);
  ReadMember(object, "nodeId", &name.node_id);
  ReadMember(object, "file", &name.file);
  ReadMember(object, "https", &name.address.is_https);
  ReadMember(object, "inexact", &position.is_inexact);
  // They become parts of addresses.
  const bool is_good = IsApplicationId(origin.application) &&
                       IsContainerId(name.address.container) && IsFileName(name.address.user) &&
                       IsHostAndPort(name.address.node) && IsFileName(name.file) &&
                       (name.node_id.empty() || IsHostAndPort(name.node_id));
  if (!is_good) return std::nullopt;
  return position;
}

absl::Status MoveYarnCursor(uint64_t offset, Os* /*os*/, Cursor* cursor) {
  std::optional<YarnPosition> position = YarnPosition::FromJson(cursor->position);
  if (!position) {
    return absl::FailedPreconditionError(
        "is no log, but what YARN or a driver reports, which can't be read again from an offset; "
        "`sparktail offsets forget` drops the cursor");
  }
  if (offset > cursor->order) {
    return absl::OutOfRangeError("is known up to byte " + std::to_string(cursor->order) +
                                 " only; give an offset up to there");
  }
  // All events from there on are wanted, whatever start_at once said.
  position->log.origin.since_ms = INT64_MIN;
  cursor->position = position->ToJson();
  return absl::OkStatus();
}

StreamKey YarnStreamKey(std::string_view source, const YarnLog& log) {
  return {source, absl::StrCat(log.origin.application, "/", log.name.address.container, "/",
                               log.name.file)};
}

StreamKey YarnDriverKey(std::string_view source, const YarnOrigin& origin, std::string_view what) {
  std::string name = absl::StrCat(origin.application, "/", std::string(what));
  if (!origin.attempt.empty()) name.append("/").append(origin.attempt);
  return {source, name};
}

StreamKey YarnReportsKey(std::string_view source) { return {source, "applications"}; }

}  // namespace sparktail
