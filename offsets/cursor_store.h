#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "offsets/cursor.h"

namespace sparktail {

// offsets.db: the cursors of all sinks of one instance, in SQLite (WAL). A sink may also keep a
// small state there, which is stored in one transaction with its cursors. Thread-safe.
//
// Errors:
//   kResourceExhausted   the disk is full
//   kUnavailable         a retry may succeed
//   kDataLoss            the database is damaged
//   kFailedPrecondition  another process has it (the message names the process), or its file was
//                        taken away
// All others are those of Database.
class CursorStore {
 public:
  enum class Access { kOwn, kLook };  // kLook: beside a running process, without its lock

  // kOwn creates state_dir (0700) and offsets.db (0600) if they are missing, takes the StateLock,
  // and checks the whole database. An unusable database is an error whose message says what to do:
  // kDataLoss if it is damaged, kFailedPrecondition if it belongs to another program or a newer
  // version. With `recover`, an unusable database is moved aside (offsets.db.damaged-<UTC time>),
  // an empty one is created, and the log reports both; a usable one stays.
  // kLook creates nothing (kNotFound if the file is missing); then only the Load methods work.
  static absl::StatusOr<std::unique_ptr<CursorStore>> Open(Os* os, Log* log,
                                                           const std::string& state_dir,
                                                           Access access, bool recover);
  virtual ~CursorStore() = default;

  struct Entry {
    std::string sink;
    StreamCursor cursor;
    absl::Time updated;
  };
  virtual absl::StatusOr<std::vector<StreamCursor>> Load(std::string_view sink) = 0;
  virtual absl::StatusOr<std::vector<Entry>> LoadAll() = 0;

  // Stores all cursors and the sink's own `state`, or nothing; durable when it returns. nullopt
  // keeps the state that is stored.
  virtual absl::Status Commit(std::string_view sink, std::span<const StreamCursor> cursors,
                              const std::optional<std::string>& state) = 0;
  // Returns the sink's state; empty if it has none.
  virtual absl::StatusOr<std::string> LoadState(std::string_view sink) = 0;

  // Deletes the cursors of `sink` in `stream` and returns their number. An empty name means all
  // sinks, or all streams.
  virtual absl::StatusOr<size_t> Forget(std::string_view sink, std::string_view stream) = 0;
  // Deletes the cursors that were last stored or touched before `before`, and returns their
  // number. Callers pass a time 30 days ago.
  virtual absl::StatusOr<size_t> Expire(absl::Time before) = 0;
  // Notes that these streams still exist, so that Expire() keeps their cursors.
  virtual absl::Status Touch(std::span<const StreamKey> streams) = 0;
};

}  // namespace sparktail
