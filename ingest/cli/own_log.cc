#include "ingest/cli/own_log.h"

#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <utility>

#include "ingest/base/printable.h"
#include "parsers/byte_buffer.h"
#include "parsers/json_writer.h"

namespace sparktail {
namespace {

constexpr size_t kMostWhatBytes = 256;
constexpr size_t kMostMessageBytes = 4096;
constexpr mode_t kMode = 0640;

// In the order of Log::Level.
constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warning", "error"};

Log::Level LevelOf(std::string_view name) {
  for (size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == name) return static_cast<Log::Level>(i);
  }
  return Log::Level::kInfo;
}

spdlog::level::level_enum ForSpdlog(Log::Level level) {
  switch (level) {
    case Log::Level::kDebug:
      return spdlog::level::debug;
    case Log::Level::kInfo:
      return spdlog::level::info;
    case Log::Level::kWarning:
      return spdlog::level::warn;
    case Log::Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string TextPayload(std::string_view message) { return Printable(message, kMostMessageBytes); }

// The members of a line's JSON object after those that spdlog writes.
std::string JsonPayload(std::string_view what, std::string_view message) {
  ByteBuffer payload;
  JsonWriter json(&payload);
  json.Text("what", Printable(what, kMostWhatBytes));
  json.Text("message", Printable(message, kMostMessageBytes));
  return std::string(payload.view());
}

const char* Pattern(LogConfiguration::Format format) {
  return format == LogConfiguration::Format::kJson
             ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
             : "%Y-%m-%dT%H:%M:%S.%eZ %l: %v";
}

}  // namespace

// Writes lines to the file if one is named and works, else to standard error.
class OwnLog::Output {
 public:
  Output(Os* os, std::string path) : os_(os), path_(std::move(path)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    if (fd_ >= 0) os_->Close(fd_);
  }

  bool WantsFile() const { return !path_.empty(); }
  bool is_open() const { return fd_ >= 0; }
  const absl::Status& trouble() const { return trouble_; }
  uint64_t elsewhere() const { return elsewhere_; }
  void ForgetElsewhere() { elsewhere_ = 0; }

  absl::Status Open() {
    const absl::StatusOr<int> fd = os_->OpenToAppend(path_, kMode);
    if (!fd.ok()) {
      if (!is_open()) trouble_ = fd.status();
      return fd.status();
    }
    if (is_open()) os_->Close(fd_);
    fd_ = *fd;
    torn_ = false;
    trouble_ = absl::OkStatus();
    return absl::OkStatus();
  }

  void Write(std::string_view line) {
    if (WantsFile() && WriteToFile(line)) return;
    if (WantsFile()) ++elsewhere_;
    // If standard error fails too, nobody can be told.
    WriteAll(os_, STDERR_FILENO, line).IgnoreError();
  }

 private:
  bool WriteToFile(std::string_view line) {
    if (!is_open()) return false;
    std::string whole(torn_ ? "\n" : "");
    whole += line;
    for (size_t done = 0; done < whole.size();) {
      const absl::StatusOr<size_t> count =
          os_->Write(fd_, whole.data() + done, whole.size() - done);
      if (!count.ok()) {
        torn_ = torn_ || done > 0;
        trouble_ = count.status();
        return false;
      }
      done += *count;
    }
    torn_ = false;
    trouble_ = absl::OkStatus();
    return true;
  }

  Os* os_;
  const std::string path_;
  int fd_ = -1;
  bool torn_ = false;       // the file ends in the middle of a line
  absl::Status trouble_;    // the error of the last open or write
  uint64_t elsewhere_ = 0;  // lines for the file that went to standard error
};

// Formats level, time and message as a line, with spdlog.
class OwnLog::Writer {
 public:
  Writer(Output* output, const LogConfiguration& configuration)
      : json_(configuration.format == LogConfiguration::Format::kJson),
        logger_("", std::make_shared<OutputSink>(output)) {
    logger_.set_level(spdlog::level::trace);
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        Pattern(configuration.format), spdlog::pattern_time_type::utc, "\n"));
    logger_.set_error_handler([](const std::string&) {});
  }

