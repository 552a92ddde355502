#include "ingest/cli/parse_command.h"

#include <absl/time/clock.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "ingest/cli/output.h"
#include "ingest/cli/progress_bar.h"
#include "ingest/cli/stats.h"
#include "ingest/sources/file_reader.h"
#include "ingest/sources/line_buffer.h"
#include "parsers/log_diagnosis.h"
#include "parsers/log_parser.h"

namespace sparktail {
namespace {

constexpr size_t kReadSize = size_t{256} << 10;
constexpr size_t kFlushSize = size_t{256} << 10;
// Of each stream its beginning is looked at, and then a little now and again, to tell why
// nothing was found in it.
constexpr size_t kSampledBeginning = size_t{256} << 10;
constexpr size_t kSampleEvery = size_t{16} << 20;

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
    const absl::StatusOr<ParserStats> stats = ReadStream(name, is_stdin, &*reader);
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

  absl::StatusOr<ParserStats> ReadStream(const std::string& name, bool is_stdin,
                                         FileReader* reader) {
    LogParser parser(command_.parser, Facts(name, is_stdin));
    LogDiagnosis diagnosis;
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
      if (size.ok()) {
        Sample({room.data(), *size}, read, &diagnosis);
        buffer.Commit(*size);
        read += *size;
      }
      const std::string_view data = buffer.data();
      buffer.Consume(parser.Parse(PaddedView::Promise(data.data(), data.size()), last, &events_));
      if (events_.bytes.size() >= kFlushSize || !reader->is_regular()) output_ = Flush();
      bar.Update(read, parser.stats().total(), absl::Now());
      if (!size.ok()) {
        stats_.Add(parser.stats());
        return size.status();
      }
    }
    // The next stream may keep us waiting.
    if (output_.ok()) output_ = Flush();
    diagnosis.Finish();
    if (output_.ok()) Explain(name, parser.stats(), diagnosis);
    return parser.stats();
  }

  static std::string Shown(const std::string& name) {
    return name == "-" ? "standard input" : Printable(name, 1024);
  }

  static void Sample(std::string_view bytes, uint64_t offset, LogDiagnosis* diagnosis) {
    const bool due = offset < kSampledBeginning ||
                     offset / kSampleEvery != (offset + bytes.size()) / kSampleEvery;
    if (due) diagnosis->Sample(bytes, offset);
  }

  void Explain(const std::string& name, const ParserStats& stats, const LogDiagnosis& diagnosis) {
    const uint64_t progress = stats.events[static_cast<size_t>(EventKind::kProgress)];
    const std::string shown = Shown(name);
    const bool has_words = stats.not_progress > 0;
    if (stats.total() == 0) {
      Complain(shown + ": no event found: " + diagnosis.WhyNoEvents(has_words));
    } else if (progress == 0 && (diagnosis.IsWrapped() || has_words)) {
      Complain(shown + ": no progress event found: " + diagnosis.WhyNoEvents(has_words));
    } else if (progress == 0 && diagnosis.InfoIsOff()) {
      Complain(shown + ": no progress event found: " + LogDiagnosis::HowToTurnInfoOn());
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
  EventBuffer events_;
  ParserStats stats_;
  absl::Status output_;
  bool failed_ = false;
  const bool to_terminal_ = ::isatty(STDOUT_FILENO) == 1;
};

}  // namespace

ExitCode RunParse(const ParseCommand& command, Os* os) { return Parse(command, os).Run(); }

}  // namespace sparktail
