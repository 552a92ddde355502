#include "ingest/sources/dead_letters/dead_letter_source.h"

#include <utility>
#include <variant>

#include "ingest/streams/content_stream.h"

namespace sparktail {
namespace {

constexpr size_t kBatchBytes = size_t{1} << 20;
// Bytes of a file per turn. Skipped lines do not fill a batch, so they need this limit.
constexpr uint64_t kTurnBytes = uint64_t{8} << 20;

absl::Status Changed() { return absl::FailedPreconditionError("it changed while it was read"); }

}  // namespace

DeadLetterSource::DeadLetterSource(SourceParts parts)
    : os_(parts.os),
      log_(parts.log),
      name_(parts.configuration->name),
      options_(parts.configuration->options.Get<DeadLetterSourceOptions>()),
      output_(std::move(parts.output)) {}

absl::Status DeadLetterSource::Open() {
  for (const File& file : options_.files) {
    const Cursor* start = output_->StartOf(StreamOf(file));
    status_.lag_bytes += file.size - (start == nullptr ? 0 : start->order);
  }
  return absl::OkStatus();
}

absl::Time DeadLetterSource::Turn() {
  if (AtEnd() || !failure_.ok() || !output_->HasRoom()) return absl::InfiniteFuture();
  const absl::StatusOr<std::shared_ptr<const Batch>> batch = ReadBatch();
  if (!batch.ok()) {
    const std::string path = options_.files[at_].path;
    failure_ = absl::Status(batch.status().code(),
                            "cannot read " + path + ": " + std::string(batch.status().message()));
    log_->Error("dead_letters " + path, std::string(failure_.message()));
    return absl::InfiniteFuture();
  }
  if (*batch != nullptr) output_->Emit({&*batch, 1});
  return AtEnd() ? absl::InfiniteFuture() : absl::InfinitePast();
}

// Reads the next batch of the file. Null if a previous process has delivered all of it.
absl::StatusOr<std::shared_ptr<const Batch>> DeadLetterSource::ReadBatch() {
  const File& file = options_.files[at_];
  if (!file_) {
    const Cursor* start = output_->StartOf(StreamOf(file));
    if (start != nullptr && start->ended) {
      ++at_;
      return nullptr;
    }
    offset_ = start == nullptr ? 0 : start->order;
    absl::StatusOr<DeadLetterFile> opened =
        DeadLetterFile::Open(os_, file.path, options_.longest_line, offset_, file.size);
    if (!opened.ok()) return opened.status();
    file_.emplace(*std::move(opened));
  }
  EventBuffer events;
  const uint64_t begin = offset_;
  while (offset_ < file.size && offset_ - begin < kTurnBytes) {
    const absl::StatusOr<std::optional<DeadLetterFile::Line>> line = file_->Next();
    if (!line.ok()) return line.status();
    const absl::StatusOr<bool> added = AddLine(**line, &events);
    if (!added.ok()) return added.status();
    if (!*added) {
      file_->PutBack();
      break;
    }
    offset_ = (*line)->end;
  }
  status_.read_bytes += offset_ - begin;
  status_.lag_bytes -= offset_ - begin;
  const bool ended = offset_ == file.size;
  if (ended) {
    file_.reset();
    ++at_;
  }
  return MakePlainBatch(StreamOf(file), offset_, "{}", std::move(events), ended);
}

absl::StatusOr<bool> DeadLetterSource::AddLine(const DeadLetterFile::Line& line,
                                               EventBuffer* events) {
  DeadLetter letter;
  const DeadLetterReader::Result result = reader_.Read(line.text, line.has_newline, &letter);
  if (result == DeadLetterReader::Result::kOther) return Changed();
  if (result != DeadLetterReader::Result::kEvent) return true;
  if (!options_.sink.empty() && letter.sink != options_.sink) return true;
  const size_t size = events->bytes.size() + letter.document.size() + 1;
  if (size > kBatchBytes && !events->events.empty()) return false;
  EventRef event;
  event.kind = letter.kind;
  event.id = letter.id;
  event.begin = events->bytes.size();
  events->bytes.Append(letter.document);
  event.end = events->bytes.size();
  events->bytes.Append('\n');
  event.time_ms = letter.time_ms;
  event.offset = line.begin;
  events->events.push_back(event);
  ++parsed_.events[static_cast<size_t>(letter.kind)];
  return true;
}

std::vector<StreamKey> DeadLetterSource::Streams() const {
  std::vector<StreamKey> streams;
  for (const File& file : options_.files) streams.push_back(StreamOf(file));
  return streams;
}

}  // namespace sparktail
