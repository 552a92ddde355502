#include "ingest/sources/yarn/yarn_answer.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ingest/sources/yarn/container_log.h"
#include "ingest/sources/yarn/host_queue.h"
#include "ingest/sources/yarn/resource_manager.h"

namespace sparktail {
namespace {

using Kind = YarnAnswer::Kind;
using Body = YarnAnswer::Body;

constexpr std::string_view TypeOf(Body body) {
  switch (body) {
    case Body::kJson:
      return "application/json";
    case Body::kHtml:
      return "text/html";
    case Body::kText:
      return "text/plain";
  }
  return "";
}

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool IsOfType(std::string_view content_type, Body wanted) {
  const std::string_view type = TypeOf(wanted);
  return content_type.size() >= type.size() &&
         std::equal(type.begin(), type.end(), content_type.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
         });
}

YarnAnswer Redirected(const HttpResponse& response) {
  if (Has(response.body, "This is standby RM") ||
      Has(response.body, "Can not find any active RM")) {
    return {Kind::kStandby, "it is a standby ResourceManager"};
  }
  const std::string to(HostOfUrl(response.location));
  return {Kind::kMoved, "it redirects to " + (to.empty() ? "nowhere" : to)};
}

// ": " and the server's own explanation, if the response has one.
std::string Said(const HttpResponse& response) {
  std::string said = RemoteExceptionIn(response.body);
  if (said.empty()) said = ReadLogPage(response.body).message;
  return said.empty() ? "" : ": " + said;
}

}  // namespace

YarnAnswer Classify(const HttpResponse& response, Body wanted) {
  if (response.failure != HttpFailure::kNone) return {Kind::kUnreachable, response.error};
  const int status = response.status;
  if (status == 401 || status == 403) {
    return {Kind::kRefused, "it denies access (" + std::to_string(status) +
                                "): check `auth` and the permissions of its user"};
  }
  if (status / 100 == 3) return Redirected(response);
  if (status == 404) return {Kind::kMissing, "it does not have this (404)" + Said(response)};
  if (status != 200)
    return {Kind::kWrong, "it returned status " + std::to_string(status) + Said(response)};
  if (IsOfType(response.content_type, wanted)) return {Kind::kGood, ""};
  if (IsOfType(response.content_type, Body::kHtml)) {
    return {Kind::kRefused, "it returned a web page instead of " + std::string(TypeOf(wanted)) +
                                ", perhaps a login page: check `auth`" + Said(response)};
  }
  return {Kind::kWrong, "it returned " +
                            (response.content_type.empty() ? "no type" : response.content_type) +
                            " instead of " + std::string(TypeOf(wanted))};
}

absl::Status WrongResponse(std::string_view what) {
  return absl::InvalidArgumentError("the response is not " + std::string(what));
}

HttpRequest JsonRequest(std::string url, absl::Duration timeout, size_t most_bytes) {
  HttpRequest request;
  request.url = std::move(url);
  request.timeout = timeout;
  request.most_bytes = most_bytes;
  request.headers = {"Accept: application/json"};
  return request;
}

absl::Status CheckJson(const HttpResponse& response) {
  const YarnAnswer answer = Classify(response, Body::kJson);
  if (answer.kind == Kind::kGood) return absl::OkStatus();
  return answer.kind == Kind::kMissing ? absl::NotFoundError(answer.why)
                                       : absl::UnavailableError(answer.why);
}

}  // namespace sparktail
