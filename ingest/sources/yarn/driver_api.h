#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sparktail {

// What a driver's REST API (/api/v1) answers. Errors are kInvalidArgument: the answer is not what
// was asked for.

// "cluster" or "client"; empty if the environment does not say.
absl::StatusOr<std::string> ParseDeployMode(std::string_view environment_json);

// A job, or a batch of DStreams that was rebuilt of jobs.
struct SparkJob {
  int64_t id = 0;
  std::string json;    // as Spark printed it, without white space
  std::string status;  // RUNNING, SUCCEEDED, FAILED, UNKNOWN
  std::optional<absl::Time> submitted;
  std::optional<absl::Time> completed;
  std::vector<int64_t> stages;
  std::optional<int64_t> batch_ms;  // the time of the DStream batch to which it belongs

  bool has_ended() const { return completed.has_value(); }
};
absl::StatusOr<std::vector<SparkJob>> ParseJobs(std::string_view json);

// All attempts of one stage, as a JSON array without white space.
absl::StatusOr<std::string> ParseStage(std::string_view json);

// A batch of DStreams. Times are in milliseconds.
struct SparkBatch {
  int64_t time = 0;    // since 1970, for which it is named
  std::string status;  // completed, failed; of one that has not ended: queued, processing
  std::optional<int64_t> scheduling_delay;
  std::optional<int64_t> processing;
  std::optional<int64_t> total_delay;
  std::optional<int64_t> records;
  std::optional<int64_t> jobs;

  bool has_ended() const { return status == "completed" || status == "failed"; }
};
// Of /streaming/batches; the oldest first.
absl::StatusOr<std::vector<SparkBatch>> ParseBatches(std::string_view json);
// Of versions that have no /streaming: of the jobs of each batch, as their descriptions tell. A
// batch has ended when a later one has begun and none of its jobs runs. The oldest first.
std::vector<SparkBatch> BatchesOf(const std::vector<SparkJob>& jobs);

struct SparkReceiver {
  std::string name;
  std::optional<double> event_rate;  // a second, on average
  std::optional<int64_t> id;
  bool is_active = false;
  std::string executor;
  std::string last_error;
};
absl::StatusOr<std::vector<SparkReceiver>> ParseReceivers(std::string_view json);

// Spark's "2026-11-21T15:59:05.317GMT". Nothing before 1970 is a time, nor after 2500.
std::optional<absl::Time> ParseSparkTime(std::string_view text);

}  // namespace sparktail
