#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/sources/dead_letters/dead_letter_file.h"
#include "ingest/sources/dead_letters/dead_letter_reader.h"
#include "ingest/sources/dead_letters/dead_letter_source_options.h"
#include "ingest/streams/source.h"

namespace sparktail {

// Emits the events that a sink has rejected, from its dead-letter files. Each file is a stream
// "<source>/<hash of the file>" with the file's content; it ends at the size that DeadLetterSurvey
// has found. Documents are emitted unchanged, byte for byte, in batches of at most 1 MiB (or one
// event). Lines that are for another sink or cannot be sent are skipped.
//
// A file that cannot be read or has changed is a failure().
class DeadLetterSource : public Source {
 public:
  // The configuration's options are DeadLetterSourceOptions.
  explicit DeadLetterSource(SourceParts parts);

  absl::Status Open() override;
  absl::Time Turn() override;
  absl::Status failure() const override { return failure_; }
  void LookAgain() override {}
  bool AtEnd() const override { return at_ == options_.files.size(); }
  // Nothing is appended to the files any longer.
  bool HasExited() const override { return true; }
  void EndAll() override {}
  void HandOnAll() override {}
  std::vector<StreamKey> Streams() const override;
  ParserStats parsed() const override { return parsed_; }
  SourceStatus status() const override { return status_; }

 private:
  using File = DeadLetterSourceOptions::File;

  StreamKey StreamOf(const File& file) const { return StreamKey(name_, file.hash); }
  absl::StatusOr<std::shared_ptr<const Batch>> ReadBatch();
  // Appends the line's event to `events`. False if the batch has no room for it.
  absl::StatusOr<bool> AddLine(const DeadLetterFile::Line& line, EventBuffer* events);

  Os* const os_;
  Log* const log_;
  const std::string name_;
  const DeadLetterSourceOptions options_;
  const std::unique_ptr<Output> output_;
  DeadLetterReader reader_;
  size_t at_ = 0;                       // index of the file that is being read
  std::optional<DeadLetterFile> file_;  // that file; empty: not opened yet
  uint64_t offset_ = 0;                 // in that file
  absl::Status failure_;
  ParserStats parsed_;
  SourceStatus status_;
};

}  // namespace sparktail
