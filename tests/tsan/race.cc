// Is a race found, and nothing else? Threads change a number: `guarded` by one mutex, in all the
// ways that are used; `unguarded`; guarded by `two_mutexes`. ThreadSanitizer must be silent about
// the first and report the others, which proves that cmake/tsan/absl_mutex.cc hides none.
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <string_view>
#include <thread>

namespace {

struct Shared {
  absl::Mutex mutex;
  absl::Mutex other;
  int number = 0;
  bool ready = false;
};

void Guarded(Shared* shared) {
  std::thread writer([shared] {
    const absl::MutexLock lock(&shared->mutex);
    ++shared->number;
    shared->ready = true;
  });
  std::thread waiter([shared] {
    const absl::MutexLock lock(&shared->mutex);
    shared->mutex.Await(absl::Condition(&shared->ready));
    ++shared->number;
  });
  std::thread impatient([shared] {
    const absl::MutexLock lock(&shared->mutex);
    while (
        !shared->mutex.AwaitWithTimeout(absl::Condition(&shared->ready), absl::Milliseconds(1))) {
    }
    ++shared->number;
  });
  std::thread punctual([shared] {
    const absl::MutexLock lock(&shared->mutex);
    shared->mutex.AwaitWithDeadline(absl::Condition(&shared->ready), absl::InfiniteFuture());
    ++shared->number;
  });
  std::thread reader([shared] {
    int seen = 0;
    while (seen < 4) {
      const absl::ReaderMutexLock lock(&shared->mutex);
      seen = shared->number;
    }
  });
  for (std::thread* thread : {&writer, &waiter, &impatient, &punctual, &reader}) thread->join();
}

void Unguarded(Shared* shared) {
  std::thread other([shared] { ++shared->number; });
  ++shared->number;
  other.join();
}

void TwoMutexes(Shared* shared) {
  std::thread other([shared] {
    const absl::MutexLock lock(&shared->other);
    ++shared->number;
  });
  {
    const absl::MutexLock lock(&shared->mutex);
    ++shared->number;
  }
  other.join();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view how = argc > 1 ? argv[1] : "";
  Shared shared;
  if (how == "guarded") {
    Guarded(&shared);
    return shared.number == 4 ? 0 : 1;
  }
  if (how == "unguarded") Unguarded(&shared);
  if (how == "two_mutexes") TwoMutexes(&shared);
  return 2;
}
