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
#include "sinks/file/file_sink_options.h"
#include "sinks/sink.h"

namespace sparktail {

// Writes events as lines of JSON to a file, each once, even after a crash. The cursor store keeps
// the length of the file at the last commit, in one transaction with the cursors. After a crash,
// the bytes after that length are cut off and written again.
//
// The file is locked (flock) while the sink writes to it. Write() appends at once: readers see
// events within milliseconds, and may see some of them disappear after a crash. The file is rotated
// at commits only, to "<path>.<UTC yyyymmddThhmmssZ>[.n]". If another process moves or deletes it,
// the next commit notices that and creates a new file.
class FileSink : public Sink {
 public:
  // `recover`: if the store has no state for the file, events whose ids are in it or in its rotated
  // files are not written again. `os`, `log` and `store` must outlive the sink.
  FileSink(Os* os, Log* log, CursorStore* store, std::string name, FileSinkOptions options,
           bool recover);
  ~FileSink() override;

  absl::StatusOr<std::vector<StreamCursor>> Open() override;
  absl::Status Write(const EventBuffer& events, size_t first) override;
  absl::Status Commit(std::span<const StreamCursor> cursors) override;
  absl::StatusOr<bool> Rollback() override;
  absl::Status Tidy() override;

  // `lost_bytes`: delivered bytes that another process cut off the file, as far as the sink
  // noticed.
  void AddTo(SinkStatus* status) const override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sparktail
