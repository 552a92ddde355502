#include "ingest/cli/service_manager.h"

#include <absl/time/clock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

namespace sparktail {
namespace {

// Takes the place of systemd.
class Manager {
 public:
  explicit Manager(const std::string& name) {
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0) << name;
  }
  ~Manager() { close(fd_); }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  // The next datagram; empty if there is none. A local datagram has arrived when send() returns.
  std::string Next() {
    std::string text(1000, '\0');
    const ssize_t size = recv(fd_, text.data(), text.size(), 0);
    text.resize(size < 0 ? 0 : static_cast<size_t>(size));
    return text;
  }

 private:
  int fd_;
};

std::string AbstractName() { return "@sparktail-test-" + std::to_string(getpid()); }

TEST(ServiceManager, TellsHowItStands) {
  Manager manager(AbstractName());
  ServiceManager service(AbstractName(), absl::InfiniteDuration());
  service.NotifyReady();
  EXPECT_EQ(manager.Next(), "READY=1");
  service.SetStatus("reading 3 streams\nREADY=0");
  EXPECT_EQ(manager.Next(), "STATUS=reading 3 streams?READY=0");
  service.SetStatus("reading 3 streams\nREADY=0");
  EXPECT_EQ(manager.Next(), "") << "nothing new";
  service.NotifyStopping();
  EXPECT_EQ(manager.Next(), "STOPPING=1");
}

TEST(ServiceManager, TheSocketMayBeAFile) {
  std::string directory = ::testing::TempDir() + "/notify_XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  {
    Manager manager(directory + "/s");
    ServiceManager service(directory + "/s", absl::InfiniteDuration());
    service.NotifyReady();
    EXPECT_EQ(manager.Next(), "READY=1");
  }
  std::filesystem::remove_all(directory);
}

TEST(ServiceManager, SignsOfLifeComeAtHalfTheTime) {
  Manager manager(AbstractName());
  ServiceManager service(AbstractName(), absl::Seconds(60));
  EXPECT_LT(service.alive_interval(), absl::Seconds(30));
  const absl::Time start = absl::FromUnixSeconds(1'700'000'000);
  service.NotifyAlive(start);
  EXPECT_EQ(manager.Next(), "WATCHDOG=1");
  service.NotifyAlive(start + absl::Seconds(29));
  EXPECT_EQ(manager.Next(), "");
  service.NotifyAlive(start + absl::Seconds(30));
  EXPECT_EQ(manager.Next(), "WATCHDOG=1");
  service.NotifyAlive(start - absl::Hours(1));
  EXPECT_EQ(manager.Next(), "WATCHDOG=1") << "the clock was set back";
}

TEST(ServiceManager, NoSignsOfLifeUnlessAsked) {
  Manager manager(AbstractName());
  ServiceManager service(AbstractName(), absl::InfiniteDuration());
  service.NotifyAlive(absl::FromUnixSeconds(1'700'000'000));
  EXPECT_EQ(manager.Next(), "");
}

TEST(ServiceManager, NothingHappensIfNobodyAskedOrListens) {
  for (const std::string& name : {std::string(), AbstractName(), std::string("/nowhere/socket"),
                                  std::string("vsock:2:1234"), std::string(500, '/')}) {
    ServiceManager service(name, absl::Seconds(1));
    service.NotifyReady();
    service.SetStatus("s");
    service.NotifyAlive(absl::Now());
    service.NotifyStopping();
  }
}

class Environment {
 public:
  Environment(const std::string& socket, const std::string& usec, const std::string& pid) {
    setenv("NOTIFY_SOCKET", socket.c_str(), 1);
    setenv("WATCHDOG_USEC", usec.c_str(), 1);
    setenv("WATCHDOG_PID", pid.c_str(), 1);
  }
  ~Environment() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
};

TEST(ServiceManager, TheEnvironmentAsks) {
  Manager manager(AbstractName());
  const std::string pid = std::to_string(getpid());
  {
    const Environment environment(AbstractName(), "2000000", pid);
    ServiceManager service = ServiceManager::FromEnvironment();
    service.NotifyReady();
    EXPECT_EQ(manager.Next(), "READY=1");
    EXPECT_EQ(service.alive_interval(), absl::Seconds(0.5));
  }
  for (const std::string usec : {"", "0", "-1", "x", "99999999999999999999"}) {
    const Environment environment(AbstractName(), usec, pid);
    EXPECT_EQ(ServiceManager::FromEnvironment().alive_interval(), absl::InfiniteDuration()) << usec;
  }
  const Environment environment(AbstractName(), "2000000", "1");
  EXPECT_EQ(ServiceManager::FromEnvironment().alive_interval(), absl::InfiniteDuration());
}

}  // namespace
}  // namespace sparktail
