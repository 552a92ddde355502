#include "ingest/cli/own_log.h"

#include <spdlog/pattern_formatter.h>
#include <unistd.h>

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

// Levels of the two come in the same order.
constexpr int kFirstLevel = SPDLOG_LEVEL_DEBUG;
static_assert(static_cast<int>(Log::Level::kError) + kFirstLevel == SPDLOG_LEVEL_ERROR);

Log::Level LevelOf(const std::string& name) {
  return static_cast<Log::Level>(spdlog::level::from_str(name) - kFirstLevel);
}

spdlog::level::level_enum ForSpdlog(Log::Level level) {
  return static_cast<spdlog::level::level_enum>(static_cast<int>(level) + kFirstLevel);
}

// The members of a line's JSON object after those that spdlog writes.
std::string JsonPayload(std::string_view what, std::string_view message) {
  ByteBuffer payload;
  JsonWriter json(&payload);
  json.Text("what", Printable(what, kMostWhatBytes));
  json.Text("message", Printable(message, kMostMessageBytes));
  return std::string(payload.view());
}

}  // namespace

// Formats lines with spdlog, and writes them to the file if one is named and works, else to
// standard error.
class OwnLog::Output {
 public:
  Output(Os* os, const LogConfiguration& configuration)
      : os_(os),
        path_(configuration.path),
        is_json_(configuration.format == LogConfiguration::Format::kJson),
        formatter_(is_json_ ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                            : "%Y-%m-%dT%H:%M:%S.%eZ %l: %v",
                   spdlog::pattern_time_type::utc, "\n") {}
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

  void Write(Level level, std::string_view what, std::string_view message) {
    const std::string payload =
        is_json_ ? JsonPayload(what, message) : Printable(message, kMostMessageBytes);
    spdlog::memory_buf_t buffer;
    formatter_.format({absl::ToChronoTime(os_->Now()), {}, "", ForSpdlog(level), payload}, buffer);
    const std::string_view line(buffer.data(), buffer.size());
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
  const bool is_json_;
  spdlog::pattern_formatter formatter_;
  int fd_ = -1;
  bool torn_ = false;       // the file ends in the middle of a line
  absl::Status trouble_;    // the error of the last open or write
  uint64_t elsewhere_ = 0;  // lines for the file that went to standard error
};

OwnLog::OwnLog(Os* os, const LogConfiguration& configuration)
    : os_(os),
      configuration_(configuration),
      least_(LevelOf(configuration.level)),
      output_(std::make_unique<Output>(os, configuration)) {
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
  output_->Write(level, what, message);
  const bool is_well = output_->trouble().ok();
  if (was_well && !is_well) ReportTrouble();
  if (!is_well || output_->elsewhere() == 0) return;
  const std::string count = std::to_string(output_->elsewhere());
  output_->ForgetElsewhere();
  output_->Write(
      Level::kWarning, "log_unwritable",
      "the own log could not be written for a while: " + count + " lines went to standard error");
}

void OwnLog::ReportTrouble() {
  output_->Write(Level::kError, "log_unwritable",
                 "can't write the own log: " + configuration_.path + ": " +
                     std::string(output_->trouble().message()) +
                     "; messages go to standard error until it works");
}

}  // namespace sparktail
