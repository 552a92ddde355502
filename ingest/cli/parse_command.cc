#include "ingest/cli/parse_command.h"

#include <absl/time/clock.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "ingest/cli/progress_bar.h"
#include "ingest/streams/file_reader.h"
#include "ingest/streams/line_buffer.h"
#include "ingest/web/stats.h"
#include "parsers/json_text.h"
#include "parsers/log_diagnosis.h"
#include "parsers/log_parser.h"
#include "parsers/unwrapper.h"

namespace sparktail {
namespace {

constexpr size_t kReadSize = size_t{256} << 10;
constexpr size_t kFlushSize = size_t{256} << 10;
// Of each stream its beginning is looked at, and then a little now and again, to tell why
// nothing was found in it.
constexpr size_t kSampledBeginning = size_t{256} << 10;
constexpr size_t kSampleEvery = size_t{16} << 20;

// One stream of a log, with what may tell why nothing was found in it.
class Stream {
 public:
  Stream(const ParserOptions& options, const StreamFacts& facts, ParserScratch* scratch)
      : parser_(options, facts, scratch) {}

  // What was read of it, in order; some of it is looked at.
  void Sample(std::string_view bytes) {
    const bool due =
        read_ < kSampledBeginning || read_ / kSampleEvery != (read_ + bytes.size()) / kSampleEvery;
    if (due) diagnosis_.Sample(bytes, read_);
    read_ += bytes.size();
  }

  // As LogParser::Parse().
  size_t Parse(PaddedView window, bool last, EventBuffer* out) {
    if (last) diagnosis_.Finish();
    return parser_.Parse(window, last, out);
  }

  const ParserStats& stats() const { return parser_.stats(); }
  const LogDiagnosis& diagnosis() const { return diagnosis_; }

 private:
  LogParser parser_;
  LogDiagnosis diagnosis_;
  uint64_t read_ = 0;
};

// A log as it comes: the stream itself, or both streams of a container.
class LogReader {
 public:
  LogReader(const ParserOptions& options, const StreamFacts& facts, ParserScratch* scratch)
      : scratch_(scratch), streams_{{{options, facts, scratch}, {options, facts, scratch}}} {}

  // `data` is what of the log is not done with; `fresh` of its last bytes are new. Returns how many
  // bytes of its front are done with.
  size_t Read(PaddedView data, size_t fresh, bool last, EventBuffer* out) {
    if (!wrapping_) {
      wrapping_ = RecognizeWrapping(data.text(), last);
      if (!wrapping_) return 0;
      fresh = data.size();
      if (is_wrapped()) unwrapper_.emplace(*wrapping_, scratch_);
    }
    if (is_wrapped()) return Unwrap(data.text(), last, out);
    streams_[0].Sample(data.text().substr(data.size() - fresh));
    return streams_[0].Parse(data, last, out);
  }

  bool is_wrapped() const { return wrapping_.value_or(Wrapping::kNone) != Wrapping::kNone; }
  std::string_view wrapping_name() const {
    return wrapping_ == Wrapping::kCri ? "Kubernetes" : "Docker";
  }
  uint64_t foreign_lines() const { return unwrapper_ ? unwrapper_->foreign_lines() : 0; }

  ParserStats stats() const {
    ParserStats sum = streams_[0].stats();
    sum.Add(streams_[1].stats());
    return sum;
  }

  // Of the stream that has more in it: a container's log is in one of them.
  const LogDiagnosis& diagnosis() const {
    const bool second = streams_[1].stats().bytes > streams_[0].stats().bytes;
    return streams_[second ? 1 : 0].diagnosis();
  }

 private:
  size_t Unwrap(std::string_view raw, bool last, EventBuffer* out) {
    size_t done = 0;
    const size_t before[] = {contents_[0].size(), contents_[1].size()};
    while (const auto line = unwrapper_->Next(raw.substr(done), last)) {
      done += line->size;
      contents_[static_cast<size_t>(line->stream)].Append(line->content);
    }
    for (size_t i = 0; i < streams_.size(); ++i) {
      ByteBuffer& content = contents_[i];
      if (content.size() == before[i] && !last) continue;
      streams_[i].Sample(content.view().substr(before[i]));
      content.DropFront(streams_[i].Parse(content.padded(), last, out));
    }
    return done;
  }

  ParserScratch* scratch_;
  std::optional<Wrapping> wrapping_;  // nothing: not known yet
  std::optional<Unwrapper> unwrapper_;
  // In the order of StdStream. The first one is the log, if that is not wrapped.
  std::array<Stream, 2> streams_;
  std::array<ByteBuffer, 2> contents_;  // what the streams are not done with
};

// One run of the command.
class Parse {
 public:
  Parse(const ParseCommand& command, Os* os) : command_(command), os_(os) {}

  ExitCode Run() {
    const absl::Time start = absl::Now();
    for (const std::string& file : command_.files) {
      if (output_.ok()) ReadFile(file);
    }
    if (output_.ok()) output_ = Flush();
    if (command_.stats) {
      Say(FormatStats(stats_, absl::ToDoubleSeconds(absl::Now() - start)));
    }
    if (absl::IsCancelled(output_)) return ExitCode::kOk;  // as `… | head` wants it
    if (!output_.ok()) {
      Complain("cannot write to standard output: " + std::string(output_.message()));
      return ExitCode::kFailed;
    }
    return failed_ ? ExitCode::kFailed : ExitCode::kOk;
  }

