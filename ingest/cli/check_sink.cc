#include "ingest/cli/check_sink.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

#include "offsets/database.h"
#include "offsets/offsets_file.h"
#include "sinks/kafka/kafka_sink_options.h"
#include "sinks/kafka/kafka_survey.h"
#include "sinks/opensearch/opensearch_options.h"
#include "sinks/opensearch/opensearch_survey.h"
#include "sinks/options.h"
#include "sinks/output_file.h"
#include "sinks/solr/solr_options.h"
#include "sinks/solr/solr_survey.h"
#include "sinks/sqlite/schema.h"

namespace sparktail {
namespace {

// With less it is full soon.
constexpr uint64_t kLittleSpace = uint64_t{256} << 20;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

std::string Advice(const absl::Status& status) {
  if (absl::IsPermissionDenied(status)) {
    return "; let sparktail's user write there, or name another path";
  }
  if (absl::IsResourceExhausted(status)) return "; make room there, or name another path";
  return "";
}

// Makes a file in the directory, and removes it.
absl::Status TryToWrite(const std::string& directory, Os* os) {
  const std::string path = directory + "/.sparktail-check-" + std::to_string(::getpid());
  const absl::StatusOr<int> fd = os->OpenToAppend(path, 0600);
  if (!fd.ok()) return fd.status();
  os->Close(*fd);
  return os->Remove(path);
}

std::string Space(uint64_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f GiB free",
                static_cast<double>(bytes) / static_cast<double>(uint64_t{1} << 30));
  return text.data();
}

void TellOfSpace(const std::string& subject, const std::string& directory, CheckReport* report) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(directory, error);
  if (error) return;
  const std::string text = directory + ": " + Space(space.available);
  if (space.available >= kLittleSpace) return report->Ok(subject, text);
  report->Doubt(subject, text + ": when the disk is full, the sink pauses; make room there");
}

// Why a file there can't be appended to, or made.
absl::Status TryOutputFile(const std::string& path, Os* os) {
  const absl::StatusOr<Os::FileInfo> info = os->StatPath(path, /*follow_links=*/false);
  if (info.ok()) {
    const absl::StatusOr<int> fd = OpenOutputFile(os, path);
    if (fd.ok()) os->Close(*fd);
    return fd.status();
  }
  if (!absl::IsNotFound(info.status())) return Because(info.status(), "write to " + path);
  const std::string directory = ParentDirectory(path);
  const absl::Status status = TryToWrite(directory, os);
  if (absl::IsNotFound(status)) {
    return absl::NotFoundError("the directory " + directory +
                               " does not exist; make it (mkdir -p " + directory +
                               "), or name another path");
  }
  return Because(status, "make a file in " + directory);
}

bool CheckFile(const std::string& subject, const std::string& path, Os* os, CheckReport* report) {
  const absl::Status status = TryOutputFile(path, os);
  if (!status.ok()) {
    report->Broken(subject, Message(status) + Advice(status));
    return false;
  }
  const bool is_there = os->StatPath(path, /*follow_links=*/false).ok();
  report->Ok(subject, path + (is_there ? " can be written to" : " can be made"));
  TellOfSpace(subject, ParentDirectory(path), report);
  return true;
}

// https://www.sqlite.org/fileformat2.html#the_database_header
struct DatabaseHeader {
  int64_t application_id = 0;
  int64_t user_version = 0;
};
constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr size_t kHeaderBytes = 100;
constexpr size_t kUserVersionAt = 60;
constexpr size_t kApplicationIdAt = 68;

int64_t BigEndian(std::string_view header, size_t at) {
  uint32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(header[i]);
  return value;
}

