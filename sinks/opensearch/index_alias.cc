#include "sinks/opensearch/index_alias.h"

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/http/http_url.h"
#include "sinks/opensearch/index_template.h"

namespace sparktail {
namespace {

namespace dom = simdjson::dom;

// Returns the indices of {"<index>": {"aliases": {"<alias>": {}}}} that lack `alias`; nothing if
// the response has another form.
std::optional<std::vector<std::string>> Lacking(const std::string& body, const std::string& alias) {
  dom::parser parser;
  dom::element answer;
  dom::object indices;
  if (parser.parse(body).get(answer) || answer.get(indices)) return std::nullopt;
  std::vector<std::string> lacking;
  for (const dom::key_value_pair index : indices) {
    dom::object aliases;
    dom::element found;
    if (index.value["aliases"].get(aliases)) return std::nullopt;
    if (aliases.at_key(alias).get(found)) lacking.emplace_back(index.key);
  }
  return lacking;
}

std::string AddJson(const std::vector<std::string>& indices, const std::string& alias) {
  std::string names;
  for (const std::string& index : indices) names += (names.empty() ? "" : ",") + JsonString(index);
  return R"({"actions":[{"add":{"indices":[)" + names + R"(],"alias":)" + JsonString(alias) +
         "}}]}";
}

}  // namespace

Finding SetUpIndexAlias(const OpenSearchOptions& options, const AskServer& ask) {
  const std::string named = "alias " + options.alias;
  if (options.data_stream)
    return Finding::Ok(named + " is for streams that are created from now on");
  const HttpResponse list =
      ask({HttpMethod::kGet, "/" + EscapeUrlPart(IndexWildcard(options)) + "/_alias", "", {}});
  if (!list.is_success()) {
    const absl::Status status = ToStatus(list, "look for indices without the " + named);
    if (!absl::IsNotFound(status)) return Finding::Broken(status);
  }
  const std::optional<std::vector<std::string>> lacking =
      Lacking(list.is_success() ? list.body : "{}", options.alias);
  if (!lacking)
    return Finding::Broken("cannot look for indices without the " + named +
                           ": the response can't be read; check `urls`");
  if (lacking->empty()) {
    return Finding::Ok("all indices have the " + named + ", and new ones will have it");
  }
  const HttpResponse added =
      ask({HttpMethod::kPost, "/_aliases", AddJson(*lacking, options.alias)});
  if (added.is_success()) {
    return Finding::Ok("added the " + named +
                       " to indices that lacked it: " + std::to_string(lacking->size()));
  }
  return Finding::Broken(
      std::string(ToStatus(added, "add the " + named + " to indices").message()));
}

}  // namespace sparktail
