#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ingest/base/log.h"

namespace sparktail {

// Decides which messages of the own log are written: for each name, the first kMost in a window of
// kWindow, which begins with the first of them. Further messages are counted, and the count is
// reported when the window has ended. Not thread-safe.
//
// At most kMostNames names are tracked at a time. When there are nearly as many, new names are
// tracked together by their first word ("file_unreadable /logs/a" as "file_unreadable").
class MessageLimiter {
 public:
  static constexpr uint64_t kMost = 5;
  static constexpr absl::Duration kWindow = absl::Seconds(60);
  static constexpr size_t kMostNames = 1000;

  // Messages of one name that were not written.
  struct Suppressed {
    std::string what;
    uint64_t count = 0;
    Log::Level level = Log::Level::kDebug;  // of the last one
    std::string message;                    // the last one, or its beginning
  };

  // Returns true if the message should be written.
  bool Admit(Log::Level level, std::string_view what, std::string_view message, absl::Time now);

  // Returns the suppressed messages of windows that have ended, in order. Each is returned once.
  std::vector<Suppressed> TakeEnded(absl::Time now);
  // Returns the suppressed messages of all windows. The next message of a name begins a new window.
  std::vector<Suppressed> TakeAll() { return TakeEnded(absl::InfiniteFuture()); }

  size_t names() const { return windows_.size(); }

 private:
  struct Window {
    absl::Time begin;
    uint64_t written = 0;
    Suppressed suppressed;
  };

  std::string_view Key(std::string_view what) const;

  std::list<Window> windows_;  // ordered by begin; all have the same length
  std::unordered_map<std::string, std::list<Window>::iterator> by_name_;
};

}  // namespace sparktail
