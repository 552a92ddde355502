#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/pipeline/configuration.h"
#include "offsets/cursor_store.h"
#include "offsets/kept_cursors.h"
#include "offsets/state_lock.h"

namespace sparktail {

// The cursors of one instance, wherever they are: in offsets.db, and in the stores of sinks that
// keep their own (histories, topics of Kafka). What offsets.db has of those is a copy, which is not
// shown, but follows.
class AllCursors {
 public:
  struct Entry : CursorStore::Entry {
    std::string file;  // that has it; or a topic
  };

  // Only those of `sink`, if it is not empty and one of `sinks`, which are those of the
  // configuration: without one, all cursors are taken to be in offsets.db.
  AllCursors(Os* os, Log* log, std::string state_dir, const std::string& instance,
             const std::vector<SinkConfiguration>& sinks, std::string sink);

  // By sink and stream. Works beside a running process; changes nothing, and makes no file.
  // kNotFound if there is none.
  absl::StatusOr<std::vector<Entry>> Look();
  // The same, and from now on nobody else changes them. kFailedPrecondition while a process runs,
  // which the message names.
  absl::StatusOr<std::vector<Entry>> Own();

  // One of them, once, after Own(). Each file is changed in one transaction (offsets.db: one a
  // sink); an error in between leaves whole cursors, and all can be done again.
  absl::Status Store(const std::vector<Entry>& entries);
  // Of all streams if it is empty. A source of which no cursor is left begins at start_at again.
  absl::Status Forget(std::string_view stream);

  // Those that were there when they were looked at last.
  const std::vector<std::string>& files() const { return files_; }

 private:
  // A store in which sinks keep theirs.
  struct Keeper {
    std::vector<std::string> sinks;
    std::function<absl::StatusOr<std::unique_ptr<KeptCursors>>(bool to_change)> open;
    std::unique_ptr<KeptCursors> cursors;  // of the owner
  };
  using Found = absl::StatusOr<std::vector<CursorStore::Entry>>;

  std::string offsets_file() const;
  absl::Status Lock();
  bool IsMissing(const std::string& path) const;
  Found ReadOffsets();
  static Found ReadKeeper(const Keeper& keeper);
  absl::Status CommitKeepers();
  absl::Status ForgetOffsets(std::string_view stream);
  absl::StatusOr<std::set<std::string>> SourcesInOffsets();

  Os* const os_;
  Log* const log_;
  const std::string state_dir_;
  const std::string sink_;
  std::set<std::string> keep_their_own_;
  bool reads_offsets_ = true;
  std::map<std::string, Keeper> keepers_;  // by what users see of them
  std::vector<std::string> files_;
  std::unique_ptr<CursorStore> store_;  // of the owner; null if there is none
  std::optional<StateLock> lock_;       // if there is none
};

}  // namespace sparktail
