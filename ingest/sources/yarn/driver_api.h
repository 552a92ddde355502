#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sparktail {

// Parsers for the responses of a driver's REST API (/api/v1). Errors are kInvalidArgument: the
// response is not what was requested.

// "cluster" or "client"; empty if the environment does not have the deploy mode.
absl::StatusOr<std::string> ParseDeployMode(std::string_view environment_json);

// A Spark job.
struct SparkJob {
  int64_t id = 0;
  std::string json;    // Spark's text, without white space
  std::string status;  // RUNNING, SUCCEEDED, FAILED, UNKNOWN
  std::optional<absl::Time> submitted;
  std::optional<absl::Time> completed;
  std::vector<int64_t> stages;
  std::optional<int64_t> batch_ms;  // time of the DStream batch to which the job belongs

  bool has_ended() const { return completed.has_value(); }
};
absl::StatusOr<std::vector<SparkJob>> ParseJobs(std::string_view json);

// All attempts of one stage, as a JSON array without white space.
absl::StatusOr<std::string> ParseStage(std::string_view json);

// A batch of DStreams. Times and durations are in milliseconds.
struct SparkBatch {
  int64_t time = 0;    // since 1970; it names the batch
  std::string status;  // completed, failed; if it has not ended: queued, processing
  std::optional<int64_t> scheduling_delay;
  std::optional<int64_t> processing;
  std::optional<int64_t> total_delay;
  std::optional<int64_t> records;
  std::optional<int64_t> jobs;

  bool has_ended() const { return status == "completed" || status == "failed"; }
};
// Parses the response of /streaming/batches. The oldest batch comes first.
absl::StatusOr<std::vector<SparkBatch>> ParseBatches(std::string_view json);
// True for the body with which a driver without DStreams reports /streaming missing. Before
// Spark 2.2 no driver has the endpoint, and the body is another one.
bool SaysNoStreams(std::string_view body);
// Rebuilds batches from jobs, for Spark versions without /streaming: a job's description names its
// batch. A batch has ended when a later one has begun and none of its jobs runs. The oldest batch
// comes first.
std::vector<SparkBatch> BatchesOf(const std::vector<SparkJob>& jobs);

struct SparkReceiver {
  std::string name;
  std::optional<double> event_rate;  // average events per second
  bool is_active = false;
  std::string executor;
  std::string last_error;
};
absl::StatusOr<std::vector<SparkReceiver>> ParseReceivers(std::string_view json);

// Parses Spark's "2026-11-21T15:59:05.317GMT". Times before 1970 and after 2527 are rejected.
std::optional<absl::Time> ParseSparkTime(std::string_view text);

}  // namespace sparktail
