#include "ingest/sources/yarn/resource_manager.h"

#include <absl/strings/str_split.h>
#include <simdjson.h>

#include <utility>

#include "ingest/sources/yarn/yarn_answer.h"
#include "parsers/json_member.h"

namespace sparktail {
namespace {

using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr size_t kLongestDiagnostics = 8192;

// The value is -1 once the application has ended.
std::optional<int64_t> Amount(const object& from, std::string_view name) {
  std::optional<int64_t> number;
  ReadMember(from, name, &number);
  return number && *number >= 0 ? number : std::nullopt;
}

// Some versions write a list of one element as that element.
template <typename Take>
void ForEach(const element& list, const Take& take) {
  array many;
  object one;
  if (list.get(many) == SUCCESS) {
    for (const element& member : many) {
      if (member.get(one) == SUCCESS) take(one);
    }
  } else if (list.get(one) == SUCCESS) {
    take(one);
  }
}

YarnApplication ApplicationOf(const object& app) {
  YarnApplication application;
  application.id = TextMember(app, "id");
  application.name = TextMember(app, "name");
  application.user = TextMember(app, "user");
  application.queue = TextMember(app, "queue");
  application.state = TextMember(app, "state");
  application.final_status = TextMember(app, "finalStatus");
  application.diagnostics = TextMember(app, "diagnostics", kLongestDiagnostics);
  application.node_id = TextMember(app, "masterNodeId");
  std::string logs = TextMember(app, "amContainerLogs");
  application.am_logs = ParseContainerAddress(logs);
  if (!application.am_logs) application.strange_logs = std::move(logs);
  application.containers = Amount(app, "runningContainers");
  application.memory_mb = Amount(app, "allocatedMB");
  application.vcores = Amount(app, "allocatedVCores");
  application.tags = absl::StrSplit(TextMember(app, "applicationTags"), ',', absl::SkipEmpty());
  return application;
}

}  // namespace

bool YarnApplication::has_ended() const {
  return state == "FINISHED" || state == "FAILED" || state == "KILLED";
}

absl::StatusOr<ClusterInfo> ParseClusterInfo(std::string_view json) {
  simdjson::dom::parser parser;
  object info;
  if (parser.parse(json.data(), json.size())["clusterInfo"].get(info) != SUCCESS) {
    return WrongResponse("cluster information");
  }
  ClusterInfo cluster;
  cluster.is_active = TextMember(info, "haState") == "ACTIVE";
  cluster.version = TextMember(info, "resourceManagerVersion");
  return cluster;
}

absl::StatusOr<std::vector<YarnApplication>> ParseApplications(std::string_view json) {
  simdjson::dom::parser parser;
  element apps;
  if (parser.parse(json.data(), json.size())["apps"].get(apps) != SUCCESS) {
    return WrongResponse("a list of applications");
  }
  std::vector<YarnApplication> applications;
  element list;
  if (apps["app"].get(list) != SUCCESS) return applications;  // {} or null: no applications
  ForEach(list, [&](const object& app) {
    YarnApplication application = ApplicationOf(app);
    if (IsApplicationId(application.id)) applications.push_back(std::move(application));
  });
  return applications;
}

absl::StatusOr<YarnApplication> ParseApplication(std::string_view json) {
  simdjson::dom::parser parser;
  object app;
  if (parser.parse(json.data(), json.size())["app"].get(app) != SUCCESS) {
    return WrongResponse("an application");
  }
  YarnApplication application = ApplicationOf(app);
  if (!IsApplicationId(application.id)) return WrongResponse("an application");
  return application;
}

absl::StatusOr<std::vector<YarnAttempt>> ParseAttempts(std::string_view json) {
  simdjson::dom::parser parser;
  element attempts;
  if (parser.parse(json.data(), json.size())["appAttempts"].get(attempts) != SUCCESS) {
    return WrongResponse("a list of attempts");
  }
  std::vector<YarnAttempt> all;
  element list;
  if (attempts["appAttempt"].get(list) != SUCCESS) return all;
  ForEach(list, [&](const object& from) {
    YarnAttempt attempt;
    attempt.am_logs = ParseContainerAddress(TextMember(from, "logsLink"));
    attempt.node_id = TextMember(from, "nodeId");
    all.push_back(std::move(attempt));
  });
  return all;
}

std::string RemoteExceptionIn(std::string_view json) {
  simdjson::dom::parser parser;
  object exception;
  if (parser.parse(json.data(), json.size())["RemoteException"].get(exception) != SUCCESS) {
    return "";
  }
  return TextMember(exception, "message");
}

}  // namespace sparktail