 private:
  void ReadFile(const std::string& name) {
    const bool is_stdin = name == "-";
    if (is_stdin && ::isatty(STDIN_FILENO) == 1) Complain("reading a log from this terminal");
    absl::StatusOr<FileReader> reader =
        is_stdin ? FileReader::Stdin(os_) : FileReader::Open(os_, name);
    if (!reader.ok()) return Fail(name, reader.status());
    const absl::StatusOr<ParserStats> stats = ReadLog(name, is_stdin, &*reader);
    if (!stats.ok()) return Fail(name, stats.status());
    stats_.Add(*stats);
  }

  StreamFacts Facts(const std::string& name, bool is_stdin) const {
    StreamFacts facts;
    facts.environment = command_.environment;
    facts.source_name = is_stdin ? "stdin" : "file";
    if (!is_stdin) {
      facts.path = name;
      AddFactsFromPath(name, &facts);
    }
    if (!command_.identity.app_id.empty()) facts.identity.app_id = command_.identity.app_id;
    if (!command_.identity.app_name.empty()) facts.identity.app_name = command_.identity.app_name;
    return facts;
  }

  absl::StatusOr<ParserStats> ReadLog(const std::string& name, bool is_stdin, FileReader* reader) {
    LogReader log(command_.parser, Facts(name, is_stdin), &scratch_);
    ProgressBar bar(os_, STDERR_FILENO, ::isatty(STDERR_FILENO) == 1, reader->size());
    LineBuffer buffer(kReadSize, kPadding);
    size_t read = 0;
    bool last = false;
    while (!last && output_.ok()) {
      buffer.MakeRoom();
      const std::span<char> room = buffer.free_space();
      const absl::StatusOr<size_t> size =
          reader->Read(room.subspan(0, std::min(room.size(), kReadSize)));
      // What was read before is still good.
      last = !size.ok() || *size == 0;
      const size_t fresh = size.value_or(0);
      buffer.Commit(fresh);
      read += fresh;
      const std::string_view data = buffer.data();
      buffer.Consume(
          log.Read(PaddedView::Promise(data.data(), data.size()), fresh, last, &events_));
      if (events_.bytes.size() >= kFlushSize || !reader->is_regular()) output_ = Flush();
      bar.Update(read, log.stats().total(), absl::Now());
      if (!size.ok()) {
        stats_.Add(StatsOf(log, read));
        return size.status();
      }
    }
    // The next log may keep us waiting.
    if (output_.ok()) output_ = Flush();
    if (output_.ok()) Explain(Shown(name), log);
    return StatsOf(log, read);
  }

  // Bytes are those of the file, wrapping and all.
  static ParserStats StatsOf(const LogReader& log, size_t read) {
    ParserStats stats = log.stats();
    stats.bytes = read;
    return stats;
  }

  static std::string Shown(const std::string& name) {
    return name == "-" ? "standard input" : Printable(name, 1024);
  }

  void Explain(const std::string& shown, const LogReader& log) {
    const ParserStats stats = log.stats();
    const LogDiagnosis& diagnosis = log.diagnosis();
    const uint64_t progress = stats.events[static_cast<size_t>(EventKind::kProgress)];
    const bool has_words = stats.not_progress > 0;
    if (stats.total() == 0) {
      Complain(shown + ": no event found: " + diagnosis.WhyNoEvents(has_words));
    } else if (progress == 0 && (diagnosis.IsWrapped() || has_words)) {
      Complain(shown + ": no progress event found: " + diagnosis.WhyNoEvents(has_words));
    } else if (progress == 0 && diagnosis.InfoIsOff()) {
      Complain(shown + ": no progress event found: " + LogDiagnosis::HowToTurnInfoOn());
    }
    if (log.foreign_lines() > 0) {
      Complain(shown + ": passed over " + std::to_string(log.foreign_lines()) +
               " of its lines: they are not wrapped by " + std::string(log.wrapping_name()) +
               ", as the first one is.");
    }
  }

  absl::Status Flush() {
    absl::Status status = to_terminal_
                              ? WriteAll(os_, STDOUT_FILENO, EscapeControls(events_.bytes.view()))
                              : WriteAll(os_, STDOUT_FILENO, events_.bytes.view());
    events_.Clear();
    return status;
  }

  void Fail(const std::string& name, const absl::Status& status) {
    failed_ = true;
    Complain(Shown(name) + ": cannot read it: " + std::string(status.message()));
  }

  void Complain(const std::string& text) { Say("sparktail: " + text + "\n"); }

  void Say(std::string_view text) { WriteAll(os_, STDERR_FILENO, text).IgnoreError(); }

  const ParseCommand& command_;
  Os* os_;
  ParserScratch scratch_;
  EventBuffer events_;
  ParserStats stats_;
  absl::Status output_;
  bool failed_ = false;
  const bool to_terminal_ = ::isatty(STDOUT_FILENO) == 1;
};

}  // namespace

ExitCode RunParse(const ParseCommand& command, Os* os) { return Parse(command, os).Run(); }

}  // namespace sparktail
