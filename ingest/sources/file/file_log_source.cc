#include "ingest/sources/file/file_log_source.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "ingest/streams/stream_parts.h"
#include "parsers/context_stop.h"

namespace sparktail {
namespace {

constexpr absl::Duration kQuietAfterStop = absl::Seconds(3);

const FileSourceOptions& OptionsOf(const SourceParts& parts) {
  return parts.configuration->options.Get<FileSourceOptions>();
}

// Returns for each file the farthest place that a sink knows, for it proves most.
std::vector<FileSource::Remembered> FilesOf(const Output& output) {
  std::map<std::string, FileSource::Remembered> files;
  for (const StreamKey& stream : output.Streams()) {
    const Cursor* newest = output.NewestOf(stream);
    const Cursor* first = output.StartOf(stream);
    std::optional<FilePosition> position = FilePosition::FromJson(newest->position);
    if (!position) continue;
    if (position->place.seek) {
      position->place.raw = 0;
      position->place.marker = Fingerprint();
    }
    const bool ended = first != nullptr && first->ended && newest->ended;
    const auto [found, is_new] = files.try_emplace(position->file.name);
    FileSource::Remembered& file = found->second;
    file.ended = ended && (is_new || file.ended);
    if (is_new || position->place.raw > file.place.raw) {
      static_cast<FilePosition&>(file) = *std::move(position);
    }
  }
  std::vector<FileSource::Remembered> remembered;
  remembered.reserve(files.size());
  for (auto& [name, file] : files) remembered.push_back(std::move(file));
  return remembered;
}

}  // namespace

FileLogSource::FileLogSource(SourceParts parts)
    : os_(parts.os),
      name_(parts.configuration->name),
      start_at_(OptionsOf(parts).start_at),
      first_start_(parts.store, parts.log, name_),
      output_(std::move(parts.output)),
      tails_(PartsOfStreams(parts, output_.get(), OptionsOf(parts).record_timeout)),
      files_(FileSource::Parts{parts.os, parts.log, name_, OptionsOf(parts), &tails_,
                               parts.most_descriptors}) {}

absl::Status FileLogSource::Open() {
  if (start_at_.kind == StartAt::Kind::kBeginning) return files_.Open(FilesOf(*output_));
  const absl::StatusOr<StartAt> start_at = BeginFirstStart();
  if (!start_at.ok()) return start_at.status();
  return files_.Open(FilesOf(*output_), *start_at);
}

// Returns where files begin that are not remembered.
absl::StatusOr<StartAt> FileLogSource::BeginFirstStart() {
  const absl::Time now = os_->Now();
  const absl::StatusOr<std::optional<absl::Time>> began = first_start_.Begin(now, output_.get());
  if (!began.ok()) return began.status();
  if (!began->has_value()) return StartAt();
  // An earlier process began it and was killed: the past ends there.
  if (**began < now) return StartAt{StartAt::Kind::kAge, start_at_.age + (now - **began)};
  return start_at_;
}

absl::Time FileLogSource::Turn() {
  const absl::Time next = files_.Turn();
  return std::min(next, LookAtFirstStart());
}

void FileLogSource::HandOnAll() {
  tails_.HandOnAll();
  LookAtFirstStart();
}

absl::Time FileLogSource::LookAtFirstStart() {
  return first_start_.Look(os_->Now(), *output_, [this] { return files_.HasReadOfAll(); });
}

bool FileLogSource::HasExited() const {
  if (os_->Now() - files_.grown() < kQuietAfterStop) return false;
  if (!SaysThatContextStopped(files_.LastBytes(kContextStopSize))) return false;
  return !files_.IsWrittenTo();
}

}  // namespace sparktail
