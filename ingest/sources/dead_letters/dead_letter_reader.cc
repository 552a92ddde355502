#include "ingest/sources/dead_letters/dead_letter_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <optional>

#include "parsers/timestamp.h"

namespace sparktail {
namespace {

namespace dom = simdjson::dom;
namespace od = simdjson::ondemand;

// The beginning of each line of DeadLetters.
constexpr std::string_view kBeginning = R"({"time":")";
constexpr std::string_view kSpace = " \t\r";

// Parsers that grew for a larger line are replaced.
constexpr size_t kKeptCapacity = size_t{4} << 20;

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(kSpace) == std::string_view::npos;
}

// Valid JSON that simdjson can't parse.
bool IsExtreme(simdjson::error_code error) {
  return error == simdjson::NUMBER_ERROR || error == simdjson::STRING_ERROR ||
         error == simdjson::DEPTH_ERROR;
}

bool IsBeginningOfOne(std::string_view line) {
  return line.starts_with(kBeginning) || kBeginning.starts_with(line);
}

// Returns an empty view if the member is missing or not a string.
std::string_view TextOf(dom::object object, std::string_view key) {
  std::string_view text;
  if (object.at_key(key).get_string().get(text)) return {};
  return text;
}

bool TakeKind(std::string_view name, EventKind* kind) {
  const auto* found = std::find(kEventKindNames.begin(), kEventKindNames.end(), name);
  if (found == kEventKindNames.end()) return false;
  *kind = static_cast<EventKind>(found - kEventKindNames.begin());
  return true;
}

bool TakeId(std::string_view text, EventId* id) {
  const bool is_id = text.size() == id->size() && std::all_of(text.begin(), text.end(), [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                     });
  if (is_id) std::copy(text.begin(), text.end(), id->begin());
  return is_id;
}

}  // namespace

struct DeadLetterReader::Json {
  dom::parser checker;
  od::parser locator;  // finds the place of a value in the line, which the DOM does not know
  dom::element document;
};

DeadLetterReader::DeadLetterReader() : json_(std::make_unique<Json>()) {}
DeadLetterReader::~DeadLetterReader() = default;

DeadLetterReader::Result DeadLetterReader::Read(PaddedView line, bool has_newline,
                                                DeadLetter* letter) {
  *letter = {};
  why_ = {};
  if (IsBlank(line.text())) return Result::kBlank;
  if (json_->checker.capacity() > kKeptCapacity && line.size() <= kKeptCapacity) {
    *json_ = Json();
  }
  dom::element whole;
  const auto error =
      json_->checker.parse(line.data(), line.size(), /*realloc_if_needed=*/false).get(whole);
  if (error) {
    if (!has_newline && IsBeginningOfOne(line.text())) return Result::kCut;
    if (line[0] == '{' && IsExtreme(error)) {
      return Fail(Result::kUnfit,
                  "a number, a string or the depth of its JSON is beyond all limits");
    }
    return Fail(Result::kOther, "it is not a JSON object on one line");
  }
  dom::object members;
  if (whole.get_object().get(members)) return Fail(Result::kOther, "it is not a JSON object");
  if (members.at_key("document").get(json_->document)) {
    return Fail(Result::kOther, "it has no \"document\"");
  }
  letter->sink = TextOf(members, "sink");
  const Result result = ReadDocument(letter);
  if (result == Result::kEvent && !Locate(line, &letter->document)) {
    return Fail(Result::kOther, "it is not a JSON object");
  }
  return result;
}

DeadLetterReader::Result DeadLetterReader::ReadDocument(DeadLetter* letter) {
  if (json_->document.is_string()) {
    return Fail(Result::kUnfit, "its document is a string, because it was not JSON on one line");
  }
  dom::object document;
  if (json_->document.get_object().get(document)) {
    return Fail(Result::kUnfit, "its document is not a JSON object");
  }
  if (!TakeId(TextOf(document, "id"), &letter->id)) {
    return Fail(Result::kUnfit, "the id of its document is not 32 hex digits");
  }
  if (!TakeKind(TextOf(document, "kind"), &letter->kind)) {
    return Fail(Result::kUnfit, "the kind of its document is unknown to this version");
  }
  letter->time_ms = ParseUtcMillis(TextOf(document, "@timestamp")).value_or(kNoTime);
  return Result::kEvent;
}

// Finds the document's text within the line.
bool DeadLetterReader::Locate(PaddedView line, std::string_view* document) {
  od::document json;
  od::object members;
  if (json_->locator.iterate(line.data(), line.size(), line.size() + kPadding).get(json) ||
      json.get_object().get(members)) {
    return false;
  }
  for (auto field : members) {
    std::string_view key;
    if (field.unescaped_key().get(key)) return false;
    if (key != "document") continue;
    od::object object;
    std::string_view raw;
    if (field.value().get_object().get(object) || object.raw_json().get(raw)) return false;
    *document = raw.substr(0, raw.rfind('}') + 1);
    return true;
  }
  return false;
}

DeadLetterReader::Result DeadLetterReader::Fail(Result result, std::string_view why) {
  why_ = why;
  return result;
}

}  // namespace sparktail
