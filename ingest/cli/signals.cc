#include "ingest/cli/signals.h"

#include <absl/status/status.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace sparktail {
namespace {

constexpr std::array<int, 3> kSignals = {SIGTERM, SIGINT, SIGHUP};

// Globals, because a signal handler can reach nothing else.
std::atomic<int> wake_event{-1};
std::atomic<int> stop_signal{0};
std::atomic<bool> reopen_asked{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

std::array<struct sigaction, kSignals.size()> handlers_before;

// Wake() and the handlers must be async-signal-safe: see signal-safety(7).
void Wake() {
  const int error = errno;
  const uint64_t one = 1;
  // Fails only on overflow: then the main thread is being woken anyway.
  [[maybe_unused]] const ssize_t written = write(wake_event.load(), &one, sizeof one);
  errno = error;
}

void HandleStop(int signal) {
  int none = 0;
  if (!stop_signal.compare_exchange_strong(none, signal)) _exit(128 + signal);
  Wake();
}

void HandleReopen(int) {
  reopen_asked.store(true);
  Wake();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Signals>> Signals::Install() {
  if (wake_event.load() >= 0) {
    return absl::FailedPreconditionError("the signals of this process already have handlers");
  }
  const int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (event < 0) return absl::UnavailableError(std::string("eventfd: ") + std::strerror(errno));
  wake_event.store(event);
  stop_signal.store(0);
  reopen_asked.store(false);
  return std::unique_ptr<Signals>(new Signals());
}

Signals::Signals() {
  for (size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction action {};
    action.sa_handler = kSignals[i] == SIGHUP ? HandleReopen : HandleStop;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    sigaction(kSignals[i], &action, &handlers_before[i]);
  }
}

Signals::~Signals() {
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &handlers_before[i], nullptr);
  }
  close(wake_event.exchange(-1));
}

int Signals::wake_fd() const { return wake_event.load(); }

Signals::Received Signals::Poll() {
  uint64_t count = 0;
  // Read first: a signal that arrives from here on wakes again.
  [[maybe_unused]] const ssize_t size = read(wake_event.load(), &count, sizeof count);
  return {stop_signal.load(), reopen_asked.exchange(false)};
}

}  // namespace sparktail