// SQLite itself would make files beside the database, to read it.
absl::StatusOr<DatabaseHeader> ReadHeader(const std::string& path, Os* os) {
  const absl::StatusOr<int> fd = os->OpenToFollow(path);
  if (!fd.ok()) return Because(fd.status(), "read " + path);
  const absl::StatusOr<std::string> header = ReadRange(os, *fd, 0, kHeaderBytes);
  os->Close(*fd);
  if (!header.ok()) return Because(header.status(), "read " + path);
  if (header->size() < kHeaderBytes || !header->starts_with(kMagic)) {
    return absl::DataLossError(path + " is no SQLite database; name another path");
  }
  return DatabaseHeader{BigEndian(*header, kApplicationIdAt), BigEndian(*header, kUserVersionAt)};
}

// A process has the database open, or left it without closing it: what counts is not in the file
// alone, and the files that SQLite makes are there.
bool IsInUse(const std::string& path, Os* os) {
  return os->StatPath(path + "-wal", /*follow_links=*/true).ok();
}

absl::StatusOr<DatabaseHeader> AskForHeader(const std::string& path, Os* os) {
  absl::StatusOr<Database> database = Database::Open(os, path, {.access = Database::Access::kRead});
  if (!database.ok()) return database.status();
  const absl::StatusOr<int64_t> owner = database->QueryInt("PRAGMA application_id");
  if (!owner.ok()) return owner.status();
  const absl::StatusOr<int64_t> version = database->QueryInt("PRAGMA user_version");
  if (!version.ok()) return version.status();
  return DatabaseHeader{*owner, *version};
}

absl::StatusOr<DatabaseHeader> HeaderOf(const std::string& path, Os* os) {
  return IsInUse(path, os) ? AskForHeader(path, os) : ReadHeader(path, os);
}

// What is wrong with a history that is there.
absl::Status TryHistory(const std::string& path, Os* os) {
  const absl::StatusOr<DatabaseHeader> header = HeaderOf(path, os);
  if (!header.ok()) return header.status();
  if (header->application_id != kHistoryApplicationId) {
    return absl::FailedPreconditionError(path +
                                         " is a database of another program; name another path");
  }
  if (header->user_version <= kHistoryVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(
      path + " was written by a newer version of sparktail; use that one, or name another path");
}

void CheckSqlite(const std::string& subject, const SqliteSinkOptions& options, Os* os,
                 CheckReport* report) {
  if (!CheckFile(subject, options.path, os, report)) return;
  const std::string directory = ParentDirectory(options.path);
  // SQLite keeps files beside the database.
  if (const absl::Status status = TryToWrite(directory, os); !status.ok()) {
    return report->Broken(subject,
                          Message(Because(status, "make a file in " + directory)) + Advice(status));
  }
  if (os->IsRemote(directory).value_or(false)) {
    report->Doubt(subject, directory +
                               " is on a network file system, where SQLite's locks can't be "
                               "relied on; name a path on a local disk");
  }
  const absl::StatusOr<Os::FileInfo> info = os->StatPath(options.path, /*follow_links=*/true);
  if (!info.ok() || info->size == 0) return;
  if (const absl::Status status = TryHistory(options.path, os); !status.ok()) {
    return report->Broken(subject, Message(status));
  }
  report->Ok(subject, options.path + " is a history that can be read");
}

void CheckKafka(const std::string& subject, const KafkaSinkOptions& options, Log* log,
                CheckReport* report) {
  const absl::StatusOr<KafkaSurvey> survey = SurveyKafka(log, options, /*create=*/false);
  if (!survey.ok()) return report->Broken(subject, Message(survey.status()));
  report->Ok(subject, "the cluster answers, brokers: " + std::to_string(survey->brokers));
  for (const KafkaSurvey::Topic& topic : survey->topics) {
    if (!topic.status.ok()) {
      report->Broken(subject, Message(topic.status));
    } else if (topic.partitions > 0) {
      report->Ok(subject, "there is topic " + topic.name +
                              ", partitions: " + std::to_string(topic.partitions));
    } else if (options.create_topics) {
      report->Ok(subject, "topic " + topic.name + " is missing, and will be made");
    } else {
      report->Broken(subject, "topic " + topic.name + " is missing: sparktail setup makes it");
    }
  }
}

void CheckOffsets(const std::string& subject, const std::string& state_dir, Os* os,
                  CheckReport* report) {
  const std::string path = OffsetsPath(state_dir);
  if (absl::IsNotFound(os->StatPath(path, /*follow_links=*/false).status())) {
    return report->Ok(subject, "there are no cursors yet");
  }
  const absl::StatusOr<DatabaseHeader> header = HeaderOf(path, os);
  const bool is_good = header.ok() && header->application_id == kOffsetsApplicationId &&
                       header->user_version == kOffsetsVersion;
  if (is_good) return report->Ok(subject, path + " can be read");
  // It knows better what is wrong, and what to do.
  const absl::Status status = LookAtOffsets(os, state_dir).status();
  report->Broken(subject, status.ok() ? path + " can't be read" : Message(status));
}

}  // namespace

