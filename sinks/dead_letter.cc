#include "sinks/dead_letter.h"

#include <absl/time/time.h>
#include <simdjson.h>

#include <utility>

#include "ingest/base/path.h"
#include "parsers/byte_buffer.h"
#include "parsers/json_writer.h"
#include "sinks/output_file.h"

namespace sparktail {
namespace {

constexpr uint64_t kMaxFile = uint64_t{16} << 20;
constexpr int kMaxOfOneSecond = 10'000;
constexpr std::string_view kExtension = ".ndjson";

bool IsJsonLine(std::string_view text) {
  simdjson::dom::parser parser;
  return text.find('\n') == std::string_view::npos &&
         parser.parse(text.data(), text.size()).error() == simdjson::SUCCESS;
}

}  // namespace

DeadLetters::DeadLetters(Os* os, Log* log, const std::string& directory, std::string sink,
                         uint64_t max_bytes)
    : os_(os),
      log_(log),
      directory_(directory + "/" + sink),
      sink_(std::move(sink)),
      max_bytes_(max_bytes) {}

// Lines that are not durable are removed: their events are read and delivered again.
DeadLetters::~DeadLetters() {
  Rollback().IgnoreError();
  Close();
}

absl::Status DeadLetters::Add(std::string_view document, std::string_view cause,
                              std::string_view index) {
  const ByteBuffer line = Format(document, cause, index);
  if (absl::Status status = EnsureRoom(line.size()); !status.ok()) return status;
  if (absl::Status status = EnsureOpen(); !status.ok()) return status;
  if (is_torn_) {
    if (absl::Status status = Cut(written_); !status.ok()) return status;
  }
  is_torn_ = true;
  if (absl::Status status = WriteAll(os_, fd_, line.view()); !status.ok()) {
    return ForNow(Because(status, "write to " + path_));
  }
  is_torn_ = false;
  written_ += line.size();
  ++added_;
  log_->Warn("dead_letter " + sink_, "sink " + sink_ + " rejected an event, which is now in " +
                                         path_ + ": " + std::string(cause));
  return absl::OkStatus();
}

ByteBuffer DeadLetters::Format(std::string_view document, std::string_view cause,
                               std::string_view index) {
  ByteBuffer line;
  JsonWriter json(&line);
  json.Open();
  json.Text("time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", os_->Now(), absl::UTCTimeZone()));
  json.Text("sink", sink_);
  json.KnownText("index", index);
  json.Text("cause", cause);
  if (IsJsonLine(document)) {
    json.Raw("document", document);
  } else {
    json.Text("document", document);
  }
  json.Close();
  line.Append('\n');
  return line;
}

// When the files are full, they are measured again: a user may have moved some away.
absl::Status DeadLetters::EnsureRoom(uint64_t bytes) {
  const auto fits = [&] { return others_ && *others_ + written_ + bytes <= max_bytes_; };
  if (fits()) return absl::OkStatus();
  const absl::StatusOr<uint64_t> found = SizeOfOthers();
  if (!found.ok()) return found.status();
  others_ = *found;
  if (fits()) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      "the dead letters of sink " + sink_ + " are full (" + std::to_string(max_bytes_) +
      " bytes in " + directory_ +
      "): read why the events were rejected, then move the files away, or raise "
      "dead_letter_bytes");
}

absl::StatusOr<uint64_t> DeadLetters::SizeOfOthers() {
  const absl::StatusOr<std::vector<std::string>> names = os_->List(directory_);
  if (absl::IsNotFound(names.status())) return uint64_t{0};
  if (!names.ok()) return ForNow(Because(names.status(), "read the directory " + directory_));
  uint64_t sum = 0;
  for (const std::string& name : *names) {
    const std::string found = directory_ + "/" + name;
    if (!name.ends_with(kExtension) || (fd_ >= 0 && found == path_)) continue;
    const absl::StatusOr<Os::FileInfo> info = os_->StatPath(found, /*follow_links=*/false);
    if (absl::IsNotFound(info.status())) continue;
    if (!info.ok()) return ForNow(Because(info.status(), "read " + found));
    sum += info->size;
  }
  return sum;
}

// Each process creates its own file, so none has to repair a cut line of another.
absl::Status DeadLetters::EnsureOpen() {
  if (fd_ >= 0) return absl::OkStatus();
  if (absl::Status status = CreateDirectories(); !status.ok()) return ForNow(status);
  const absl::StatusOr<std::string> free = FreePath();
  if (!free.ok()) return ForNow(free.status());
  const absl::StatusOr<int> opened = os_->OpenToAppend(*free, 0600);
  if (!opened.ok()) return ForNow(Because(opened.status(), "write to " + *free));
  const absl::Status synced = os_->SyncDirectory(directory_);
  if (!synced.ok()) {
    os_->Close(*opened);
    return ForNow(Because(synced, "sync the directory " + directory_));
  }
  fd_ = *opened;
  path_ = *free;
  length_ = written_ = 0;
  is_torn_ = false;
  return absl::OkStatus();
}

absl::Status DeadLetters::CreateDirectories() {
  const std::string parent = ParentDirectory(directory_);
  for (const std::string& made : {parent, directory_}) {
    if (absl::Status status = os_->MakeDirectory(made, 0700); !status.ok()) {
      return Because(status, "create the directory " + made);
    }
    if (absl::Status status = os_->SyncDirectory(ParentDirectory(made)); !status.ok()) {
      return Because(status, "sync the directory " + ParentDirectory(made));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> DeadLetters::FreePath() {
  const std::string stamp =
      directory_ + "/" + absl::FormatTime("%Y%m%dT%H%M%SZ", os_->Now(), absl::UTCTimeZone());
  for (int n = 0; n < kMaxOfOneSecond; ++n) {
    std::string candidate = n == 0 ? stamp : stamp + "." + std::to_string(n);
    candidate.append(kExtension);
    const absl::Status status = os_->StatPath(candidate, /*follow_links=*/false).status();
    if (absl::IsNotFound(status)) return candidate;
    if (!status.ok()) return Because(status, "read " + candidate);
  }
  return absl::UnavailableError("all names of this second are taken in " + directory_);
}

absl::Status DeadLetters::Sync() {
  if (fd_ < 0) return absl::OkStatus();
  if (is_torn_) {
    if (absl::Status status = Cut(written_); !status.ok()) return status;
  }
  if (written_ == length_) return absl::OkStatus();
  if (absl::Status status = os_->Sync(fd_); !status.ok()) {
    return ForNow(Because(status, "sync " + path_));
  }
  length_ = written_;
  count_ += std::exchange(added_, 0);
  if (length_ < kMaxFile) return absl::OkStatus();
  others_ = *others_ + length_;
  Close();
  return absl::OkStatus();
}

absl::Status DeadLetters::Rollback() {
  if (fd_ < 0 || (written_ == length_ && !is_torn_)) return absl::OkStatus();
  if (absl::Status status = Cut(length_); !status.ok()) return status;
  added_ = 0;
  return absl::OkStatus();
}

absl::Status DeadLetters::Cut(uint64_t to) {
  if (absl::Status status = os_->Truncate(fd_, to); !status.ok()) {
    return ForNow(Because(status, "cut " + path_));
  }
  written_ = to;
  is_torn_ = false;
  return absl::OkStatus();
}

void DeadLetters::Close() {
  if (fd_ < 0) return;
  os_->Close(std::exchange(fd_, -1));
  // Leave no empty file: users would look into it.
  if (length_ == 0) os_->Remove(path_).IgnoreError();
  length_ = written_ = 0;
}

}  // namespace sparktail
