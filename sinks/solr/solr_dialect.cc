#include "sinks/solr/solr_dialect.h"

#include <simdjson.h>

#include <utility>

#include "sinks/opensearch/server_error.h"

namespace sparktail {
namespace {

namespace od = simdjson::ondemand;

// commitWithin: milliseconds until new documents can be found, at the latest.
constexpr char kQuery[] = "/update/json/docs?commitWithin=5000";
constexpr size_t kMostTextBytes = 1000;

// {"responseHeader":{"status":0,…},"error":{"msg":"…","code":400}}
struct SolrAnswer {
  bool is_read = false;
  int64_t status = -1;
  std::string text;
};

SolrAnswer ReadAnswer(std::string_view body) {
  SolrAnswer answer;
  const simdjson::padded_string json(body);
  od::parser parser;
  od::document document;
  if (parser.iterate(json).get(document)) return answer;
  answer.is_read = !document["responseHeader"]["status"].get_int64().get(answer.status);
  std::string_view text;
  if (!document["error"]["msg"].get_string().get(text))
    answer.text = text.substr(0, kMostTextBytes);
  return answer;
}

}  // namespace

std::string SolrDialect::Path() const { return "/" + collection_ + kQuery; }

std::string SolrDialect::ContentType() const { return "application/json"; }

const std::string* SolrDialect::IndexOf(const EventBuffer& events, const EventRef& event) {
  EventFields fields;
  return reader_.Read(events, event, &fields) ? &collection_ : nullptr;
}

void SolrDialect::Write(const BulkItem& item,
                        absl::FunctionRef<void(std::string_view)> piece) const {
  piece(item.line);
}

BulkAnswer SolrDialect::Read(HttpResponse response, size_t items) {
  BulkAnswer answer;
  answer.outcome = OutcomeOfRequest(response);
  const SolrAnswer body = ReadAnswer(response.body);
  answer.why = DescribeResponse(response, body.text);
  if (response.status == 404) {
    answer.why += ": is there a collection " + collection_ + ", and do `urls` end in /solr?";
  }
  // A version conflict is not an error in the document.
  if (answer.outcome == RequestOutcome::kBlocked && response.status == 409) {
    answer.outcome = RequestOutcome::kAway;
  }
  if (answer.outcome != RequestOutcome::kAnswered) return answer;
  if (body.is_read && body.status == 0) {
    answer.items.resize(items);
    return answer;
  }
  answer.outcome = RequestOutcome::kUnreadable;
  answer.why = "the response can't be read (" + answer.why + "): is it from Solr?";
  return answer;
}

}  // namespace sparktail
