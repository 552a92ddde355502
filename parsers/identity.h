#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sparktail {

// Which application a record belongs to. What is not known is empty.
struct Identity {
  std::string app_name;
  std::string app_id;
  std::string attempt;  // number as text
  std::string container_id;
  std::string deploy_mode;  // cluster, client
  std::string spark_version;

  bool operator==(const Identity&) const = default;
};

// What a source or the configuration proves about a stream; it overrides what the log says.
struct StreamFacts {
  std::string environment = "default";
  std::string source_name;
  std::string path;                  // empty: not known, like all that follow
  std::string host;                  // the machine that the log is from
  std::string kubernetes_namespace;  // of the pod
  std::string pod;
  std::string container;  // its name in the pod
  Identity identity;
  // Names the stream in ids where the source or path proves it: appId/containerId/logName, or
  // namespace/pod/containerId. Empty: the hash of the stream's first line is used.
  std::string stream;
};

// Reads what a path proves, and leaves the rest of `facts` alone.
//
// YARN's: application, container, attempt and stream. A log keeps its stream when it is rotated or
// compressed: the log's name is without ".1", ".2026-11-21-15", ".gz" and the like.
//   …/application_1537441422662_18819/container_e12_1537441422662_18819_01_000001/stderr
//
// Those of Kubernetes: namespace, pod and container; the first also the container's id, and with
// it the stream. (NUMBER counts the container's restarts.)
//   …/containers/POD_NAMESPACE_CONTAINER-<64 hex digits>.log
//   …/pods/NAMESPACE_POD_UID/CONTAINER/NUMBER.log[.SUFFIX]
void AddFactsFromPath(std::string_view path, StreamFacts* facts);

// Application and attempt of container_[eEPOCH_]CLUSTER_APP_ATTEMPT_CONTAINER
// (org.apache.hadoop.yarn.api.records.ContainerId), if `text` is one.
struct ContainerParts {
  std::string app_id;
  std::string attempt;
};
std::optional<ContainerParts> ParseContainerId(std::string_view text);

// The container id that stands in brackets in the prefix of a header, as layouts print it, e.g.
// "[123] [container_e12_…] "; empty if there is none.
std::string_view FindContainerId(std::string_view prefix);

// The application id at the beginning of `text`, in one of the forms that Spark's cluster
// managers give out: application_N_N, local-N, app-YYYYMMDDhhmmss-NNNN, spark-<32 hex>.
std::string_view LeadingAppId(std::string_view text);

// The application id of an event log's path, as EventLogFileWriter logs it:
//   …/application_1_2[_attempt][.codec][.inprogress]    …/eventlog_v2_local-1/events_1_local-1
std::string_view AppIdOfEventLog(std::string_view path);

}  // namespace sparktail
