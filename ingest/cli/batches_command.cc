#include "ingest/cli/batches_command.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "ingest/base/options.h"
#include "ingest/base/printable.h"
#include "ingest/cli/error_log.h"
#include "ingest/http/http_client.h"
#include "ingest/sources/yarn/active_resource_manager.h"
#include "ingest/sources/yarn/job_watch.h"
#include "ingest/sources/yarn/yarn_answer.h"
#include "ingest/sources/yarn/yarn_names.h"

namespace sparktail {
namespace {

constexpr size_t kMostResponseBytes = size_t{64} << 20;
constexpr absl::Duration kResponseTimeout = absl::Seconds(30);
constexpr size_t kLongestName = 100;

std::string Seconds(int64_t ms) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", static_cast<double>(ms) / 1000);
  return text.data();
}

std::string Padded(const std::string& text, size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

// Returns one line of the summary: "processing time   0.070 …".
std::string Distribution(std::string_view name, std::vector<int64_t> values) {
  constexpr size_t kNameWidth = 16;
  constexpr size_t kWidth = 12;
  std::string line(name);
  line.resize(std::max(line.size(), kNameWidth), ' ');
  if (values.empty()) return line + Padded("-", kWidth) + "\n";
  std::sort(values.begin(), values.end());
  // Ranks as in Spark's Distribution.
  for (const double part : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    const auto at = static_cast<size_t>(part * static_cast<double>(values.size()));
    line += Padded(Seconds(values[std::min(at, values.size() - 1)]), kWidth);
  }
  return line + "\n";
}

class Batches {
 public:
  Batches(const BatchesCommand& command, HttpClient* client)
      : application_(command.application), client_(client), active_(command.masters) {}

  // Returns the batches that have ended since the last call. kUnavailable: the reason.
  absl::StatusOr<std::vector<SparkBatch>> Look() {
    if (absl::Status status = FindActive(); !status.ok()) return status;
    const HttpResponse response = GetFromDriver("streaming/batches");
    absl::StatusOr<std::vector<SparkBatch>> batches = ReadJson(response, ParseBatches);
    if (absl::IsNotFound(batches.status())) {
      if (SaysNoStreams(response.body)) {
        return absl::UnavailableError("the application has no DStreams");
      }
      batches = LookAtJobs();
    }
    if (!batches.ok()) return batches;
    return watch_.Take(*batches);
  }

  std::vector<SparkReceiver> Receivers() {
    return ReadJson(GetFromDriver("streaming/receivers"), ParseReceivers)
        .value_or(std::vector<SparkReceiver>());
  }

 private:
  HttpResponse Get(std::string url) {
    return client_->Send(JsonRequest(std::move(url), kResponseTimeout, kMostResponseBytes));
  }

  HttpResponse GetFromDriver(std::string_view what) {
    return Get(DriverUrl(rm_, application_, what));
  }

  absl::StatusOr<std::vector<SparkBatch>> LookAtJobs() {
    const absl::StatusOr<std::vector<SparkJob>> jobs = ReadJson(GetFromDriver("jobs"), ParseJobs);
    if (!jobs.ok()) return jobs.status();
    return BatchesOf(*jobs);
  }

  absl::Status FindActive() {
    active_.Begin();
    for (size_t i = 0; !active_.is_decided(); ++i) {
      const std::string& master = active_.urls()[i];
      active_.Take(master, Get(ClusterInfoUrl(master))).IgnoreError();
    }
    const absl::StatusOr<std::string> found = active_.Found();
    if (!found.ok()) {
      return absl::UnavailableError(std::string(found.status().message()) +
                                    "; give the active one with --master");
    }
    rm_ = *found;
    return absl::OkStatus();
  }

  const std::string application_;
  HttpClient* const client_;
  ActiveResourceManager active_;
  std::string rm_;  // URL of the active one
  BatchWatch watch_{0};
};

bool Print(const std::string& text, Os* os) { return WriteAll(os, STDOUT_FILENO, text).ok(); }

ExitCode Failed(const absl::Status& status, const BatchesCommand& command, Os* os) {
  const std::string text = "sparktail: batches of " + command.application + ": " +
                           Printable(std::string(status.message()), 1024) + "\n";
  WriteAll(os, STDERR_FILENO, text).IgnoreError();
  return ExitCode::kFailed;
}

// ---------------------------------------------------------------- options

struct BatchesArguments {
  BatchesCommand command;
  std::string interval;
};

// Accepts what people type: "rm1" and "rm1:8088".
std::string MasterUrl(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  if (text.find("://") == std::string::npos) {
    const bool has_port = text.rfind(':') != std::string::npos && !text.ends_with(']');
    text = "http://" + text + (has_port ? "" : ":8088");
  }
  return text;
}

AnswerOr<BatchesCommand> FinishBatches(BatchesArguments arguments) {
  BatchesCommand& command = arguments.command;
  if (command.masters.empty())
    return WrongUsage("batches: the ResourceManager is missing; give --master HOST");
  for (std::string& master : command.masters) {
    const std::string given = std::exchange(master, MasterUrl(master));
    if (!IsServerUrl(master)) {
      return WrongUsage("--master: give HOST[:PORT] or http://HOST:PORT, not '" +
                        Printable(given, 64) + "'");
    }
  }
  if (!IsApplicationId(command.application)) {
    return WrongUsage("--application-id: give an id such as application_1469205272660_0006, not '" +
                      Printable(command.application, 64) + "'");
  }
  if (!arguments.interval.empty()) {
    const std::optional<absl::Duration> interval = ReadDuration(arguments.interval);
    if (!interval || *interval <= absl::ZeroDuration()) {
      return WrongUsage("--interval: give a duration such as 5s, not '" +
                        Printable(arguments.interval, 64) + "'");
    }
    command.interval = *interval;
  }
  return std::move(command);
}

}  // namespace

Finish<BatchesCommand> AddBatches(CLI::App* app) {
  const auto arguments = std::make_shared<BatchesArguments>();
  CommandOptions options(app, "batches", "Print the batches of a DStream application on YARN",
                         "Example:\n  sparktail batches --master rm1:8088 --application-id "
                         "application_1469205272660_0006");
  options.AddTexts("--master", "TEXT", &arguments->command.masters,
                   "ResourceManager, as HOST[:PORT] or http://HOST:PORT; repeatable");
  options.AddText("--application-id", "TEXT", &arguments->command.application,
                  "Application id on YARN");
  options.AddFlag("--follow", &arguments->command.follow, "Keep running and print further batches");
  options.AddText("--interval", "TEXT", &arguments->interval,
                  "With --follow: how often to look for batches (default 5s)");
  return [arguments](const Surroundings&) { return FinishBatches(std::move(*arguments)); };
}

std::string BatchLine(const SparkBatch& batch) {
  const absl::Time time = absl::FromUnixMillis(batch.time);
  return absl::FormatTime("%H:%M:%S", time, absl::UTCTimeZone()) + " " +
         (batch.processing ? Seconds(*batch.processing) : "-") + " " +
         (batch.scheduling_delay ? Seconds(*batch.scheduling_delay) : "-") + "\n";
}

std::string BatchSummary(const std::vector<SparkBatch>& batches) {
  std::vector<int64_t> processing;
  std::vector<int64_t> scheduling;
  std::vector<int64_t> total;
  for (const SparkBatch& batch : batches) {
    if (batch.processing) processing.push_back(*batch.processing);
    if (batch.scheduling_delay) scheduling.push_back(*batch.scheduling_delay);
    if (batch.total_delay) total.push_back(*batch.total_delay);
  }
  return "\nseconds                  min         25%      median         75%         max\n" +
         Distribution("processing time", std::move(processing)) +
         Distribution("scheduling delay", std::move(scheduling)) +
         Distribution("total delay", std::move(total));
}

std::string ReceiverLines(const std::vector<SparkReceiver>& receivers) {
  std::string lines;
  for (const SparkReceiver& receiver : receivers) {
    lines += "receiver " + Printable(receiver.name, kLongestName) + ": " +
             (receiver.is_active ? "active" : "not active");
    if (!receiver.executor.empty()) {
      lines += ", executor " + Printable(receiver.executor, kLongestName);
    }
    if (receiver.event_rate) {
      std::array<char, 32> rate{};
      std::snprintf(rate.data(), rate.size(), "%.2f", *receiver.event_rate);
      lines += std::string(", ") + rate.data() + " records/s";
    }
    if (!receiver.last_error.empty()) {
      lines += ", last error: " + Printable(receiver.last_error, kLongestName);
    }
    lines += "\n";
  }
  return lines.empty() ? "" : "\n" + lines;
}

ExitCode RunBatches(const BatchesCommand& command, Os* os) {
  ErrorLog log(os);
  const absl::StatusOr<std::unique_ptr<HttpClient>> client =
      HttpClient::Make(&log, "batches", HttpOptions());
  if (!client.ok()) return Failed(client.status(), command, os);
  Batches batches(command, client->get());
  while (true) {
    const absl::StatusOr<std::vector<SparkBatch>> ended = batches.Look();
    if (!ended.ok()) return Failed(ended.status(), command, os);
    std::string text;
    for (const SparkBatch& batch : *ended) text += BatchLine(batch);
    if (!command.follow) text += BatchSummary(*ended) + ReceiverLines(batches.Receivers());
    const bool is_read = Print(text, os);
    if (!command.follow || !is_read) return ExitCode::kOk;
    (*client)->Poll(command.interval);
  }
}

}  // namespace sparktail
