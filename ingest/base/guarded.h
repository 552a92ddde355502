#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <cstdint>

namespace sparktail {

// Figures that one thread changes and others read. Thread-safe.
template <typename Figures>
class Guarded {
 public:
  Figures Get() const {
    const absl::MutexLock lock(&mutex_);
    return figures_;
  }
  void Set(const Figures& figures) {
    const absl::MutexLock lock(&mutex_);
    figures_ = figures;
  }
  void Set(uint64_t Figures::*one, uint64_t value) {
    const absl::MutexLock lock(&mutex_);
    figures_.*one = value;
  }
  void Add(uint64_t Figures::*one, uint64_t count) {
    const absl::MutexLock lock(&mutex_);
    figures_.*one += count;
  }

 private:
  mutable absl::Mutex mutex_;
  Figures figures_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sparktail
