#include "sinks/dead_letter.h"

#include <absl/time/time.h>
#include <simdjson.h>

#include <atomic>
#include <optional>
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

struct DeadLetters::State {
  absl::Status Add(std::string_view document, std::string_view cause, std::string_view index);
  absl::Status Sync();
  absl::Status Rollback();

  ByteBuffer Format(std::string_view document, std::string_view cause, std::string_view index);
  absl::Status EnsureRoom(uint64_t bytes);
  absl::StatusOr<uint64_t> SizeOfOthers();
  absl::Status EnsureOpen();
  absl::Status CreateDirectories();
  absl::StatusOr<std::string> FreePath();
  absl::Status Cut(uint64_t length);
  void Close();

  Os* os = nullptr;
  Log* log = nullptr;
  std::string directory;
  std::string sink;
  uint64_t max_bytes = 0;

  int fd = -1;  // -1: no file is open; the next Add() creates one
  std::string path;
  uint64_t length = 0;             // durable bytes
  uint64_t written = 0;            // bytes of complete lines
  bool is_torn = false;            // a part of a line may follow the complete ones
  std::optional<uint64_t> others;  // bytes in the sink's other files; nothing: not known
  uint64_t added = 0;              // lines since the last Sync()
  std::atomic<uint64_t> count = 0;
};

absl::Status DeadLetters::State::Add(std::string_view document, std::string_view cause,
                                     std::string_view index) {
  const ByteBuffer line = Format(document, cause, index);
  if (absl::Status status = EnsureRoom(line.size()); !status.ok()) return status;
  if (absl::Status status = EnsureOpen(); !status.ok()) return status;
  if (is_torn) {
    if (absl::Status status = Cut(written); !status.ok()) return status;
  }
  is_torn = true;
  if (absl::Status status = WriteAll(os, fd, line.view()); !status.ok()) {
    return ForNow(Because(status, "write to " + path));
  }
  is_torn = false;
  written += line.size();
  ++added;
  log->Warn("dead_letter " + sink, "sink " + sink + " rejected an event, which is now in " + path +
                                       ": " + std::string(cause));
  return absl::OkStatus();
}

ByteBuffer DeadLetters::State::Format(std::string_view document, std::string_view cause,
                                      std::string_view index) {
  ByteBuffer line;
  JsonWriter json(&line);
  json.Open();
  json.Text("time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", os->Now(), absl::UTCTimeZone()));
  json.Text("sink", sink);
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
absl::Status DeadLetters::State::EnsureRoom(uint64_t bytes) {
  const auto fits = [&] { return others && *others + written + bytes <= max_bytes; };
  if (fits()) return absl::OkStatus();
  const absl::StatusOr<uint64_t> found = SizeOfOthers();
  if (!found.ok()) return found.status();
  others = *found;
  if (fits()) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      "the dead letters of sink " + sink + " are full (" + std::to_string(max_bytes) +
      " bytes in " + directory +
      "): read why the events were rejected, then move the files away, or raise "
      "dead_letter_bytes");
}

absl::StatusOr<uint64_t> DeadLetters::State::SizeOfOthers() {
  const absl::StatusOr<std::vector<std::string>> names = os->List(directory);
  if (absl::IsNotFound(names.status())) return uint64_t{0};
  if (!names.ok()) return ForNow(Because(names.status(), "read the directory " + directory));
  uint64_t sum = 0;
  for (const std::string& name : *names) {
    const std::string found = directory + "/" + name;
    if (!name.ends_with(kExtension) || (fd >= 0 && found == path)) continue;
    const absl::StatusOr<Os::FileInfo> info = os->StatPath(found, /*follow_links=*/false);
    if (absl::IsNotFound(info.status())) continue;
    if (!info.ok()) return ForNow(Because(info.status(), "read " + found));
    sum += info->size;
  }
  return sum;
}

