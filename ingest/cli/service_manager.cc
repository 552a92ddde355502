#include "ingest/cli/service_manager.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "ingest/base/options.h"
#include "ingest/base/printable.h"

namespace sparktail {
namespace {

constexpr size_t kMostStatusBytes = 512;
constexpr timeval kSendTimeout = {1, 0};  // a manager that does not read must not block us

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

absl::Duration WatchdogFromEnvironment() {
  const uint64_t microseconds = ReadNumber(Variable("WATCHDOG_USEC")).value_or(0);
  const std::string pid = Variable("WATCHDOG_PID");
  const bool is_for_this = pid.empty() || pid == std::to_string(getpid());
  const bool is_asked = is_for_this && microseconds > 0 && microseconds <= INT64_MAX;
  return is_asked ? absl::Microseconds(microseconds) : absl::InfiniteDuration();
}

}  // namespace

ServiceManager ServiceManager::FromEnvironment() {
  return {Variable("NOTIFY_SOCKET"), WatchdogFromEnvironment()};
}

ServiceManager::ServiceManager(std::string socket, absl::Duration watchdog)
    : socket_(std::move(socket)), watchdog_(watchdog) {
  const bool known = socket_.starts_with('/') || socket_.starts_with('@');
  if (!known || socket_.size() >= sizeof(sockaddr_un::sun_path)) return;
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return;
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof kSendTimeout);
}

ServiceManager::~ServiceManager() {
  if (fd_ >= 0) close(fd_);
}

void ServiceManager::NotifyReady() { Send("READY=1"); }

void ServiceManager::NotifyStopping() { Send("STOPPING=1"); }

void ServiceManager::SetStatus(std::string_view text) {
  std::string line = Printable(text, kMostStatusBytes);
  if (line == status_) return;
  status_ = std::move(line);
  Send("STATUS=" + status_);
}

void ServiceManager::NotifyAlive(absl::Time now) {
  if (watchdog_ == absl::InfiniteDuration()) return;
  const bool clock_was_set_back = now < last_alive_;
  if (now - last_alive_ < watchdog_ / 2 && !clock_was_set_back) return;
  last_alive_ = now;
  Send("WATCHDOG=1");
}

void ServiceManager::Send(const std::string& message) const {
  if (fd_ < 0) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@') address.sun_path[0] = '\0';
  const size_t size = offsetof(sockaddr_un, sun_path) + socket_.size();
  sendto(fd_, message.data(), message.size(), MSG_NOSIGNAL,
         reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size));
}

}  // namespace sparktail
