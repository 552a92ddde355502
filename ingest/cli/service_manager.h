#pragma once

#include <absl/time/time.h>

#include <string>
#include <string_view>

namespace sparktail {

// Tells systemd, or what else started the process, how it stands: sd_notify(3), datagrams to the
// socket that NOTIFY_SOCKET names. Does nothing if nobody asked. What can't be sent is not sent
// again: telling is no reason to fail. For one thread.
class ServiceManager {
 public:
  // As NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID say.
  static ServiceManager FromEnvironment();

  // `socket`: an absolute path, or a name behind '@' in Linux's abstract namespace; empty: nobody
  // asked. `watchdog`: without a sign of life for so long the process is killed; infinite: never.
  ServiceManager(std::string socket, absl::Duration watchdog);
  ServiceManager(ServiceManager&& other) noexcept;
  ServiceManager& operator=(ServiceManager&&) = delete;
  ~ServiceManager();

  // Somebody listens.
  bool asked() const { return !socket_.empty(); }

  void Ready();
  void Stopping();
  // One line for `systemctl status`; sent if it has changed.
  void Status(std::string_view text);

  // A sign of life, sent if half of `watchdog` has passed since the last one. To be called at least
  // every alive_interval() while all goes well, and not otherwise.
  void Alive(absl::Time now);
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
