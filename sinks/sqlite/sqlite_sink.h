#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "sinks/dead_letter.h"
#include "sinks/sink.h"
#include "sinks/sqlite/sqlite_sink_options.h"

namespace sparktail {

// Stores events as rows of an SQLite database, the history. Each event is stored once: rows are
// unique by id, and they are committed together with the cursors. sinks/sqlite/schema.h and
// docs/history.md describe the tables.
//
// Other processes may read the database at any time, and write to it for short moments.
class SqliteSink : public Sink {
 public:
  // All pointers are shared and must outlive the sink.
  SqliteSink(Os* os, Log* log, DeadLetters* dead_letters, std::string name,
             SqliteSinkOptions options);
  ~SqliteSink() override;

  absl::StatusOr<std::vector<StreamCursor>> Open() override;
  absl::Status Write(const EventBuffer& events, size_t first) override;
  absl::Status Commit(std::span<const StreamCursor> cursors) override;
  absl::StatusOr<bool> Rollback() override;
  // Deletes some of the rows that are older than `retention`, a bounded number at each call.
  absl::Status Tidy() override;
  bool KeepsCursors() const override { return true; }

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sparktail
