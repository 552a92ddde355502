#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/log.h"

namespace sparktail::testing {

// Keeps all messages: "W text", of the level's first letter.
class RecordingLog : public Log {
 public:
  void Write(Level level, std::string_view, std::string_view message) override {
    static constexpr std::string_view kLevels = "DIWE";
    const absl::MutexLock lock(&mutex_);
    lines_.push_back(kLevels[static_cast<size_t>(level)] + (" " + std::string(message)));
  }

  std::vector<std::string> lines() const {
    const absl::MutexLock lock(&mutex_);
    return lines_;
  }
  bool Has(std::string_view text) const {
    const absl::MutexLock lock(&mutex_);
    for (const std::string& line : lines_) {
      if (line.find(text) != std::string::npos) return true;
    }
    return false;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sparktail::testing
