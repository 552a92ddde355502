#include "ingest/delivery/cursor_mirror.h"

#include <optional>
#include <utility>

namespace sparktail {

CursorMirror::CursorMirror(Os* os, Log* log, CursorStore* store, std::string sink)
    : os_(os), log_(log), store_(store), sink_(std::move(sink)) {}

void CursorMirror::Add(const std::vector<StreamMoved>& moved) {
  if (store_ == nullptr) return;
  for (const StreamMoved& one : moved) newest_[one.stream] = one.cursor;
}

absl::Time CursorMirror::due() const { return newest_.empty() ? absl::InfiniteFuture() : next_; }

void CursorMirror::CopyIfDue() {
  if (os_->Now() >= due()) Copy();
}

void CursorMirror::Copy() {
  if (newest_.empty()) return;
  next_ = os_->Now() + kInterval;
  std::vector<StreamCursor> cursors;
  cursors.reserve(newest_.size());
  for (const auto& [stream, cursor] : newest_) cursors.push_back({stream, *cursor});
  const absl::Status status = store_->Commit(sink_, cursors, std::nullopt);
  if (status.ok()) {
    newest_.clear();
    return;
  }
  log_->Warn("mirror " + sink_, "cannot copy the cursors of sink " + sink_ +
                                    " to offsets.db (the sink's own store has them): " +
                                    std::string(status.message()));
}

}  // namespace sparktail
