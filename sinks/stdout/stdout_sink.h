#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/os.h"
#include "offsets/cursor_store.h"
#include "sinks/sink.h"

namespace sparktail {

// Events as lines of JSON on standard output, at least once: after a crash those since the last
// commit come again. As long as the process lives, none does.
class StdoutSink : public Sink {
 public:
  // `fd` is not closed. `terminal`: control characters are escaped, so that documents can't
  // command it.
  StdoutSink(Os* os, CursorStore* store, std::string name, int fd, bool terminal);

  absl::StatusOr<std::vector<StreamCursor>> Open() override;
  absl::Status Write(const EventBuffer& events, size_t first) override;
  absl::Status Commit(std::span<const StreamCursor> cursors) override;
  absl::StatusOr<bool> Rollback() override;
  // Notices that the reader is gone when there is nothing to write.
  absl::Status Tidy() override;
  absl::Duration tidy_interval() const override { return absl::Seconds(1); }

 private:
  absl::Status WriteBytes(std::string_view bytes);

  Os* os_;
  CursorStore* store_;
  std::string name_;
  int fd_;
  bool terminal_;
  uint64_t written_ = 0;  // bytes since the last commit that the reader has
  uint64_t skip_ = 0;     // of those, not yet given to Write() again
};

}  // namespace sparktail
