#include "ingest/sources/yarn/resource_manager.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "ingest/base/utf8.h"

namespace sparktail {
namespace {

using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr size_t kLongestText = 1024;
constexpr size_t kLongestDiagnostics = 8192;

std::string Text(const object& from, std::string_view name, size_t most = kLongestText) {
  std::string_view text;
  if (from[name].get(text) != SUCCESS) return "";
  return ValidUtf8(text, most);
}

std::optional<int64_t> Number(const object& from, std::string_view name) {
  int64_t number = 0;
  if (from[name].get(number) != SUCCESS) return std::nullopt;
  return number;
}

// The value is -1 once the application has ended.
std::optional<int64_t> Amount(const object& from, std::string_view name) {
  const std::optional<int64_t> number = Number(from, name);
  return number && *number >= 0 ? number : std::nullopt;
}

absl::Status NotThat(std::string_view what) {
  return absl::InvalidArgumentError("the response is not " + std::string(what));
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

std::vector<std::string> SplitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(part.size() + 1, text.size()));
  }
  return parts;
}

YarnApplication ApplicationOf(const object& app) {
  YarnApplication application;
  application.id = Text(app, "id");
  application.name = Text(app, "name");
  application.user = Text(app, "user");
  application.queue = Text(app, "queue");
  application.state = Text(app, "state");
  application.final_status = Text(app, "finalStatus");
  application.diagnostics = Text(app, "diagnostics", kLongestDiagnostics);
  application.node_id = Text(app, "masterNodeId");
  std::string logs = Text(app, "amContainerLogs");
  application.am_logs = ParseContainerAddress(logs);
  if (!application.am_logs) application.strange_logs = std::move(logs);
  application.containers = Amount(app, "runningContainers");
  application.memory_mb = Amount(app, "allocatedMB");
  application.vcores = Amount(app, "allocatedVCores");
  const std::optional<int64_t> finished = Number(app, "finishedTime");
  if (finished && *finished > 0) application.finished = absl::FromUnixMillis(*finished);
  application.tags = SplitAtCommas(Text(app, "applicationTags"));
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
    return NotThat("cluster information");
  }
  ClusterInfo cluster;
  cluster.is_active = Text(info, "haState") == "ACTIVE";
  cluster.started = absl::FromUnixMillis(Number(info, "startedOn").value_or(0));
  cluster.version = Text(info, "resourceManagerVersion");
  return cluster;
}

absl::StatusOr<std::vector<YarnApplication>> ParseApplications(std::string_view json) {
  simdjson::dom::parser parser;
  element apps;
  if (parser.parse(json.data(), json.size())["apps"].get(apps) != SUCCESS) {
    return NotThat("a list of applications");
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
    return NotThat("an application");
  }
  YarnApplication application = ApplicationOf(app);
  if (!IsApplicationId(application.id)) return NotThat("an application");
  return application;
}

absl::StatusOr<std::vector<YarnAttempt>> ParseAttempts(std::string_view json) {
  simdjson::dom::parser parser;
  element attempts;
  if (parser.parse(json.data(), json.size())["appAttempts"].get(attempts) != SUCCESS) {
    return NotThat("a list of attempts");
  }
  std::vector<YarnAttempt> all;
  element list;
  if (attempts["appAttempt"].get(list) != SUCCESS) return all;
  ForEach(list, [&](const object& from) {
    YarnAttempt attempt;
    attempt.number = Number(from, "id").value_or(0);
    attempt.am_logs = ParseContainerAddress(Text(from, "logsLink"));
    attempt.node_id = Text(from, "nodeId");
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
  return Text(exception, "message");
}

}  // namespace sparktail
