#include "parsers/parser_context.h"

#include <simdjson.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "parsers/byte_buffer.h"
#include "parsers/json_member.h"
#include "parsers/json_writer.h"

namespace sparktail {
namespace {

namespace dom = simdjson::dom;

constexpr int64_t kVersion = 1;  // and the oldest

struct IdentityField {
  std::string_view key;
  std::string Identity::*member;
};

constexpr IdentityField kIdentityFields[] = {
    {"appName", &Identity::app_name},       {"appId", &Identity::app_id},
    {"attempt", &Identity::attempt},        {"containerId", &Identity::container_id},
    {"deployMode", &Identity::deploy_mode}, {"sparkVersion", &Identity::spark_version},
};

// In the order of QueryRun::State.
constexpr std::string_view kStateNames[] = {"alive", "superseded", "ended"};

bool ReadState(dom::object object, QueryRun::State* state) {
  std::string name;
  if (!ReadMember(object, "state", &name)) return false;
  const auto* found = std::find(std::begin(kStateNames), std::end(kStateNames), name);
  *state = static_cast<QueryRun::State>(found - std::begin(kStateNames));
  return found != std::end(kStateNames);
}

bool ReadRuns(dom::object object, QueryRuns* runs) {
  dom::array array;
  bool complete = false;
  if (object["runs"].get(array) || !ReadMember(object, "complete", &complete)) return false;
  if (array.size() > QueryRuns::kMaxRuns) return false;
  std::vector<QueryRun> read;
  for (const dom::element element : array) {
    dom::object fields;
    QueryRun run;
    if (element.get(fields) || !ReadMember(fields, "id", &run.id) ||
        !ReadMember(fields, "runId", &run.run_id) || !ReadMember(fields, "name", &run.name) ||
        !ReadState(fields, &run.state)) {
      return false;
    }
    read.push_back(std::move(run));
  }
  *runs = QueryRuns::Restore(std::move(read), complete);
  return true;
}

}  // namespace

ParserContext ParserContext::OfSuccessor() const {
  ParserContext next = *this;
  next.first_line_hash.clear();
  return next;
}

std::string ParserContext::ToJson() const {
  ByteBuffer out;
  JsonWriter json(&out);
  json.Open();
  json.Integer("version", kVersion);
  for (const auto& [key, member] : kIdentityFields) json.Text(key, identity.*member);
  json.Boolean("awaitsBanner", awaits_banner);
  json.Boolean("beginsWithStamp", begins_with_stamp);
  json.Text("firstLineHash", first_line_hash);
  json.Boolean("complete", runs.complete());
  json.OpenArray("runs");
  for (const QueryRun& run : runs.runs()) {
    json.Open();
    json.Text("id", run.id);
    json.Text("runId", run.run_id);
    json.Text("name", run.name);
    json.Text("state", kStateNames[static_cast<size_t>(run.state)]);
    json.Close();
  }
  json.CloseArray();
  json.Close();
  return std::string(out.view());
}

std::optional<ParserContext> ParserContext::FromJson(std::string_view json) {
  dom::parser parser;
  dom::object object;
  int64_t version = 0;
  if (parser.parse(json.data(), json.size()).get(object)) return std::nullopt;
  const bool is_known =
      ReadMember(object, "version", &version) && version >= 1 && version <= kVersion;
  if (!is_known) return std::nullopt;
  ParserContext context;
  for (const auto& [key, member] : kIdentityFields) {
    if (!ReadMember(object, key, &(context.identity.*member))) return std::nullopt;
  }
  if (!ReadMember(object, "awaitsBanner", &context.awaits_banner) ||
      !ReadMember(object, "beginsWithStamp", &context.begins_with_stamp) ||
      !ReadMember(object, "firstLineHash", &context.first_line_hash) ||
      !ReadRuns(object, &context.runs)) {
    return std::nullopt;
  }
  return context;
}

}  // namespace sparktail
