#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string_view>
#include <vector>

#include "offsets/cursor_store.h"
#include "offsets/database.h"

namespace sparktail {

// The table `cursors`, in which sinks keep their cursors in their own database, and all of its SQL.
// Changes become durable with the caller's transaction. Errors are the database's.
class CursorTable {
 public:
  // Creates the table: one statement, with a semicolon.
  static constexpr char kSchema[] = R"sql(
CREATE TABLE cursors (
  sink TEXT NOT NULL,
  stream TEXT NOT NULL,
  offset INTEGER NOT NULL,
  position TEXT NOT NULL,
  context TEXT NOT NULL,
  ended INTEGER NOT NULL,
  updated TEXT NOT NULL,
  PRIMARY KEY (sink, stream)
) WITHOUT ROWID;
)sql";

  // The table must exist. `database` must outlive this object and must not be moved.
  static absl::StatusOr<CursorTable> Prepare(Database* database);

  // Returns the cursors of a sink, in the order of their streams.
  absl::StatusOr<std::vector<CursorStore::Entry>> Load(std::string_view sink);
  absl::Status Store(std::string_view sink, const StreamCursor& cursor, absl::Time now);
  // Deletes the cursor of `stream`, or of all streams if it is empty. Returns the number deleted.
  absl::StatusOr<size_t> Forget(std::string_view sink, std::string_view stream);
  // Deletes the cursors of ended streams that were stored before `before`.
  absl::Status ForgetEnded(std::string_view sink, absl::Time before);

 private:
  explicit CursorTable(Database* database) : database_(database) {}

  Database* database_;
  Statement load_;
  Statement store_;
  Statement forget_;
  Statement forget_ended_;
};

}  // namespace sparktail
