#include "parsers/log_diagnosis.h"

#include <algorithm>

#include "ingest/base/printable.h"
#include "parsers/header.h"

namespace sparktail {
namespace {

constexpr size_t kExampleSize = 120;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// True for TIME stdout|stderr P|F TEXT (the container runtime interface of Kubernetes).
bool IsCri(std::string_view line) {
  for (const std::string_view stream : {" stdout ", " stderr "}) {
    const size_t at = line.substr(0, 64).find(stream);
    if (at == std::string_view::npos) continue;
    const std::string_view tag = line.substr(at + stream.size(), 2);
    if (tag == "F " || tag == "P ") return true;
  }
  return false;
}

bool IsJsonObject(std::string_view line) { return line.starts_with("{\"") && line.ends_with('}'); }

}  // namespace

void LogDiagnosis::Sample(std::string_view text, uint64_t offset) {
  bytes_ += text.size();
  if (offset != next_) {
    // The sample may begin in the middle of a line, so its first line is skipped.
    partial_.clear();
    text.remove_prefix(std::min(text.size(), text.find('\n')));
  }
  next_ = offset + text.size();
  for (size_t newline = text.find('\n'); newline != std::string_view::npos;
       newline = text.find('\n')) {
    ExamineLine(partial_.empty() ? text.substr(0, newline)
                                 : partial_.append(text.substr(0, newline)));
    partial_.clear();
    text.remove_prefix(newline + 1);
  }
  partial_.append(text.substr(0, kMaxHeaderBytes - std::min(partial_.size(), kMaxHeaderBytes)));
}

void LogDiagnosis::Finish() {
  ExamineLine(partial_);
  partial_.clear();
}

void LogDiagnosis::ExamineLine(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return;
  if (IsJsonObject(line)) {
    ++json_;
    if (line.starts_with("{\"log\":\"")) ++docker_;
    if (example_json_.empty()) example_json_ = Printable(line, kExampleSize);
  } else if (IsCri(line)) {
    ++cri_;
    if (example_cri_.empty()) example_cri_ = Printable(line, kExampleSize);
  } else if (const auto header = ParseHeader(line)) {
    ++headers_;
    if (header->level != "WARN" && header->level != "ERROR" && header->level != "FATAL") ++info_;
    if (line.substr(header->message).starts_with("Running Spark version ")) spark_ = true;
  } else {
    ++other_;
    if (std::count_if(line.begin(), line.end(), IsControl) > 2) ++binary_;
    if (example_other_.empty()) example_other_ = Printable(line, kExampleSize);
  }
}

bool LogDiagnosis::IsWrapped() const {
  const uint64_t wrapped = cri_ + docker_;
  return wrapped > headers_ && wrapped > other_ + json_ - docker_;
}

bool LogDiagnosis::InfoIsOff() const { return headers_ > 0 && info_ == 0; }

std::string LogDiagnosis::HowToTurnInfoOn() {
  return "INFO is off in this log: it has only lines of level WARN and above, and Spark writes "
         "progress at INFO. Add to the application's log4j2.properties: logger.streaming.name = "
         "org.apache.spark.sql.execution.streaming and logger.streaming.level = info "
         "(or call sc.setLogLevel(\"INFO\")).";
}

std::string LogDiagnosis::WhyNoEvents(bool has_words) const {
  if (bytes_ == 0) return "it is empty.";
  const auto such_as = [](const std::string& line) { return " For example: " + line; };
  // These lines are still wrapped, although wrapped logs are unwrapped before they are examined.
  static constexpr std::string_view kFirstLine =
      " but its first line is not, so it was not unwrapped. Skip the lines before the wrapped "
      "ones: "
      "tail -n +2 FILE | sparktail parse.";
  if (docker_ > json_ / 2 && json_ > headers_) {
    return "its lines are wrapped by Docker (json-file)," + std::string(kFirstLine) +
           such_as(example_json_);
  }
  if (cri_ > headers_) {
    return "its lines are wrapped by a Kubernetes container runtime," + std::string(kFirstLine) +
           such_as(example_cri_);
  }
  if (json_ > headers_) {
    return "it has an unknown layout: JSON lines are not read yet." + such_as(example_json_);
  }
  if (has_words) {
    return "it contains the words of progress events, but not after a header that sparktail knows: "
           "it has an unknown layout, or is a text about Spark." +
           such_as(example_other_);
  }
  if (InfoIsOff()) return HowToTurnInfoOn();
  if (headers_ == 0) {
    if (binary_ > other_ / 2)
      return "it is binary or compressed. If it is compressed, use zcat FILE | sparktail parse.";
    return "it has an unknown layout, or is not a driver's log: no line begins with a time, a "
           "level "
           "and a logger." +
           such_as(example_other_);
  }
  if (spark_) {
    return "it is a log of Spark, but no streaming query ran in it. Is this the right file? "
           "Spark 3.3 logs to stdout by default.";
  }
  return "it is a log, but it has no line of a streaming query. Is it the driver's log, and not an "
         "executor's?";
}

}  // namespace sparktail
