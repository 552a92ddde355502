#include "sinks/opensearch/dashboards.h"

#include <absl/status/statusor.h>
#include <absl/strings/str_replace.h>
#include <simdjson.h>

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/base/utf8.h"
#include "parsers/event_id.h"
#include "sinks/opensearch/index_template.h"
#include "sinks/opensearch/opensearch.ndjson.h"

namespace sparktail {
namespace {

namespace dom = simdjson::dom;

// Texts in the file that are replaced by the sink's own.
constexpr char kIdsBegin[] = R"("id":"sparktail-)";
constexpr char kIndices[] = R"("title":"monitor-yarn-*-*")";
constexpr char kTitlesBegin[] = R"("title":"Spark streams)";
constexpr char kMark[] = "[sparktail]";
constexpr std::string_view kMarkBegin = "[sparktail ";

constexpr size_t kMostReason = 400;

// OpenSearch Dashboards requires osd-xsrf, Kibana kbn-xsrf, against forged requests of browsers.
std::vector<std::string> Headers(std::string content_type) {
  return {"Content-Type: " + std::move(content_type), "osd-xsrf: true", "kbn-xsrf: true"};
}

// Returns `text` as a JSON string without its quotes.
std::string Escaped(std::string_view text) {
  const std::string quoted = JsonString(text);
  return quoted.substr(1, quoted.size() - 2);
}

std::string Objects(const OpenSearchOptions& options, const std::string& mark) {
  const std::string name = Escaped(options.template_name);
  // Titles omit the default name.
  const std::string title = options.template_name == OpenSearchOptions().template_name
                                ? "Spark streams"
                                : "Spark streams (" + name + ")";
  return absl::StrReplaceAll(std::string(kOpensearchNdjson),
                             {{kIdsBegin, R"("id":")" + name + "-"},
                              {kIndices, R"("title":)" + JsonString(IndexWildcard(options))},
                              {kTitlesBegin, R"("title":")" + title},
                              {kMark, mark}});
}

std::string DigestOf(const OpenSearchOptions& options) {
  return std::string(View(MakeEventId({Objects(options, kMark)})));
}

std::string OverviewId(const OpenSearchOptions& options) {
  return options.template_name + "-overview";
}

enum class State : uint8_t { kMissing, kEqual, kStale, kForeign };

// Finds the dashboard in exported lines, and judges the mark in its description.
State Judge(const OpenSearchOptions& options, std::string_view lines) {
  dom::parser parser;
  while (!lines.empty()) {
    const std::string line(lines.substr(0, lines.find('\n')));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    dom::element object;
    std::string_view id;
    if (parser.parse(line).get(object) || object["id"].get(id) || id != OverviewId(options)) {
      continue;
    }
    std::string_view description;
    if (object["attributes"]["description"].get(description)) return State::kForeign;
    if (description.ends_with(std::string(kMarkBegin) + DigestOf(options) + "]")) {
      return State::kEqual;
    }
    // A user who imported the file by hand has the unchanged mark.
    const bool is_ours = description.find(kMarkBegin) != std::string_view::npos ||
                         description.find(kMark) != std::string_view::npos;
    return is_ours ? State::kStale : State::kForeign;
  }
  return State::kMissing;
}

absl::Status NoDashboards(const OpenSearchOptions& options) {
  return absl::FailedPreconditionError(
      "the server at " + options.dashboards_url +
      " does not respond like OpenSearch Dashboards or Kibana; check `dashboards_url`");
}

absl::StatusOr<State> LookForDashboard(const OpenSearchOptions& options, const AskServer& ask) {
  const HttpResponse response =
      ask({HttpMethod::kPost, "/api/saved_objects/_export",
           R"({"objects":[{"type":"dashboard","id":)" + JsonString(OverviewId(options)) +
               R"(}],"excludeExportDetails":true})",
           Headers("application/json")});
  if (response.is_success()) return Judge(options, response.body);
  // Exporting a missing object is a 400 that names the object with a 404.
  if (response.status == 400 && response.body.find(OverviewId(options)) != std::string::npos) {
    return State::kMissing;
  }
  const absl::Status status = ToStatus(response, "look for the dashboard");
  const bool is_wrong_server = absl::IsNotFound(status) || absl::IsUnimplemented(status);
  return is_wrong_server ? NoDashboards(options) : status;
}

// RFC 7578. No object contains the boundary.
std::string FormData(const std::string& boundary, const std::string& objects) {
  return "--" + boundary +
         "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"sparktail.ndjson\"\r\n"
         "Content-Type: application/ndjson\r\n\r\n" +
         objects + "\r\n--" + boundary + "--\r\n";
}

// {"success": true, "successCount": 13} or {"success": false, "errors": [{"id", "error":
// {"type"}}]}
absl::Status ReadImport(const OpenSearchOptions& options, const std::string& body) {
  dom::parser parser;
  dom::element answer;
  bool success = false;
  if (parser.parse(body).get(answer) || answer["success"].get(success)) {
    return NoDashboards(options);
  }
  if (success) return absl::OkStatus();
  std::string errors;
  dom::element list;
  if (!answer["errors"].get(list)) errors = simdjson::minify(list);
  return absl::FailedPreconditionError("the dashboard was imported only in part: " +
                                       ValidUtf8(errors, kMostReason));
}

absl::Status Import(const OpenSearchOptions& options, const AskServer& ask) {
  const std::string boundary = "sparktail-" + DigestOf(options);
  const HttpResponse response = ask({HttpMethod::kPost, "/api/saved_objects/_import?overwrite=true",
                                     FormData(boundary, DashboardObjects(options)),
                                     Headers("multipart/form-data; boundary=" + boundary)});
  if (!response.is_success()) return ToStatus(response, "import the dashboard");
  return ReadImport(options, response.body);
}

std::string Named(const OpenSearchOptions& options) {
  return "dashboard " + OverviewId(options) + " (" + options.dashboards_url + ")";
}

Finding NotOurs(const OpenSearchOptions& options) {
  return Finding::Doubt("the " + Named(options) +
                        " has no mark of sparktail: it is yours, and stays unchanged");
}

}  // namespace

std::string DashboardObjects(const OpenSearchOptions& options) {
  return Objects(options, std::string(kMarkBegin) + DigestOf(options) + "]");
}

Finding SetUpDashboards(const OpenSearchOptions& options, const AskServer& ask) {
  const absl::StatusOr<State> state = LookForDashboard(options, ask);
  if (!state.ok()) return Finding::Broken(state.status());
  if (*state == State::kForeign) return NotOurs(options);
  if (*state == State::kEqual) return Finding::Ok("found the " + Named(options));
  const absl::Status status = Import(options, ask);
  if (!status.ok()) return Finding::Broken(status);
  return Finding::Ok((*state == State::kStale ? "replaced the " : "created the ") + Named(options) +
                     ", with its index pattern and saved searches");
}

Finding CheckDashboards(const OpenSearchOptions& options, const AskServer& ask) {
  const absl::StatusOr<State> state = LookForDashboard(options, ask);
  // Delivery does not depend on the dashboard.
  if (!state.ok()) return Finding::Doubt(state.status());
  switch (*state) {
    case State::kEqual:
      return Finding::Ok("found the " + Named(options));
    case State::kForeign:
      return NotOurs(options);
    case State::kMissing:
      return Finding::Doubt("the " + Named(options) + " is missing: sparktail setup creates it");
    case State::kStale:
      break;
  }
  return Finding::Doubt("the " + Named(options) + " is older: sparktail setup replaces it");
}

}  // namespace sparktail