  void Write(absl::Time time, Level level, std::string_view what, std::string_view message) {
    const std::string payload = json_ ? JsonPayload(what, message) : TextPayload(message);
    logger_.log(absl::ToChronoTime(time), spdlog::source_loc{}, ForSpdlog(level),
                spdlog::string_view_t(payload.data(), payload.size()));
  }

 private:
  // Needs no mutex of its own: OwnLog holds one.
  class OutputSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
   public:
    explicit OutputSink(Output* output) : output_(output) {}

   protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
      spdlog::memory_buf_t line;
      formatter_->format(message, line);
      output_->Write({line.data(), line.size()});
    }
    void flush_() override {}

   private:
    Output* output_;
  };

  bool json_;
  spdlog::logger logger_;
};

OwnLog::OwnLog(Os* os, const LogConfiguration& configuration)
    : os_(os),
      configuration_(configuration),
      least_(LevelOf(configuration.level)),
      output_(std::make_unique<Output>(os, configuration.path)),
      writer_(std::make_unique<Writer>(output_.get(), configuration)) {
  if (!output_->WantsFile()) return;
  const absl::MutexLock lock(&mutex_);
  output_->Open().IgnoreError();
  if (!output_->trouble().ok()) ReportTrouble();
}

OwnLog::~OwnLog() { Flush(); }

void OwnLog::Write(Level level, std::string_view what, std::string_view message) {
  if (level < least_) return;
  const absl::MutexLock lock(&mutex_);
  const absl::Time now = os_->Now();
  ReportSuppressed(limiter_.TakeEnded(now));
  if (limiter_.Admit(level, what, message, now)) Emit(level, what, message);
}

void OwnLog::Reopen() {
  const absl::MutexLock lock(&mutex_);
  if (!output_->WantsFile()) return;
  const absl::Status opened = output_->Open();
  if (opened.ok()) {
    Emit(Level::kInfo, "log_reopened", "reopened the own log: " + configuration_.path);
  } else {
    Emit(Level::kError, "log_unwritable",
         "can't reopen the own log: " + configuration_.path + ": " + std::string(opened.message()) +
             "; the old file stays in use");
  }
}

void OwnLog::Tick() {
  const absl::MutexLock lock(&mutex_);
  if (output_->WantsFile() && !output_->is_open()) output_->Open().IgnoreError();
  ReportSuppressed(limiter_.TakeEnded(os_->Now()));
}

void OwnLog::Flush() {
  const absl::MutexLock lock(&mutex_);
  ReportSuppressed(limiter_.TakeAll());
}

void OwnLog::ReportSuppressed(const std::vector<MessageLimiter::Suppressed>& all) {
  for (const MessageLimiter::Suppressed& suppressed : all) {
    Emit(suppressed.level, suppressed.what,
         "… and " + std::to_string(suppressed.count) +
             " more like this, the last: " + suppressed.message);
  }
}

void OwnLog::Emit(Level level, std::string_view what, std::string_view message) {
  const bool was_well = output_->trouble().ok();
  writer_->Write(os_->Now(), level, what, message);
  const bool is_well = output_->trouble().ok();
  if (was_well && !is_well) ReportTrouble();
  if (!is_well || output_->elsewhere() == 0) return;
  const std::string count = std::to_string(output_->elsewhere());
  output_->ForgetElsewhere();
  writer_->Write(
      os_->Now(), Level::kWarning, "log_unwritable",
      "the own log could not be written for a while: " + count + " lines went to standard error");
}

void OwnLog::ReportTrouble() {
  writer_->Write(os_->Now(), Level::kError, "log_unwritable",
                 "can't write the own log: " + configuration_.path + ": " +
                     std::string(output_->trouble().message()) +
                     "; messages go to standard error until it works");
}

}  // namespace sparktail
