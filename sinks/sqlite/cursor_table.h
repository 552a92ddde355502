#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string_view>
#include <vector>

#include "offsets/cursor_store.h"
#include "offsets/database.h"

namespace sparktail {

// The table `cursors` of a database in which sinks keep their own: all that is SQL about it. What
// is written is durable with the transaction that it is written in. Errors are the database's.
class CursorTable {
 public:
  // Makes it; one statement, with a semicolon.
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

  // The table must be there. `database` must outlive it, and stay where it is.
  static absl::StatusOr<CursorTable> Prepare(Database* database);

  // By stream.
  absl::StatusOr<std::vector<CursorStore::Entry>> Load(std::string_view sink);
  absl::Status Store(std::string_view sink, const StreamCursor& cursor, absl::Time now);
  // Of all streams if `stream` is empty; how many.
  absl::StatusOr<size_t> Forget(std::string_view sink, std::string_view stream);
  // Those of ended streams that were stored before `before`.
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
