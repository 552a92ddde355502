#include "ingest/sources/yarn/driver_api.h"

#include <absl/functional/function_ref.h>
#include <re2/re2.h>
#include <simdjson.h>

#include <algorithm>
#include <map>
#include <utility>

#include "ingest/sources/yarn/yarn_answer.h"
#include "parsers/json_member.h"

namespace sparktail {
namespace {

using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// In the year 2527; JobKey() cannot hold a later time.
constexpr int64_t kEndOfTime = int64_t{1} << 44;

// `ms`: milliseconds since 1970.
bool IsTime(int64_t ms) { return ms >= 0 && ms < kEndOfTime; }

// Calls `take` with each object of a JSON array. `what` names the array in the error.
absl::Status ForEachObject(std::string_view json, std::string_view what,
                           absl::FunctionRef<void(const object& from)> take) {
  simdjson::dom::parser parser;
  array list;
  if (parser.parse(json.data(), json.size()).get(list) != SUCCESS) return WrongResponse(what);
  for (const element& one : list) {
    object from;
    if (one.get(from) != SUCCESS) return WrongResponse(what);
    take(from);
  }
  return absl::OkStatus();
}

// The text of each element of a minified JSON array. It is Spark's own text, so numbers and escapes
// stay as Spark wrote them.
std::vector<std::string_view> MembersOf(std::string_view minified) {
  std::vector<std::string_view> members;
  size_t depth = 0;
  size_t begin = 1;
  bool in_string = false;
  for (size_t at = 0; at < minified.size(); ++at) {
    const char c = minified[at];
    if (in_string) {
      if (c == '\\') ++at;
      in_string = c != '"';
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    const bool ends = (depth == 0 && c == ']') || (depth == 1 && c == ',');
    if (ends && at > begin) members.push_back(minified.substr(begin, at - begin));
    if (ends) begin = at + 1;
  }
  return members;
}

absl::StatusOr<std::string> Minified(std::string_view json) {
  std::string minified(json.size(), '\0');
  size_t size = 0;
  if (simdjson::minify(json.data(), json.size(), minified.data(), size) != SUCCESS) {
    return WrongResponse("JSON");
  }
  minified.resize(size);
  return minified;
}

// "Streaming job from <a href="/streaming/batch/?id=1795276750000">[output operation 0, …"
std::optional<int64_t> BatchIn(std::string_view description) {
  static const auto& pattern =
      *new RE2("^(?s:Streaming job from .*?/streaming/batch/\\?id=)([0-9]+)");
  int64_t time = 0;
  const bool is_there = RE2::PartialMatch({description.data(), description.size()}, pattern, &time);
  if (!is_there || !IsTime(time)) return std::nullopt;
  return time;
}

std::optional<SparkJob> JobOf(const object& from, std::string_view json) {
  SparkJob job;
  if (!ReadMember(from, "jobId", &job.id) || job.id < 0) return std::nullopt;
  job.json = json;
  job.status = TextMember(from, "status");
  job.submitted = ParseSparkTime(TextMember(from, "submissionTime"));
  job.completed = ParseSparkTime(TextMember(from, "completionTime"));
  job.batch_ms = BatchIn(TextMember(from, "description"));
  array stages;
  if (from["stageIds"].get(stages) == SUCCESS) {
    for (const element& stage : stages) {
      int64_t number = 0;
      if (stage.get(number) == SUCCESS && number >= 0) job.stages.push_back(number);
    }
  }
  std::sort(job.stages.begin(), job.stages.end());
  return job;
}

std::string StatusOf(std::string_view spark) {
  if (spark == "COMPLETED") return "completed";
  if (spark == "FAILED") return "failed";
  return spark == "PROCESSING" ? "processing" : "queued";
}

std::optional<SparkBatch> BatchOf(const object& from) {
  SparkBatch batch;
  if (!ReadMember(from, "batchId", &batch.time) || !IsTime(batch.time)) return std::nullopt;
  batch.status = StatusOf(TextMember(from, "status"));
  ReadMember(from, "schedulingDelay", &batch.scheduling_delay);
  ReadMember(from, "processingTime", &batch.processing);
  ReadMember(from, "totalDelay", &batch.total_delay);
  ReadMember(from, "inputSize", &batch.records);
  // A batch is COMPLETED whatever became of its output operations.
  int64_t failed = 0;
  ReadMember(from, "numFailedOutputOps", &failed);
  if (batch.status == "completed" && failed > 0) batch.status = "failed";
  return batch;
}

// Sums up the jobs of one batch.
struct JobsOfBatch {
  absl::Time begin = absl::InfiniteFuture();
  absl::Time end = absl::InfinitePast();
  int64_t jobs = 0;
  bool runs = false;
  bool failed = false;
};

}  // namespace

absl::StatusOr<std::string> ParseDeployMode(std::string_view environment_json) {
  simdjson::dom::parser parser;
  array properties;
  if (parser.parse(environment_json.data(), environment_json.size())["sparkProperties"].get(
          properties) != SUCCESS) {
    return WrongResponse("the environment of a driver");
  }
  for (const element& property : properties) {
    std::string_view name;
    std::string_view value;
    if (property.at(0).get(name) != SUCCESS || property.at(1).get(value) != SUCCESS) continue;
    if (name != "spark.submit.deployMode") continue;
    if (value == "cluster" || value == "client") return std::string(value);
  }
  return "";
}

absl::StatusOr<std::vector<SparkJob>> ParseJobs(std::string_view json) {
  const absl::StatusOr<std::string> minified = Minified(json);
  if (!minified.ok()) return minified.status();
  const std::vector<std::string_view> texts = MembersOf(*minified);
  std::vector<SparkJob> jobs;
  size_t at = 0;
  const absl::Status status = ForEachObject(*minified, "a list of jobs", [&](const object& from) {
    const std::string_view text = at < texts.size() ? texts[at] : "";
    ++at;
    if (std::optional<SparkJob> job = JobOf(from, text)) jobs.push_back(*std::move(job));
  });
  if (!status.ok()) return status;
  if (at != texts.size()) return WrongResponse("a list of jobs");
  return jobs;
}

absl::StatusOr<std::string> ParseStage(std::string_view json) {
  absl::StatusOr<std::string> minified = Minified(json);
  if (!minified.ok()) return minified.status();
  bool is_stage = true;
  const absl::Status status = ForEachObject(*minified, "a stage", [&](const object& attempt) {
    int64_t id = 0;
    is_stage = is_stage && ReadMember(attempt, "stageId", &id);
  });
  if (!status.ok()) return status;
  if (!is_stage) return WrongResponse("a stage");
  return minified;
}

absl::StatusOr<std::vector<SparkBatch>> ParseBatches(std::string_view json) {
  std::vector<SparkBatch> batches;
  const absl::Status status = ForEachObject(json, "a list of batches", [&](const object& from) {
    if (std::optional<SparkBatch> batch = BatchOf(from)) batches.push_back(*std::move(batch));
  });
  if (!status.ok()) return status;
  std::sort(batches.begin(), batches.end(),
            [](const SparkBatch& a, const SparkBatch& b) { return a.time < b.time; });
  return batches;
}

bool SaysNoStreams(std::string_view body) {
  return body.find("no streaming listener") != std::string_view::npos;
}

std::vector<SparkBatch> BatchesOf(const std::vector<SparkJob>& jobs) {
  std::map<int64_t, JobsOfBatch> found;
  for (const SparkJob& job : jobs) {
    if (!job.batch_ms) continue;
    JobsOfBatch& batch = found[*job.batch_ms];
    ++batch.jobs;
    batch.begin = std::min(batch.begin, job.submitted.value_or(absl::InfiniteFuture()));
    batch.end = std::max(batch.end, job.completed.value_or(absl::InfinitePast()));
    batch.runs = batch.runs || !job.has_ended();
    batch.failed = batch.failed || job.status == "FAILED";
  }
  std::vector<SparkBatch> batches;
  for (const auto& [time, of] : found) {
    SparkBatch batch;
    batch.time = time;
    batch.jobs = of.jobs;
    // The last batch may still get more jobs.
    const bool is_last = time == found.rbegin()->first;
    const bool has_times = of.begin != absl::InfiniteFuture();
    batch.status = of.runs || is_last || !has_times ? "processing"
                   : of.failed                      ? "failed"
                                                    : "completed";
    if (has_times) batch.scheduling_delay = absl::ToUnixMillis(of.begin) - time;
    if (batch.has_ended()) {
      batch.processing = absl::ToInt64Milliseconds(of.end - of.begin);
      batch.total_delay = absl::ToUnixMillis(of.end) - time;
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

absl::StatusOr<std::vector<SparkReceiver>> ParseReceivers(std::string_view json) {
  std::vector<SparkReceiver> receivers;
  const absl::Status status = ForEachObject(json, "a list of receivers", [&](const object& from) {
    SparkReceiver receiver;
    receiver.name = TextMember(from, "streamName");
    receiver.executor = TextMember(from, "executorId");
    receiver.last_error = TextMember(from, "lastErrorMessage");
    ReadMember(from, "isActive", &receiver.is_active);
    ReadMember(from, "avgEventRate", &receiver.event_rate);
    receivers.push_back(std::move(receiver));
  });
  if (!status.ok()) return status;
  return receivers;
}

std::optional<absl::Time> ParseSparkTime(std::string_view text) {
  if (!text.ends_with("GMT")) return std::nullopt;
  text.remove_suffix(3);
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%dT%H:%M:%E*S", {text.data(), text.size()}, absl::UTCTimeZone(),
                       &time, &error)) {
    return std::nullopt;
  }
  if (!IsTime(absl::ToUnixMillis(time)))
    return std::nullopt;  // ParseTime() also accepts "infinite-future"
  return time;
}

}  // namespace sparktail
