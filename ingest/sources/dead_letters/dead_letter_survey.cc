#include "ingest/sources/dead_letters/dead_letter_survey.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "ingest/sources/dead_letters/dead_letter_file.h"
#include "ingest/sources/dead_letters/dead_letter_reader.h"
#include "parsers/event_id.h"

namespace sparktail {
namespace {

using File = DeadLetterSourceOptions::File;

absl::Status At(const std::string& where, const absl::Status& status) {
  return absl::Status(status.code(), where + ": " + std::string(status.message()));
}

class Surveyor {
 public:
  Surveyor(Os* os, size_t longest_line, bool need_sinks,
           absl::FunctionRef<void(std::string_view)> report)
      : os_(os), longest_line_(longest_line), need_sinks_(need_sinks), report_(report) {}

  absl::Status Add(const std::string& path) {
    absl::StatusOr<DeadLetterFile> file = DeadLetterFile::Open(os_, path, longest_line_);
    if (!file.ok()) return At(path, file.status());
    EventId hash{};
    DeadLetterSurvey found;
    for (uint64_t number = 1;; ++number) {
      const std::string where = path + ":" + std::to_string(number);
      const auto line = file->Next();
      if (!line.ok()) return At(where, line.status());
      if (!*line) break;
      hash = MakeEventId({View(hash), (*line)->text.text(), (*line)->has_newline ? "" : "cut"});
      if (absl::Status status = AddLine(where, **line, &found); !status.ok()) return status;
    }
    AddFile(File{path, file->end(), std::string(View(hash))}, found);
    return absl::OkStatus();
  }

  DeadLetterSurvey Finish() && {
    std::vector<std::string_view> hashes;
    for (const File& file : survey_.files) hashes.push_back(file.hash);
    std::sort(hashes.begin(), hashes.end());
    EventId hash{};
    for (const std::string_view one : hashes) hash = MakeEventId({View(hash), one});
    survey_.hash = View(hash);
    return std::move(survey_);
  }

 private:
  absl::Status AddLine(const std::string& where, const DeadLetterFile::Line& line,
                       DeadLetterSurvey* found) {
    DeadLetter letter;
    switch (reader_.Read(line.text, line.has_newline, &letter)) {
      case DeadLetterReader::Result::kBlank:
        return absl::OkStatus();
      case DeadLetterReader::Result::kCut:
        report_(where +
                ": skipped: the line is cut, as after a kill; the next process has read its event "
                "again");
        return absl::OkStatus();
      case DeadLetterReader::Result::kUnfit:
        ++found->unfit;
        report_(where + ": skipped: " + std::string(reader_.why()) + "; correct it to send it");
        return absl::OkStatus();
      case DeadLetterReader::Result::kOther:
        return absl::InvalidArgumentError(
            where + ": this is not a dead letter: " + std::string(reader_.why()) +
            "; give files of state_dir/dead-letter/SINK, or corrected ones with one object per "
            "line "
            "(as jq -c writes them); logs are for sparktail run and parse");
      case DeadLetterReader::Result::kEvent:
        break;
    }
    if (need_sinks_ && letter.sink.empty()) {
      return absl::InvalidArgumentError(where +
                                        ": it names no sink; add --sink to send all events "
                                        "to one sink");
    }
    DeadLetterSurvey::Sink& sink = found->sinks[std::string(letter.sink)];
    if (sink.events++ == 0) sink.first = where;
    return absl::OkStatus();
  }

  void AddFile(File file, const DeadLetterSurvey& found) {
    const auto is_same = [&](const File& other) { return other.hash == file.hash; };
    if (std::any_of(survey_.files.begin(), survey_.files.end(), is_same)) {
      report_(file.path + ": skipped: another file has the same content");
      return;
    }
    survey_.unfit += found.unfit;
    if (found.sinks.empty()) return;
    survey_.files.push_back(std::move(file));
    for (const auto& [name, sink] : found.sinks) {
      DeadLetterSurvey::Sink& sum = survey_.sinks[name];
      if (sum.events == 0) sum.first = sink.first;
      sum.events += sink.events;
    }
  }

  Os* const os_;
  const size_t longest_line_;
  const bool need_sinks_;
  const absl::FunctionRef<void(std::string_view)> report_;
  DeadLetterReader reader_;
  DeadLetterSurvey survey_;
};

}  // namespace

absl::StatusOr<DeadLetterSurvey> SurveyDeadLetters(
    Os* os, const std::vector<std::string>& paths, size_t longest_line, bool need_sinks,
    absl::FunctionRef<void(std::string_view)> report) {
  Surveyor surveyor(os, longest_line, need_sinks, report);
  for (const std::string& path : paths) {
    if (absl::Status status = surveyor.Add(path); !status.ok()) return status;
  }
  return std::move(surveyor).Finish();
}

}  // namespace sparktail
