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

// offsets.db: the cursors of all sinks of one instance, in SQLite (WAL), and for each sink that
// wants it a small state that is stored in one transaction with its cursors. Thread-safe.
//
// Errors: kResourceExhausted: the disk is full; kUnavailable: it may work later; kDataLoss: the
// database is damaged; kFailedPrecondition: another process has it (the message names it), or its
// file was taken away. All others as of Database.
class CursorStore {
 public:
  enum class Access { kOwn, kLook };  // kLook: beside a running process, without its lock

  // kOwn makes state_dir (0700) and offsets.db (0600) if missing, takes the StateLock, and checks
  // all of the database: one that can't be used is kDataLoss if it is damaged, kFailedPrecondition
  // if it is of another program or a newer version, with what to do in the message. `recover`:
  // such a one is put aside (offsets.db.damaged-<UTC time>) and an empty one made, and the log
  // says so; one that can be used stays.
  // kLook makes nothing (kNotFound), and only Load…() work on it.
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

  // All or nothing, durable when it returns. `state`: the sink's own, as Commit() stores it with
  // the cursors; nullopt leaves what is there.
  virtual absl::Status Commit(std::string_view sink, std::span<const StreamCursor> cursors,
                              const std::optional<std::string>& state) = 0;
  // Empty if there is none.
  virtual absl::StatusOr<std::string> LoadState(std::string_view sink) = 0;

  // Drops cursors of `stream` (of all streams if it is empty; of all sinks if `sink` is empty);
  // returns how many.
  virtual absl::StatusOr<size_t> Forget(std::string_view sink, std::string_view stream) = 0;
  // Drops cursors not touched since `before`, and so 30 days after their stream was last seen.
  virtual absl::StatusOr<size_t> Expire(absl::Time before) = 0;
  // The stream still exists: its cursors are touched.
  virtual absl::Status Touch(std::span<const StreamKey> streams) = 0;
};

}  // namespace sparktail