// Each process creates its own file, so none has to repair a cut line of another.
absl::Status DeadLetters::State::EnsureOpen() {
  if (fd >= 0) return absl::OkStatus();
  if (absl::Status status = CreateDirectories(); !status.ok()) return ForNow(status);
  const absl::StatusOr<std::string> free = FreePath();
  if (!free.ok()) return ForNow(free.status());
  const absl::StatusOr<int> opened = os->OpenToAppend(*free, 0600);
  if (!opened.ok()) return ForNow(Because(opened.status(), "write to " + *free));
  const absl::Status synced = os->SyncDirectory(directory);
  if (!synced.ok()) {
    os->Close(*opened);
    return ForNow(Because(synced, "sync the directory " + directory));
  }
  fd = *opened;
  path = *free;
  length = written = 0;
  is_torn = false;
  return absl::OkStatus();
}

absl::Status DeadLetters::State::CreateDirectories() {
  const std::string parent = ParentDirectory(directory);
  for (const std::string& made : {parent, directory}) {
    if (absl::Status status = os->MakeDirectory(made, 0700); !status.ok()) {
      return Because(status, "create the directory " + made);
    }
    if (absl::Status status = os->SyncDirectory(ParentDirectory(made)); !status.ok()) {
      return Because(status, "sync the directory " + ParentDirectory(made));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> DeadLetters::State::FreePath() {
  const std::string stamp =
      directory + "/" + absl::FormatTime("%Y%m%dT%H%M%SZ", os->Now(), absl::UTCTimeZone());
  for (int n = 0; n < kMaxOfOneSecond; ++n) {
    std::string candidate = n == 0 ? stamp : stamp + "." + std::to_string(n);
    candidate.append(kExtension);
    const absl::Status status = os->StatPath(candidate, /*follow_links=*/false).status();
    if (absl::IsNotFound(status)) return candidate;
    if (!status.ok()) return Because(status, "read " + candidate);
  }
  return absl::UnavailableError("all names of this second are taken in " + directory);
}

absl::Status DeadLetters::State::Sync() {
  if (fd < 0) return absl::OkStatus();
  if (is_torn) {
    if (absl::Status status = Cut(written); !status.ok()) return status;
  }
  if (written == length) return absl::OkStatus();
  if (absl::Status status = os->Sync(fd); !status.ok()) {
    return ForNow(Because(status, "sync " + path));
  }
  length = written;
  count += std::exchange(added, 0);
  if (length < kMaxFile) return absl::OkStatus();
  others = *others + length;
  Close();
  return absl::OkStatus();
}

absl::Status DeadLetters::State::Rollback() {
  if (fd < 0 || (written == length && !is_torn)) return absl::OkStatus();
  if (absl::Status status = Cut(length); !status.ok()) return status;
  added = 0;
  return absl::OkStatus();
}

absl::Status DeadLetters::State::Cut(uint64_t to) {
  if (absl::Status status = os->Truncate(fd, to); !status.ok()) {
    return ForNow(Because(status, "cut " + path));
  }
  written = to;
  is_torn = false;
  return absl::OkStatus();
}

void DeadLetters::State::Close() {
  if (fd < 0) return;
  os->Close(std::exchange(fd, -1));
  // Leave no empty file: users would look into it.
  if (length == 0) os->Remove(path).IgnoreError();
  length = written = 0;
}

DeadLetters::DeadLetters(Os* os, Log* log, std::string directory, std::string sink,
                         uint64_t max_bytes)
    : state_(std::make_unique<State>()) {
  state_->os = os;
  state_->log = log;
  state_->directory = std::move(directory.append("/").append(sink));
  state_->sink = std::move(sink);
  state_->max_bytes = max_bytes;
}

// Lines that are not durable are removed: their events are read and delivered again.
DeadLetters::~DeadLetters() {
  state_->Rollback().IgnoreError();
  state_->Close();
}

absl::Status DeadLetters::Add(std::string_view document, std::string_view cause,
                              std::string_view index) {
  return state_->Add(document, cause, index);
}
absl::Status DeadLetters::Sync() { return state_->Sync(); }
absl::Status DeadLetters::Rollback() { return state_->Rollback(); }
uint64_t DeadLetters::count() const { return state_->count; }

}  // namespace sparktail