void CheckOutputFile(const std::string& subject, const std::string& path, Os* os,
                     CheckReport* report) {
  CheckFile(subject, path, os, report);
}

void CheckSink(const SinkConfiguration& sink, Os* os, Log* log, CheckReport* report) {
  const std::string subject = "sink " + sink.name;
  if (const auto* file = sink.options.Find<FileSinkOptions>()) {
    if (!CheckFile(subject, file->path, os, report)) return;
    const bool rotates = file->rotate_bytes > 0 || file->rotate_age < absl::InfiniteDuration();
    const absl::Status status =
        rotates ? TryToWrite(ParentDirectory(file->path), os) : absl::OkStatus();
    if (status.ok()) return;
    report->Broken(subject, "cannot rotate in " + ParentDirectory(file->path) + ": " +
                                Message(status) + Advice(status));
  } else if (const auto* sqlite = sink.options.Find<SqliteSinkOptions>()) {
    CheckSqlite(subject, *sqlite, os, report);
  } else if (const auto* kafka = sink.options.Find<KafkaSinkOptions>()) {
    CheckKafka(subject, *kafka, log, report);
  } else if (const auto* search = sink.options.Find<OpenSearchOptions>()) {
    AddFindings(subject, SurveyOpenSearch(*search, log), report);
  } else if (const auto* solr = sink.options.Find<SolrOptions>()) {
    AddFindings(subject, SurveySolr(*solr, log), report);
  } else {
    report->Ok(subject, "standard output; after a crash events may come again");
  }
}

void CheckStateDirectory(const std::string& path, Os* os, CheckReport* report) {
  const std::string subject = "state_dir";
  std::string existing = path;
  absl::StatusOr<Os::FileInfo> info = os->StatPath(existing, /*follow_links=*/true);
  while (absl::IsNotFound(info.status()) && existing != "/") {
    existing = ParentDirectory(existing);
    info = os->StatPath(existing, /*follow_links=*/true);
  }
  if (!info.ok()) return report->Broken(subject, existing + ": " + Message(info.status()));
  if (!info->is_directory()) return report->Broken(subject, existing + " is no directory");
  if (const absl::Status status = TryToWrite(existing, os); !status.ok()) {
    return report->Broken(subject,
                          "cannot write to " + existing + ": " + Message(status) + Advice(status));
  }
  report->Ok(subject, path + (existing == path ? " can be written to" : " can be made"));
  TellOfSpace(subject, existing, report);
  if (existing == path) CheckOffsets(subject, path, os, report);
}

void AddFindings(const std::string& subject, const std::vector<Finding>& findings,
                 CheckReport* report) {
  for (const Finding& finding : findings) {
    switch (finding.verdict) {
      case Finding::Verdict::kOk:
        report->Ok(subject, finding.text);
        break;
      case Finding::Verdict::kDoubt:
        report->Doubt(subject, finding.text);
        break;
      case Finding::Verdict::kBroken:
        report->Broken(subject, finding.text);
        break;
    }
  }
}

}  // namespace sparktail
