#include "ingest/cli/run_command.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/cli/config_file.h"
#include "ingest/cli/own_log.h"
#include "ingest/cli/run_flags.h"
#include "ingest/cli/service_manager.h"
#include "ingest/cli/signals.h"
#include "ingest/pipeline/pipeline.h"
#include "ingest/web/http_server.h"
#include "ingest/web/stats.h"
#include "ingest/web/status_pages.h"

namespace sparktail {
namespace {

constexpr char kExamples[] = R"(
Examples:
  sparktail run --file '/logs/*/stderr' --output events.ndjson
  sparktail run --file /logs/driver.log --sqlite history.db --until-exit
  sparktail run -c sparktail.yaml
)";

constexpr absl::Duration kTickInterval = absl::Seconds(1);
// How long after shutdown_timeout the pipeline may take to stop by itself.
constexpr absl::Duration kLeaveAfter = absl::Seconds(3);

std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

// Returns one line for `systemctl status`.
std::string Summary(const PipelineStatus& status) {
  uint64_t files = 0;
  uint64_t lag = 0;
  for (const SourceStatus& source : status.sources) {
    files += source.streams;
    lag += source.lag_bytes;
  }
  std::string text =
      std::to_string(files) + " files, " + std::to_string(lag) + " bytes not read yet";
  for (const SinkStatus& sink : status.sinks) {
    text += "; " + sink.name + ": " + std::to_string(sink.events) + " events";
    if (sink.state == SinkStatus::State::kPaused) text += ", paused: " + sink.why;
    if (sink.state == SinkStatus::State::kStopped) text += ", stopped: " + sink.why;
  }
  return text;
}

// One run of the command. The main thread handles signals, the own log and the service manager
// while another thread runs the pipeline.
class Run {
 public:
  Run(const RunCommand& command, std::string_view version, Os* os)
      : command_(command), version_(version), os_(os), log_(os, command.configuration.log) {}

  ExitCode Execute() {
    absl::StatusOr<std::unique_ptr<Signals>> signals = Signals::Install();
    if (!signals.ok()) return Fail(signals.status());
    Pipeline::Parts parts;
    parts.os = os_;
    parts.log = &log_;
    parts.configuration = &command_.configuration;
    parts.until_exit = command_.until_exit;
    parts.recover = command_.recover;
    parts.host = HostName();
    parts.observe_queries = !command_.configuration.http.empty();
    auto pipeline = std::make_unique<Pipeline>(std::move(parts));
    std::unique_ptr<HttpServer> http;
    if (!command_.configuration.http.empty()) {
      auto server =
          HttpServer::Start(command_.configuration.http, [this, &pipeline](std::string_view path) {
            return StatusPage(path, pipeline->status(), version_, command_.measures);
          });
      if (!server.ok()) return Fail(server.status());
      http = *std::move(server);
      log_.Info("http", "metrics and health at " + http->url());
    }
    const absl::Status status = RunPipeline(pipeline.get(), signals->get());
    if (!opened_) return FailToOpen(status);
    service_.NotifyStopping();
    http = nullptr;
    return Finish(std::move(pipeline), status);
  }

 private:
  absl::Status RunPipeline(Pipeline* pipeline, Signals* signals) {
    absl::Status status;
    std::thread reader([&] {
      status = pipeline->Open();
      opened_ = status.ok();
      WakeMain();
      if (opened_) status = pipeline->Run();
      ended_ = true;
      WakeMain();
    });
    std::array<pollfd, 2> fds = {{{signals->wake_fd(), POLLIN, 0}, {wake_fd_, POLLIN, 0}}};
    bool is_up = false;
    absl::Time leave_at = absl::InfiniteFuture();
    while (!ended_) {
      const absl::Duration wait = std::min(kTickInterval, service_.alive_interval());
      ::poll(fds.data(), fds.size(), static_cast<int>(absl::ToInt64Milliseconds(wait)));
      uint64_t count = 0;
      [[maybe_unused]] const ssize_t read = ::read(wake_fd_, &count, sizeof(count));
      // Waiting for a sink counts as ready: a restart would not help.
      const bool was_up = std::exchange(is_up, is_up || opened_ || pipeline->is_waiting());
      if (is_up && !was_up) service_.NotifyReady();
      const Signals::Received received = signals->Poll();
      if (received.reopen) log_.Reopen();
      if (received.stop != 0 && !stopped_) {
        stopped_ = true;
        log_.Info("stop", "stopping: delivering what was read");
        service_.NotifyStopping();
        pipeline->Stop();
        leave_at = os_->Now() + command_.configuration.shutdown_timeout + kLeaveAfter;
      }
      if (os_->Now() >= leave_at) LeaveHanging(*pipeline);
      log_.Tick();
      if (service_.is_watched()) service_.SetStatus(Summary(pipeline->status()));
      if (pipeline->healthy()) service_.NotifyAlive(os_->Now());
    }
    reader.join();
    ::close(wake_fd_);
    return status;
  }

  // Called on the pipeline's thread when its state has changed.
  void WakeMain() const {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof(one));
  }

  // A source can hang too, when its file server is unreachable.
  [[noreturn]] void LeaveHanging(const Pipeline& pipeline) {
    PrintStats(pipeline);
    Exit("not all was delivered within shutdown_timeout, because the reader hangs while it " +
         pipeline.doing() + "; the rest is read and delivered after the next start");
  }

  void PrintStats(const Pipeline& pipeline) {
    if (!command_.stats) return;
    const std::string stats = FormatRunStats(pipeline.parsed(), pipeline.status());
    WriteAll(os_, STDERR_FILENO, stats).IgnoreError();
  }

