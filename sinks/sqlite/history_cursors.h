#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/os.h"
#include "offsets/cursor_store.h"
#include "offsets/database.h"
#include "offsets/kept_cursors.h"
#include "sinks/sqlite/cursor_table.h"

namespace sparktail {

// The cursors that sinks keep in a history database.
//
// Errors: kNotFound if there is no history; all others are those of SqliteSink::Open().
class HistoryCursors : public KeptCursors {
 public:
  // Opens it read-only. Creates no files.
  static absl::StatusOr<HistoryCursors> Look(Os* os, const std::string& path);
  // Opens it for changes. All changes until Commit() are one transaction; without Commit() none is
  // made.
  static absl::StatusOr<HistoryCursors> Change(Os* os, const std::string& path);
  HistoryCursors(HistoryCursors&&) = default;
  HistoryCursors& operator=(HistoryCursors&&) = delete;

  absl::StatusOr<std::vector<CursorStore::Entry>> Load(std::string_view sink) override;
  absl::Status Store(std::string_view sink, const StreamCursor& cursor, absl::Time now) override;
  absl::StatusOr<size_t> Forget(std::string_view sink, std::string_view stream) override;
  absl::Status Commit() override;

 private:
  HistoryCursors() = default;
  static absl::StatusOr<HistoryCursors> Open(Os* os, const std::string& path,
                                             Database::Access access);
  absl::Status Prepare();
  absl::Status Advise(const absl::Status& status) const;

  std::string path_;
  std::unique_ptr<Database> database_;  // the members below point to it
  std::optional<Transaction> transaction_;
  std::optional<CursorTable> table_;
};

}  // namespace sparktail
