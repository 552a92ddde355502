#include "sinks/opensearch/opensearch_dialect.h"

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "sinks/opensearch/json_error.h"
#include "sinks/opensearch/server_error.h"

namespace sparktail {
namespace {

namespace od = simdjson::ondemand;

// Request only the members that are read: responses are a tenth as long.
constexpr char kPath[] =
    "/_bulk?filter_path=errors%2Citems.%2A.status%2Citems.%2A.failure_store%2Citems.%2A.error.type"
    "%2Citems.%2A.error.reason%2Citems.%2A.error.caused_by";

bool IsSuccess(uint64_t status) { return status / 100 == 2; }

// The index can't be created or is closed, so no event can be stored.
bool IsOfIndex(const ServerError& error) {
  if (error.type == "index_not_found_exception" || error.type == "index_closed_exception" ||
      error.type == "cluster_block_exception") {
    return true;
  }
  // "this action would add [2] total shards, but this cluster currently has [1000]/[1000] maximum
  // …"
  return error.reason.find("maximum shards open") != std::string::npos ||
         error.reason.find("maximum normal shards open") != std::string::npos;
}

ItemOutcome OutcomeOf(uint64_t status, const ServerError& error) {
  if (IsSuccess(status) || status == 409) return ItemOutcome::kDelivered;
  if (status == 429 || status == 408 || status >= 500) return ItemOutcome::kRetry;
  if (status == 401 || status == 403 || IsOfIndex(error)) return ItemOutcome::kBlocked;
  return ItemOutcome::kRejected;
}

// {"create":{"status":201}}
bool ReadItem(od::value& value, ItemAnswer* answer) {
  od::object outer;
  if (value.get_object().get(outer)) return false;
  std::optional<uint64_t> status;
  ServerError error;
  for (auto action : outer) {
    od::object inner;
    if (action.value().get_object().get(inner)) return false;
    for (auto field : inner) {
      std::string_view key;
      od::value member;
      if (field.unescaped_key().get(key) || field.value().get(member)) return false;
      if (key == "status") {
        uint64_t number = 0;
        if (member.get_uint64().get(number)) return false;
        status = number;
      } else if (key == "error") {
        if (!ReadError(member, &error)) return false;
      } else if (key == "failure_store") {
        std::string_view text;
        if (!member.get_string().get(text)) answer->in_failure_store = text == "used";
      }
    }
  }
  // OpenSearch never returns such a status for a document. The response is from something else, so
  // the outcome is unknown.
  if (!status || *status < 200 || *status / 100 == 3) return false;
  answer->outcome = OutcomeOf(*status, error);
  answer->was_there = *status == 409;
  if (answer->outcome == ItemOutcome::kDelivered) return true;
  answer->why = "status " + std::to_string(*status);
  const std::string text = error.Text();
  if (!text.empty()) answer->why += ", " + text;
  return true;
}

}  // namespace

struct OpenSearchDialect::Json {
  od::parser parser;

  bool ReadItems(std::string* body, std::vector<ItemAnswer>* items);
};

OpenSearchDialect::OpenSearchDialect(NamePattern index)
    : pattern_(std::move(index)), json_(std::make_unique<Json>()) {}

OpenSearchDialect::~OpenSearchDialect() = default;

std::string OpenSearchDialect::Path() const { return kPath; }

std::string OpenSearchDialect::ContentType() const { return "application/x-ndjson"; }

const std::string* OpenSearchDialect::IndexOf(const EventBuffer& events, const EventRef& event) {
  EventFields fields;
  if (!reader_.Read(events, event, &fields)) return nullptr;
  return &*names_.insert(pattern_.NameOf(fields, event.time_ms)).first;
}

// Names and ids contain no characters that JSON escapes.
void OpenSearchDialect::Write(const BulkItem& item,
                              absl::FunctionRef<void(std::string_view)> piece) const {
  piece(R"({"create":{"_index":")");
  piece(*item.index);
  piece(R"(","_id":")");
  piece(View(item.id));
  piece("\"}}\n");
  piece(item.line);
}

BulkAnswer OpenSearchDialect::Read(HttpResponse response, size_t items) {
  BulkAnswer answer;
  answer.outcome = OutcomeOfRequest(response);
  if (answer.outcome != RequestOutcome::kAnswered) {
    answer.why = DescribeResponse(response);
    return answer;
  }
  if (json_->ReadItems(&response.body, &answer.items) && answer.items.size() == items) {
    return answer;
  }
  answer.outcome = RequestOutcome::kUnreadable;
  answer.why = "the response can't be read, or lacks some events (" + DescribeResponse(response) +
               "): is it from OpenSearch, or from a proxy?";
  answer.items.clear();
  return answer;
}

bool OpenSearchDialect::Json::ReadItems(std::string* body, std::vector<ItemAnswer>* items) {
  body->reserve(body->size() + simdjson::SIMDJSON_PADDING);
  od::document document;
  od::array array;
  if (parser.iterate(*body).get(document) ||
      document.find_field_unordered("items").get_array().get(array)) {
    return false;
  }
  for (auto element : array) {
    od::value value;
    items->emplace_back();
    if (element.get(value) || !ReadItem(value, &items->back())) return false;
  }
  return true;
}

}  // namespace sparktail