  // Exits without waiting for a thread that hangs in a call.
  [[noreturn]] void Exit(std::string_view why) {
    log_.Warn("undelivered", why);
    log_.Flush();
    // After a stop by a signal all is well: the cursors cover the rest.
    const bool is_well = stopped_ && !command_.until_exit.enabled;
    std::_Exit(static_cast<int>(is_well ? ExitCode::kOk : ExitCode::kFailed));
  }

  ExitCode Finish(std::unique_ptr<Pipeline> pipeline, const absl::Status& status) {
    PrintStats(*pipeline);
    if (absl::IsDeadlineExceeded(status)) {
      Exit({status.message().data(), status.message().size()});
    }
    ExitCode code = ExitCode::kOk;
    if (!status.ok() && !absl::IsCancelled(status)) code = ExitCode::kFailed;
    if (code == ExitCode::kOk && pipeline->dead_letters() > 0) code = ExitCode::kDeadLetters;
    const PipelineStatus last = pipeline->status();
    pipeline = nullptr;
    log_.Flush();
    return command_.conclude ? command_.conclude(last, code) : code;
  }

  ExitCode FailToOpen(const absl::Status& status) {
    // A stop while waiting for a sink is no failure: nothing was read.
    if (!absl::IsCancelled(status) || !stopped_) return Fail(status);
    log_.Warn("undelivered", std::string(status.message()));
    log_.Flush();
    return command_.until_exit.enabled ? ExitCode::kFailed : ExitCode::kOk;
  }

  ExitCode Fail(const absl::Status& status) {
    log_.Error("start", std::string(status.message()));
    log_.Flush();
    return ExitCode::kFailed;
  }

  const RunCommand& command_;
  const std::string version_;
  Os* os_;
  OwnLog log_;
  ServiceManager service_ = ServiceManager::FromEnvironment();
  // Created before followed files use up the descriptors.
  const int wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  bool stopped_ = false;
  // Set by the pipeline's thread.
  std::atomic<bool> opened_ = false;
  std::atomic<bool> ended_ = false;
};

// ------------------------------------------------------------ the command line

struct RunArguments {
  std::string file;  // of the configuration
  std::map<std::string, std::vector<std::string>> flags;
  RunCommand command;
};

AnswerOr<RunCommand> FinishRun(RunArguments arguments, const Surroundings& surroundings) {
  RunCommand& command = arguments.command;
  UntilExit& until_exit = command.until_exit;
  // Flags that were not given are present with no value.
  std::erase_if(arguments.flags, [](const auto& flag) { return flag.second.empty(); });
  if (!arguments.file.empty() && !arguments.flags.empty()) {
    return WrongUsage(arguments.flags.begin()->first +
                      ": give either a configuration (-c) or flags, not both");
  }
  if (arguments.file.empty() && !arguments.flags.contains("--file")) {
    return WrongUsage(
        "run: no source is given; give -c FILE or --file GLOB (see sparktail run --help)");
  }
  if (!until_exit.marker.empty() && !until_exit.enabled) {
    return WrongUsage("--exit-marker needs --until-exit");
  }
  absl::StatusOr<Configuration> configuration =
      arguments.file.empty() ? ReadConfigurationTree(TreeOfFlags(arguments.flags), "", surroundings)
                             : ReadConfigurationFile(arguments.file, surroundings);
  if (!configuration.ok()) return WrongUsage(configuration.status().message());
  for (const SourceConfiguration& source : configuration->sources) {
    if (!until_exit.enabled || !until_exit.marker.empty() || source.kind->notices_exit) continue;
    return WrongUsage("--until-exit needs --exit-marker, because source " + source.name +
                      " (kind " + source.kind->name + ") can't tell that a driver has exited");
  }
  command.configuration = *std::move(configuration);
  command.measures = MeasuresOf(surroundings.kinds.sinks);
  if (!until_exit.marker.empty()) {
    until_exit.marker = AbsolutePath(until_exit.marker, surroundings.directory);
  }
  return std::move(command);
}

}  // namespace

Finish<RunCommand> AddRun(CLI::App* app) {
  const auto arguments = std::make_shared<RunArguments>();
  CommandOptions options(app, "run", "Follow logs for ever; resume where each sink stopped",
                         kExamples);
  options.AddConfig(&arguments->file);
  options.BeginGroup("Instead of -c");
  for (const RunFlag& flag : RunFlags()) {
    std::vector<std::string>* values = &arguments->flags[flag.flag];
    const auto take = [values](const std::string& value) {
      *values = {value};
      return "";
    };
    flag.repeatable ? options.AddTexts(flag.flag, flag.type_name, values, flag.help, /*many=*/false)
                    : options.AddTaken(flag.flag, flag.type_name, flag.help, take);
  }
  options.BeginGroup("");
  options.AddFlag("--until-exit", &arguments->command.until_exit.enabled,
                  "Stop when the driver's log is complete and delivered");
  options.AddText("--exit-marker", "FILE", &arguments->command.until_exit.marker,
                  "With --until-exit: a file that exists once the driver has exited");
  options.AddFlag("--recover", &arguments->command.recover,
                  "Move a damaged offsets.db aside and start from what the sinks hold");
  options.AddFlag("--stats", &arguments->command.stats,
                  "Report on stderr, at the end, what was read and delivered");
  return [arguments](const Surroundings& surroundings) {
    return FinishRun(std::move(*arguments), surroundings);
  };
}

ExitCode RunRun(const RunCommand& command, std::string_view version, Os* os) {
  return Run(command, version, os).Execute();
}

}  // namespace sparktail
