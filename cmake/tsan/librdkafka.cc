// Only for builds with ThreadSanitizer: Debian's librdkafka is not built with it, and starts its
// threads with C11's thrd_create, which the sanitizer's run-time library does not know. Such a
// thread crashes at the first call that is intercepted. So these definitions in the program take
// the place of libc's, for librdkafka too. In glibc a mtx_t holds a pthread_mutex_t, and a cnd_t a
// pthread_cond_t.
#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <memory>

namespace {

static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t));
static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t));

pthread_mutex_t* MutexOf(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* ConditionOf(cnd_t* condition) {
  return reinterpret_cast<pthread_cond_t*>(condition);
}

int ResultOf(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case ENOMEM:
      return thrd_nomem;
    case ETIMEDOUT:
      return thrd_timedout;
    default:
      return thrd_error;
  }
}

struct Start {
  thrd_start_t function;
  void* argument;
};

void* Run(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  return reinterpret_cast<void*>(static_cast<intptr_t>(start->function(start->argument)));
}

}  // namespace

extern "C" {

// librdkafka counts references by instructions that the sanitizer does not see, and frees or
// destroys after the last one. These are C's functions: what our own code frees goes through
// operator delete.
const char* __tsan_default_suppressions() {
  return "race_top:^__interceptor_free$\nrace_top:^__interceptor_pthread_rwlock_destroy$\n";
}

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  auto start = std::make_unique<Start>(Start{function, argument});
  const int error = pthread_create(thread, nullptr, Run, start.get());
  if (error == 0) start.release();
  return ResultOf(error);
}

int thrd_join(thrd_t thread, int* result) {
  void* returned = nullptr;
  const int error = pthread_join(thread, &returned);
  if (result != nullptr) *result = static_cast<int>(reinterpret_cast<intptr_t>(returned));
  return ResultOf(error);
}

int mtx_init(mtx_t* mutex, int type) noexcept {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  const int error = pthread_mutex_init(MutexOf(mutex), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return ResultOf(error);
}
int mtx_lock(mtx_t* mutex) { return ResultOf(pthread_mutex_lock(MutexOf(mutex))); }
int mtx_unlock(mtx_t* mutex) noexcept { return ResultOf(pthread_mutex_unlock(MutexOf(mutex))); }
void mtx_destroy(mtx_t* mutex) noexcept { pthread_mutex_destroy(MutexOf(mutex)); }

int cnd_init(cnd_t* condition) noexcept {
  return ResultOf(pthread_cond_init(ConditionOf(condition), nullptr));
}
int cnd_signal(cnd_t* condition) noexcept {
  return ResultOf(pthread_cond_signal(ConditionOf(condition)));
}
int cnd_broadcast(cnd_t* condition) noexcept {
  return ResultOf(pthread_cond_broadcast(ConditionOf(condition)));
}
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return ResultOf(pthread_cond_wait(ConditionOf(condition), MutexOf(mutex)));
}
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  return ResultOf(pthread_cond_timedwait(ConditionOf(condition), MutexOf(mutex), until));
}
void cnd_destroy(cnd_t* condition) noexcept { pthread_cond_destroy(ConditionOf(condition)); }
}
