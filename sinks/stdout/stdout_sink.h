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

// Writes events as lines of JSON to standard output, at least once: after a crash, the events since
// the last commit are written again. A living process writes none twice.
class StdoutSink : public Sink {
 public:
  // Does not close `fd`. `terminal`: escapes control characters, so that documents can't send
  // commands to the terminal.
  StdoutSink(Os* os, CursorStore* store, std::string name, int fd, bool terminal);

  absl::StatusOr<std::vector<StreamCursor>> Open() override;
  absl::Status Write(const EventBuffer& events, size_t first) override;
  absl::Status Commit(std::span<const StreamCursor> cursors) override;
  absl::StatusOr<bool> Rollback() override;
  // Notices that the reader has gone, even when there is nothing to write.
  absl::Status Tidy() override;
  absl::Duration tidy_interval() const override { return absl::Seconds(1); }

 private:
  absl::Status WriteBytes(std::string_view bytes);

  Os* os_;
  CursorStore* store_;
  std::string name_;
  int fd_;
  bool terminal_;
  uint64_t written_ = 0;  // bytes written since the last commit
  uint64_t skip_ = 0;     // after a rollback: how many of them Write() must still skip
};

}  // namespace sparktail
