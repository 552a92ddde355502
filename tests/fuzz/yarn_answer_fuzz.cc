// Responses of a ResourceManager or a driver. For any response, addresses are valid, Spark's own
// text stays JSON, and results that are promised in an order are in that order.

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ingest/sources/yarn/driver_api.h"
#include "ingest/sources/yarn/job_watch.h"
#include "ingest/sources/yarn/resource_manager.h"
#include "ingest/sources/yarn/yarn_answer.h"
#include "ingest/sources/yarn/yarn_names.h"
#include "tests/fuzz/fuzz_input.h"

namespace sparktail::fuzz {
namespace {

constexpr size_t kLongestText = 1024;
constexpr size_t kLongestDiagnostics = 8192;

void CheckTextOf(const std::string& text, size_t most = kLongestText) {
  Require(text.size() <= most, "a text is not longer than its limit");
  Require(simdjson::validate_utf8(text.data(), text.size()), "a text is valid UTF-8");
}

void CheckAddress(const std::optional<ContainerAddress>& address) {
  if (!address) return;
  Require(IsHostAndPort(address->node) && IsContainerId(address->container) &&
              IsFileName(address->user),
          "no part of an address ends it");
  const std::string url =
      NodeUrl(*address, "") + "/node/containerlogs/" + address->container + "/" + address->user;
  Require(ParseContainerAddress(url) == address, "an address is read as it is written");
}

void CheckApplication(const YarnApplication& application) {
  Require(IsApplicationId(application.id), "an application has an id");
  for (const std::string* text :
       {&application.name, &application.user, &application.queue, &application.state,
        &application.final_status, &application.node_id}) {
    CheckTextOf(*text);
  }
  for (const std::string& tag : application.tags) {
    Require(!tag.empty() && tag.find(',') == std::string::npos, "tags are split");
  }
  CheckTextOf(application.diagnostics, kLongestDiagnostics);
  CheckAddress(application.am_logs);
  for (const auto& amount : {application.containers, application.memory_mb, application.vcores}) {
    Require(!amount || *amount >= 0, "an amount is not negative");
  }
}

void CheckResourceManager(std::string_view json) {
  if (const auto info = ParseClusterInfo(json); info.ok()) CheckTextOf(info->version);
  if (const auto applications = ParseApplications(json); applications.ok()) {
    for (const YarnApplication& application : *applications) CheckApplication(application);
  }
  if (const auto application = ParseApplication(json); application.ok()) {
    CheckApplication(*application);
  }
  if (const auto attempts = ParseAttempts(json); attempts.ok()) {
    for (const YarnAttempt& attempt : *attempts) CheckAddress(attempt.am_logs);
  }
  CheckTextOf(RemoteExceptionIn(json));
}

void CheckOrder(const std::vector<SparkBatch>& batches) {
  Require(std::is_sorted(batches.begin(), batches.end(),
                         [](const SparkBatch& a, const SparkBatch& b) { return a.time < b.time; }),
          "the oldest batch comes first");
  Require(batches.empty() || batches.front().time >= 0, "a batch has a time");
  BatchWatch watch(0);
  int64_t last = -1;
  // A response may have a time twice. Then the next call takes more batches, but none again.
  for (size_t look = 0; look <= batches.size(); ++look) {
    const std::vector<SparkBatch> taken = watch.Take(batches);
    if (taken.empty()) break;
    Require(taken.front().time > last, "a batch comes once");
    for (const SparkBatch& batch : taken) {
      Require(batch.has_ended(), "only ended batches are taken");
    }
    last = taken.back().time;
  }
  Require(watch.Take(batches).empty(), "all are taken in the end");
}

void CheckJobs(const std::vector<SparkJob>& jobs) {
  simdjson::dom::parser parser;
  for (const SparkJob& job : jobs) {
    int64_t id = -1;
    Require(parser.parse(job.json)["jobId"].get(id) == simdjson::SUCCESS && id == job.id,
            "a job is a JSON object, and its own");
    Require(std::is_sorted(job.stages.begin(), job.stages.end()), "stages are in order");
    Require(JobKey(job) == 0 || job.has_ended(), "a running job has no key");
  }
  const std::vector<SparkBatch> batches = BatchesOf(jobs);
  CheckOrder(batches);
  Require(batches.empty() || !batches.back().has_ended(), "more may come of the last batch");
  JobWatch watch(0);
  uint64_t last = 0;
  for (const bool is_last : {false, false, true}) {
    for (const SparkJob& job : watch.Take(jobs, is_last)) {
      Require(JobKey(job) >= last, "jobs come in the order of their keys");
      last = JobKey(job);
    }
  }
  Require(watch.Take(jobs, /*last=*/true).empty(), "a job comes once");
}

void CheckDriver(std::string_view json) {
  if (const auto mode = ParseDeployMode(json); mode.ok()) {
    Require(mode->empty() || *mode == "cluster" || *mode == "client", "there are two modes");
  }
  if (const auto jobs = ParseJobs(json); jobs.ok()) CheckJobs(*jobs);
  if (const auto stage = ParseStage(json); stage.ok()) {
    Require(ParseStage(*stage).value_or("") == *stage, "a stage stays as it is");
  }
  if (const auto batches = ParseBatches(json); batches.ok()) CheckOrder(*batches);
  if (const auto receivers = ParseReceivers(json); receivers.ok()) {
    for (const SparkReceiver& receiver : *receivers) CheckTextOf(receiver.last_error);
  }
  if (const auto time = ParseSparkTime(json); time) {
    Require(*time > absl::InfinitePast() && *time < absl::InfiniteFuture(), "a time is finite");
  }
}

void CheckClassify(std::string_view body, int status, const std::string& type) {
  HttpResponse response;
  response.status = status;
  response.body = response.location = body;
  response.content_type = type;
  for (const auto wanted :
       {YarnAnswer::Body::kJson, YarnAnswer::Body::kHtml, YarnAnswer::Body::kText}) {
    const YarnAnswer answer = Classify(response, wanted);
    const bool is_good = answer.kind == YarnAnswer::Kind::kGood;
    Require(answer.why.empty() == is_good, "a reason is given if there is one");
    Require(!is_good || status == 200, "only 200 is good");
    Require(answer.kind != YarnAnswer::Kind::kUnreachable, "a server that responds is reachable");
  }
}

void Run(FuzzInput input) {
  constexpr int kStatus[] = {200, 204, 301, 307, 401, 403, 404, 500, 503};
  constexpr const char* kTypes[] = {"", "application/json", "Text/HTML; charset=utf-8",
                                    "text/plain", "image/png"};
  const int status = kStatus[input.Number(std::size(kStatus))];
  const char* const type = kTypes[input.Number(std::size(kTypes))];
  const std::string_view text = input.rest();
  CheckResourceManager(text);
  CheckDriver(text);
  CheckClassify(text, status, type);
}

}  // namespace
}  // namespace sparktail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sparktail::fuzz::Run(sparktail::fuzz::FuzzInput(data, size));
  return 0;
}
