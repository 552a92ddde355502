#include "sinks/opensearch/server_error.h"

#include <simdjson.h>

#include "sinks/opensearch/json_error.h"

namespace sparktail {
namespace {

namespace od = simdjson::ondemand;

constexpr int kMostCauses = 4;

void AppendReason(std::string_view text, ServerError* error) {
  if (text.empty()) return;
  if (!error->reason.empty()) error->reason += "; ";
  error->reason += text;
  if (error->reason.size() > ServerError::kMostBytes) {
    error->reason.resize(ServerError::kMostBytes);
    error->reason += " …";
  }
}

bool ReadObject(od::object& object, int causes, ServerError* error) {
  for (auto field : object) {
    std::string_view key;
    od::value value;
    if (field.unescaped_key().get(key) || field.value().get(value)) return false;
    od::json_type type{};
    if (value.type().get(type)) return false;
    if (type == od::json_type::string && (key == "type" || key == "reason")) {
      std::string_view text;
      if (value.get_string().get(text)) return false;
      if (key == "reason") AppendReason(text, error);
      if (key == "type" && error->type.empty()) error->type = text;
    } else if (type == od::json_type::object && key == "caused_by" && causes < kMostCauses) {
      od::object cause;
      if (value.get_object().get(cause) || !ReadObject(cause, causes + 1, error)) return false;
    }
  }
  return true;
}

}  // namespace

bool ReadError(od::value& value, ServerError* error) {
  od::json_type type{};
  if (value.type().get(type)) return false;
  if (type == od::json_type::string) {
    std::string_view text;
    if (value.get_string().get(text)) return false;
    AppendReason(text, error);
    return true;
  }
  if (type != od::json_type::object) return true;
  od::object object;
  return !value.get_object().get(object) && ReadObject(object, 0, error);
}

std::string ServerError::Text() const {
  if (type.empty()) return reason;
  return reason.empty() ? type : type + ": " + reason;
}

ServerError ReadServerError(std::string_view body) {
  ServerError error;
  const simdjson::padded_string json(body);
  od::parser parser;
  od::document document;
  od::value value;
  if (parser.iterate(json).get(document) || document["error"].get(value)) return {};
  if (!ReadError(value, &error)) return {};
  return error;
}

std::string DescribeResponse(const HttpResponse& response) {
  return DescribeResponse(response, ReadServerError(response.body).Text());
}

std::string DescribeResponse(const HttpResponse& response, std::string_view error) {
  if (response.failure != HttpFailure::kNone) return response.error;
  std::string text = "HTTP " + std::to_string(response.status);
  if (!error.empty()) return text.append(", ").append(error);
  if (!response.location.empty()) return text + ", a redirect, which is not followed";
  if (!response.content_type.empty()) text += ", a response of type " + response.content_type;
  return text;
}

}  // namespace sparktail
