#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/cli/message_limiter.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// The own log of `sparktail run`: one line per message, through spdlog, to standard error or a
// file:
//   2026-11-21T16:00:00.123Z warning: /logs/a can't be read: Permission denied
//   {"time":"2026-11-21T16:00:00.123Z","level":"warning","what":"file_unreadable /logs/a",
//    "message":"/logs/a can't be read: Permission denied"}
// Times are UTC. Control bytes and invalid UTF-8 are replaced (Printable), and no line is longer
// than a few KiB, so text from a followed log can't control the terminal that shows this one.
// Repeated messages are limited (MessageLimiter). The number of suppressed messages is reported
// when their window ends, by the next Write(), Tick() or Flush().
//
// If the file can't be opened or written, nothing stops: lines go to standard error until it works
// again, and both places report it. Thread-safe.
class OwnLog : public Log {
 public:
  OwnLog(Os* os, const LogConfiguration& configuration);
  ~OwnLog() override;

  void Write(Level level, std::string_view what, std::string_view message) override;

  // Reopens the file, after it was rotated. Keeps the old one if that fails.
  void Reopen();
  // Call it about once a second.
  void Tick();
  // Reports all messages suppressed so far.
  void Flush();

 private:
  class Output;

  void Emit(Level level, std::string_view what, std::string_view message)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReportSuppressed(const std::vector<MessageLimiter::Suppressed>& all)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReportTrouble() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Os* os_;
  const LogConfiguration configuration_;
  const Level least_;
  absl::Mutex mutex_;
  MessageLimiter limiter_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Output> output_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sparktail
