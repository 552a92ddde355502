#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sparktail {

// The application that a record belongs to. Unknown fields are empty.
struct Identity {
  std::string app_name;
  std::string app_id;
  std::string attempt;  // a number as text
  std::string container_id;
  std::string deploy_mode;  // cluster, client
  std::string spark_version;

  bool operator==(const Identity&) const = default;
};

// Facts about a stream that a source or the configuration proves. They override the log. Unknown
// ones are empty.
struct StreamFacts {
  std::string environment = "default";
  std::string source_name;
  std::string path;
  std::string host;                  // the machine that the log is from
  std::string kubernetes_namespace;  // of the pod
  std::string pod;
  std::string container;  // its name in the pod
  Identity identity;
  // The name of the stream in event ids, if the source or path proves it:
  // appId/containerId/logName, or namespace/pod/containerId. If it is empty, ids use the hash of
  // the stream's first line.
  std::string stream;
};

// Adds the facts that a path proves, and leaves the rest of `facts` unchanged.
//
// Paths of YARN prove application, container, attempt and stream. A log keeps its stream when it is
// rotated or compressed: ".1", ".2026-11-21-15", ".gz" and the like are removed from the log's
// name.
//   …/application_1537441422662_18819/container_e12_1537441422662_18819_01_000001/stderr
//
// Paths of Kubernetes prove namespace, pod and container; the first form also proves the
// container's id, and with it the stream. (NUMBER counts the container's restarts.)
//   …/containers/POD_NAMESPACE_CONTAINER-<64 hex digits>.log
//   …/pods/NAMESPACE_POD_UID/CONTAINER/NUMBER.log[.SUFFIX]
void AddFactsFromPath(std::string_view path, StreamFacts* facts);

// Reads application and attempt from a container id of YARN:
// container_[eEPOCH_]CLUSTER_APP_ATTEMPT_CONTAINER
// (org.apache.hadoop.yarn.api.records.ContainerId). nullopt if `text` is not such an id.
struct ContainerParts {
  std::string app_id;
  std::string attempt;
};
std::optional<ContainerParts> ParseContainerId(std::string_view text);

// Returns the container id in brackets in the prefix of a header, as in "[123] [container_e12_…] ";
// empty if there is none.
std::string_view FindContainerId(std::string_view prefix);

// Returns the application id at the beginning of `text`; empty if there is none. Spark's cluster
// managers use the forms application_N_N, local-N, app-YYYYMMDDhhmmss-NNNN, spark-<32 hex>.
std::string_view LeadingAppId(std::string_view text);

// Returns the application id in the path of an event log, as EventLogFileWriter logs it; empty if
// there is none.
//   …/application_1_2[_attempt][.codec][.inprogress]    …/eventlog_v2_local-1/events_1_local-1
std::string_view AppIdOfEventLog(std::string_view path);

}  // namespace sparktail
