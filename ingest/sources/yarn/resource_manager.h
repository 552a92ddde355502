#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/sources/yarn/yarn_names.h"

namespace sparktail {

// What a ResourceManager answers. Members that are not there are empty; ids that are none are as if
// they were not there. Errors are kInvalidArgument: the answer is not what was asked for.

struct ClusterInfo {
  bool is_active = false;
  absl::Time started;  // of this ResourceManager
  std::string version;
};
absl::StatusOr<ClusterInfo> ParseClusterInfo(std::string_view json);

struct YarnApplication {
  std::string id;
  std::string name;
  std::string user;
  std::string queue;
  std::vector<std::string> tags;
  std::string state;         // RUNNING
  std::string final_status;  // UNDEFINED
  std::string diagnostics;   // valid UTF-8, at most 8 KiB
  // Of the current attempt's ApplicationMaster; none between two attempts.
  std::optional<ContainerAddress> am_logs;
  std::string strange_logs;  // what stands there instead, if it is no address of a NodeManager's
  std::string node_id;
  std::optional<int64_t> containers;  // of an application that runs
  std::optional<int64_t> memory_mb;
  std::optional<int64_t> vcores;
  absl::Time finished = absl::InfiniteFuture();  // not yet

  // No other state follows.
  bool has_ended() const;
};
// The answer of /apps, or of /apps/<id>.
absl::StatusOr<std::vector<YarnApplication>> ParseApplications(std::string_view json);
absl::StatusOr<YarnApplication> ParseApplication(std::string_view json);

struct YarnAttempt {
  int64_t number = 0;
  std::optional<ContainerAddress> am_logs;  // none until it has a container
  std::string node_id;
};
// The answer of /apps/<id>/appattempts.
absl::StatusOr<std::vector<YarnAttempt>> ParseAttempts(std::string_view json);

// What a RemoteException says; empty if the answer is none.
std::string RemoteExceptionIn(std::string_view json);

}  // namespace sparktail
