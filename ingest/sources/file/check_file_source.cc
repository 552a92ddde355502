#include "ingest/sources/file/check_file_source.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/base/printable.h"
#include "ingest/base/time_zone.h"
#include "ingest/sources/file/file_source_options.h"
#include "ingest/sources/file/glob.h"
#include "ingest/sources/file/rotation_names.h"
#include "ingest/sources/file/zone_evidence.h"
#include "parsers/header.h"
#include "parsers/log_diagnosis.h"
#include "parsers/log_parser.h"
#include "parsers/unwrapper.h"

namespace sparktail {
namespace {

constexpr size_t kLookedAtBytes = size_t{1} << 20;  // of each file
constexpr size_t kMostFiles = 50;                   // that are looked at
constexpr size_t kNamedFiles = 3;
constexpr size_t kLongestHeader = 120;
constexpr absl::Duration kClockTolerance = absl::Minutes(1);
constexpr std::array<std::string_view, 3> kWrappings = {  // by Wrapping
    "plain", "wrapped by a Kubernetes container runtime", "wrapped by Docker (json-file)"};

// The directory in which the first part with a wildcard is.
std::string FixedDirectory(const std::string& pattern) {
  const size_t wildcard = std::min(pattern.find_first_of("*?["), pattern.size());
  const size_t slash = pattern.rfind('/', wildcard == pattern.size() ? wildcard : wildcard - 1);
  return slash == 0 || slash == std::string::npos ? "/" : pattern.substr(0, slash);
}

std::string Because(const absl::Status& status) {
  std::string why(status.message());
  if (absl::IsPermissionDenied(status)) {
    why += "; let sparktail's user read it (its group, or an ACL: setfacl), or exclude it";
  }
  return why;
}

absl::StatusOr<std::string> ReadBeginning(Os* os, const std::string& path) {
  const absl::StatusOr<int> fd = os->OpenToFollow(path);
  if (!fd.ok()) return fd.status();
  absl::StatusOr<std::string> beginning = ReadRange(os, *fd, 0, kLookedAtBytes);
  os->Close(*fd);
  return beginning;
}

// A stream's beginning, taken out of the file's.
struct Content {
  Wrapping wrapping = Wrapping::kNone;
  ByteBuffer bytes;
};

Content ContentOf(std::string_view raw, ParserScratch* scratch) {
  Content content;
  const bool is_all = raw.size() < kLookedAtBytes;
  content.wrapping = RecognizeWrapping(raw, is_all).value_or(Wrapping::kNone);
  if (content.wrapping == Wrapping::kNone) {
    content.bytes.Append(raw);
    return content;
  }
  // Of the stream with more in it: a container's log is in one of them.
  std::array<ByteBuffer, 2> streams;
  Unwrapper unwrapper(content.wrapping, scratch);
  while (const auto line = unwrapper.Next(raw, /*last=*/false)) {
    streams[static_cast<size_t>(line->stream)].Append(line->content);
    raw.remove_prefix(line->size);
  }
  content.bytes = std::move(streams[streams[1].size() > streams[0].size() ? 1 : 0]);
  return content;
}

// What stands in front of the message of the first line that has a header.
std::string FirstHeader(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (const std::optional<Header> header = ParseHeader(line)) {
      return Printable(line.substr(0, header->message), kLongestHeader);
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return "";
}

// "12 events (11 progress)"
std::string Events(const ParserStats& stats) {
  return std::to_string(stats.total()) + (stats.total() == 1 ? " event (" : " events (") +
         std::to_string(stats.events[static_cast<size_t>(EventKind::kProgress)]) + " progress)";
}

class SourceCheck {
 public:
  SourceCheck(const SourceConfiguration& source, Os* os, CheckReport* report)
      : source_(source),
        options_(source.options.Get<FileSourceOptions>()),
        os_(os),
        report_(report),
        subject_("source " + source.name),
        zone_(FindTimeZone(source.timezone).value_or(absl::UTCTimeZone())),
        evidence_(zone_) {}

  void Run() {
    for (const std::string& pattern : options_.paths) LookAtPattern(pattern);
    TellOfZone();
    TellOfClock();
  }

 private:
  void LookAtPattern(const std::string& pattern) {
    Glob::Found found;
    Glob(pattern).Expand(os_, &found);
    std::vector<std::string>& paths = found.paths;
    std::erase_if(paths, [&](const std::string& path) {
      return std::any_of(options_.exclude.begin(), options_.exclude.end(),
                         [&](const std::string& exclude) { return Glob(exclude).Matches(path); });
    });
    LookAtDirectory(pattern);
    if (paths.empty()) {
      return report_->Doubt(subject_, "no file matches " + pattern + " now");
    }
    report_->Ok(subject_, std::to_string(paths.size()) +
                              (paths.size() == 1 ? " file matches " : " files match ") + pattern +
                              ": " + Named(paths));
    for (size_t i = 0; i < std::min(paths.size(), kMostFiles); ++i) LookAtFile(paths[i]);
    if (paths.size() > kMostFiles) {
      report_->Ok(subject_, "the other " + std::to_string(paths.size() - kMostFiles) +
                                " files were not looked at");
    }
  }

  void LookAtDirectory(const std::string& pattern) {
    const std::string directory = FixedDirectory(pattern);
    const absl::Status status = os_->List(directory).status();
    if (absl::IsNotFound(status)) {
      return report_->Doubt(subject_, "the directory " + directory + " does not exist (yet)");
    }
    if (!status.ok()) {
      return report_->Broken(subject_, directory + ": cannot list it: " + Because(status));
    }
    const bool is_remote = os_->IsRemote(directory).value_or(false);
    if (is_remote && options_.watch == Watch::kInotify) {
      report_->Doubt(subject_, directory +
                                   " is on a network file system, where inotify does not see what "
                                   "others write: set watch: auto or poll");
    }
  }

  static std::string Named(const std::vector<std::string>& paths) {
    std::string names;
    for (size_t i = 0; i < std::min(paths.size(), kNamedFiles); ++i) {
      names += (names.empty() ? "" : ", ") + Printable(paths[i], 256);
    }
    return paths.size() > kNamedFiles ? names + ", …" : names;
  }

  void LookAtFile(const std::string& path) {
    const absl::StatusOr<std::string> real = os_->RealPath(path);
    if (!real.ok()) {
      return report_->Doubt(subject_, path + " is skipped: a link to a file that can't be found: " +
                                          Because(real.status()));
    }
    const absl::StatusOr<Os::FileInfo> info = os_->StatPath(*real, /*follow_links=*/false);
    if (!info.ok()) {
      return report_->Broken(subject_, path + ": " + Because(info.status()));
    }
    if (!info->is_regular()) {
      return report_->Doubt(
          subject_,
          path + " is skipped: " +
              (info->is_directory() ? "a directory; name the files in it, as in " + path + "/*"
                                    : "not a regular file"));
    }
    if (IsCompressedName(path)) {
      return report_->Doubt(subject_, path + " is skipped: compressed; it is not followed");
    }
    const absl::StatusOr<std::string> beginning = ReadBeginning(os_, *real);
    if (!beginning.ok()) {
      return report_->Broken(subject_, path + ": cannot read it: " + Because(beginning.status()));
    }
    if (beginning->empty()) return report_->Ok(subject_, path + " is empty so far");
    LookAtContent(path, *beginning);
  }

  void LookAtContent(const std::string& path, std::string_view raw) {
    const Content content = ContentOf(raw, &scratch_);
    const std::string_view text = content.bytes.view();
    LogDiagnosis diagnosis;
    diagnosis.Sample(text, 0);
    diagnosis.Finish();
    evidence_.Look(text);
    ParserOptions options;
    options.zone = zone_;
    LogParser parser(options, StreamFacts(), &scratch_);
    EventBuffer events;
    parser.Parse(content.bytes.padded(), /*last=*/false, &events);
    TellOfContent(path, content, parser, diagnosis);
  }

  void TellOfContent(const std::string& path, const Content& content, const LogParser& parser,
                     const LogDiagnosis& diagnosis) {
    const ParserStats& stats = parser.stats();
    const bool has_words = stats.not_progress > 0;
    if (stats.total() == 0) {
      return report_->Doubt(subject_,
                            path + ": no event so far: " + diagnosis.WhyNoEvents(has_words));
    }
    std::string told = path + ": ";
    told += kWrappings[static_cast<size_t>(content.wrapping)];
    const std::string version = parser.position().context.identity.spark_version;
    if (!version.empty()) told += ", Spark " + version;
    told += ", " + Events(stats) + " in its beginning; lines begin with '" +
            FirstHeader(content.bytes.view()) + "'";
    report_->Ok(subject_, told);
    const bool has_progress = stats.events[static_cast<size_t>(EventKind::kProgress)] > 0;
    if (!has_progress && diagnosis.InfoIsOff()) {
      report_->Doubt(subject_, path + ": " + LogDiagnosis::HowToTurnInfoOn());
    }
  }

  void TellOfZone() {
    if (evidence_.events() == 0) return;
    const std::string of_events = std::to_string(evidence_.disagreeing()) + " of " +
                                  std::to_string(evidence_.events()) + " progress events";
    if (evidence_.disagreeing() == 0) {
      return report_->Ok(subject_, "timezone " + source_.timezone + " is that of the headers, as " +
                                       std::to_string(evidence_.events()) +
                                       " progress events prove");
    }
    const absl::Time time = evidence_.disagreeing_time();
    const std::string configured = FormatOffset(absl::Seconds(zone_.At(time).offset));
    report_->Doubt(subject_,
                   of_events + " prove that the headers are not in timezone " + source_.timezone +
                       ": at " + absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()) +
                       " they were at UTC" + FormatOffset(evidence_.disagreeing_offset()) +
                       ", and that zone at UTC" + configured +
                       "; set `timezone` to the zone of the drivers");
  }

  void TellOfClock() {
    if (evidence_.latest() <= os_->Now() + kClockTolerance) return;
    report_->Doubt(subject_, "progress events come from the future (" +
                                 absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", evidence_.latest(),
                                                  absl::UTCTimeZone()) +
                                 "): the clock of the drivers or of this machine is wrong");
  }

  const SourceConfiguration& source_;
  const FileSourceOptions& options_;
  Os* os_;
  CheckReport* report_;
  const std::string subject_;
  const absl::TimeZone zone_;
  ZoneEvidence evidence_;
  ParserScratch scratch_;
};

}  // namespace

void CheckFileSource(const SourceConfiguration& source, const CheckParts& parts,
                     CheckReport* report) {
  SourceCheck(source, parts.os, report).Run();
}

}  // namespace sparktail
