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

// Decides which messages of the own log are written: of those with one name the first kMost in a
// window of kWindow, which begins with the first of them. The others are counted, and the count is
// told when the window has ended. Not for several threads.
//
// At most kMostNames names are known at a time. When there are nearly as many, new ones count
// together by their first word ("file_unreadable /logs/a" as "file_unreadable").
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

  // True if the message is to be written.
  bool Admit(Log::Level level, std::string_view what, std::string_view message, absl::Time now);

  // What was suppressed in windows that have ended, in their order; each is told once.
  std::vector<Suppressed> TakeEnded(absl::Time now);
  // The same of all windows; the next message of each name begins a new one.
  std::vector<Suppressed> TakeAll();

  size_t names() const { return windows_.size(); }

 private:
  struct Window {
    absl::Time begin;
    uint64_t written = 0;
    Suppressed suppressed;
  };

  std::string_view Key(std::string_view what) const;
  std::vector<Suppressed> TakeWhile(bool (*ended)(const Window&, absl::Time), absl::Time now);

  std::list<Window> windows_;  // in the order of their beginnings; all are equally long
  std::unordered_map<std::string, std::list<Window>::iterator> by_name_;
};

}  // namespace sparktail
