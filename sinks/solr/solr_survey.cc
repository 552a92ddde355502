#include "sinks/solr/solr_survey.h"

#include <absl/status/statusor.h>
#include <simdjson.h>

#include <memory>
#include <string>
#include <string_view>

#include "ingest/base/utf8.h"
#include "ingest/http/http_client.h"
#include "ingest/http/http_url.h"

namespace sparktail {
namespace {

constexpr size_t kMostName = 100;

Finding Judge(const SolrOptions& options, const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  std::string_view key;
  if (parser.parse(body).get(answer) || answer["uniqueKey"].get(key)) {
    return Finding::Broken("the server at this URL does not respond like Solr; check `urls`");
  }
  const std::string named = "collection " + options.collection;
  if (key == "id") return Finding::Ok("found the " + named + ", with id as its unique key");
  return Finding::Broken("the unique key of the " + named + " is " + ValidUtf8(key, kMostName) +
                         ": it must be id, or events that are sent again are stored twice");
}

}  // namespace

std::vector<Finding> SurveySolr(const SolrOptions& options, Log* log) {
  const absl::StatusOr<std::unique_ptr<HttpClient>> client =
      HttpClient::Make(log, "check", options.http);
  if (!client.ok()) return {Finding::Broken(client.status())};
  return SurveySolr(options, AskServers(client->get(), options.urls, options.request_timeout));
}

std::vector<Finding> SurveySolr(const SolrOptions& options, const AskServer& ask) {
  const HttpResponse response =
      ask({HttpMethod::kGet,
           "/" + EscapeUrlPart(options.collection) + "/schema/uniquekey?wt=json",
           "",
           {}});
  if (response.is_success()) return {Judge(options, response.body)};
  const absl::Status status = ToStatus(response, "look for the collection " + options.collection);
  std::string text(status.message());
  if (absl::IsNotFound(status)) text += "; create it, or check `urls` (…/solr) and `collection`";
  return {Finding::Broken(std::move(text))};
}

}  // namespace sparktail
