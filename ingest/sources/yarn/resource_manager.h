#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/sources/yarn/yarn_names.h"

namespace sparktail {

// Parsers for the responses of a ResourceManager. Missing members are empty, and malformed ids
// count as missing. Errors are kInvalidArgument: the response is not what was requested.

struct ClusterInfo {
  bool is_active = false;
  std::string version;
};
absl::StatusOr<ClusterInfo> ParseClusterInfo(std::string_view json);

struct YarnApplication {
  std::string id;
  std::string name;
  std::string user;
  std::string queue;
  std::vector<std::string> tags;
  std::string state;         // for example RUNNING
  std::string final_status;  // for example UNDEFINED
  std::string diagnostics;   // valid UTF-8, at most 8 KiB
  // Logs of the current attempt's ApplicationMaster; empty between two attempts.
  std::optional<ContainerAddress> am_logs;
  std::string strange_logs;  // the address, if it is not one of a NodeManager's log
  std::string node_id;
  std::optional<int64_t> containers;  // only while the application runs
  std::optional<int64_t> memory_mb;
  std::optional<int64_t> vcores;

  // True if the state is final.
  bool has_ended() const;
};
// Parse the responses of /apps and /apps/<id>.
absl::StatusOr<std::vector<YarnApplication>> ParseApplications(std::string_view json);
absl::StatusOr<YarnApplication> ParseApplication(std::string_view json);

struct YarnAttempt {
  std::optional<ContainerAddress> am_logs;  // empty until it has a container
  std::string node_id;
};
// Parses the response of /apps/<id>/appattempts.
absl::StatusOr<std::vector<YarnAttempt>> ParseAttempts(std::string_view json);

// The message of a RemoteException; empty if the response is not one.
std::string RemoteExceptionIn(std::string_view json);

}  // namespace sparktail
