#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "offsets/cursor.h"
#include "offsets/cursor_store.h"

namespace sparktail {

// The cursor that a commit has made durable in one stream.
struct StreamMoved {
  StreamKey stream;
  std::shared_ptr<const Cursor> cursor;
};

// Copies the cursors that a sink keeps in its own store to offsets.db. The sink's store is the
// authority: a late or lost copy costs nothing. Not thread-safe.
class CursorMirror {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(10);

  // `store` is null if the sink keeps its cursors nowhere else: then nothing is copied.
  CursorMirror(Os* os, Log* log, CursorStore* store, std::string sink);

  // Notes cursors that the sink has made durable. Keeps only the newest of each stream.
  void Add(const std::vector<StreamMoved>& moved);
  // Streams with a cursor that is not copied yet.
  size_t waiting() const { return newest_.size(); }
  // The time of the next copy; infinite if no cursor waits.
  absl::Time due() const;

  // Copies what waits if it is due.
  void CopyIfDue();
  // Copies what waits now. After an error, which is logged, it waits for the next copy.
  void Copy();

 private:
  Os* const os_;
  Log* const log_;
  CursorStore* const store_;
  const std::string sink_;
  std::unordered_map<StreamKey, std::shared_ptr<const Cursor>> newest_;
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace sparktail
