#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "offsets/database.h"
#include "parsers/event_values.h"
#include "sinks/dead_letter.h"
#include "sinks/refused_events.h"
#include "sinks/sink.h"
#include "sinks/sqlite/cursor_table.h"
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

  absl::StatusOr<std::vector<StreamCursor>> Open() override;
  absl::Status Write(const EventBuffer& events, size_t first) override;
  absl::Status Commit(std::span<const StreamCursor> cursors) override;
  absl::StatusOr<bool> Rollback() override;
  // Deletes some of the rows that are older than `retention`, a bounded number at each call.
  absl::Status Tidy() override;
  bool KeepsCursors() const override { return true; }

 private:
  absl::Status OpenDatabase();
  absl::Status CheckOwner();
  absl::Status CreateSchema();
  absl::Status Prepare();
  absl::StatusOr<std::vector<StreamCursor>> LoadCursors();

  absl::Status EnsureTransaction();
  absl::Status Insert(const EventBuffer& events, const EventRef& event);
  absl::Status CheckPath();
  absl::Status DeleteOld(Statement* statement, std::string_view before, int* steps);
  absl::Status Explain(const absl::Status& status) const;

  Os* const os_;
  Log* const log_;
  const std::string name_;
  const SqliteSinkOptions options_;
  const std::string& path_;

  Os::FileInfo file_;
  std::optional<Database> database_;
  std::optional<Transaction> transaction_;
  Statement insert_;
  Statement delete_old_;
  Statement delete_timeless_;
  std::optional<CursorTable> cursors_;
  EventValuesReader reader_;
  EventValues values_;
  std::string received_;
  RefusedEvents refused_;
};

}  // namespace sparktail
