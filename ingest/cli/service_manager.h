#pragma once

#include <absl/time/time.h>

#include <string>
#include <string_view>

namespace sparktail {

// Notifies systemd, or another service manager, of the state of this process: the protocol of
// sd_notify(3), datagrams to the socket that NOTIFY_SOCKET names. Does nothing without such a
// socket. A failed notification is not retried and is no error. Not thread-safe.
class ServiceManager {
 public:
  // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  static ServiceManager FromEnvironment();

  // `socket`: an absolute path, or '@' and a name in Linux's abstract namespace; empty: no service
  // manager. `watchdog`: the manager kills the process after this long without a sign of life;
  // infinite: never.
  ServiceManager(std::string socket, absl::Duration watchdog);
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
  ~ServiceManager();

  // A service manager listens.
  bool is_watched() const { return !socket_.empty(); }

  void NotifyReady();
  void NotifyStopping();
  // Sets the line that `systemctl status` shows. Sends it if it has changed.
  void SetStatus(std::string_view text);

  // Sends a sign of life if half of `watchdog` has passed since the last one. Call it at least
  // every alive_interval() while all is well, and not otherwise.
  void NotifyAlive(absl::Time now);
  absl::Duration alive_interval() const { return watchdog_ / 4; }

 private:
  void Send(const std::string& message) const;

  std::string socket_;
  absl::Duration watchdog_;
  int fd_ = -1;
  std::string status_;
  absl::Time last_alive_ = absl::InfinitePast();
};

}  // namespace sparktail
