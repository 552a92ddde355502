#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "offsets/cursor_store.h"
#include "sinks/options.h"
#include "sinks/sink.h"

namespace sparktail {

// Events as lines of JSON in a file: each once, even after a crash. The cursor store keeps, in one
// transaction with the cursors, how long the file was at the last commit; what stands behind that
// after a crash is cut off, and written again.
//
// The file is locked (flock) while it is written. Write() appends at once: readers see events
// within milliseconds, and may see some go again after a crash. The file rotates at commits only,
// to "<path>.<UTC yyyymmddThhmmssZ>[.n]". If somebody else moves or deletes it, that is noticed at
// the next commit, and a new one is begun.
class FileSink : public Sink {
 public:
  // `recover`: if the store knows nothing of the file, events whose ids are in it, or in its
  // rotated files, are not written again. All arguments but the last two are shared, and must
  // outlive the sink.
  FileSink(Os* os, Log* log, CursorStore* store, std::string name, FileSinkOptions options,
           bool recover);
  ~FileSink() override;

  absl::StatusOr<std::vector<StreamCursor>> Open() override;
  absl::Status Write(const EventBuffer& events, size_t first) override;
  absl::Status Commit(std::span<const StreamCursor> cursors) override;
  absl::StatusOr<bool> Rollback() override;
  absl::Status Tidy() override;

  // Delivered bytes that somebody else cut off the file, as far as it was noticed.
  uint64_t lost_bytes() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sparktail
