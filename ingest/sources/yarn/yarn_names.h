#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sparktail {

// YARN's names, and the URLs built from them. Names from a server are checked before they become a
// part of a URL: no accepted name can end a path or begin a query.

// For example application_1537441422662_18819.
bool IsApplicationId(std::string_view text);
// For example container_1537441422662_18819_01_000001, or container_e12_….
bool IsContainerId(std::string_view text);
// A file in a container's log directory, or the user who owns the container.
bool IsFileName(std::string_view text);
// For example "worker1:8042" or "[::1]:8042".
bool IsHostAndPort(std::string_view text);

// http:// or https:// and a host, optionally a port and a path; no query and no user.
bool IsServerUrl(std::string_view text);

// The address of a container's logs as a ResourceManager returns it:
// http://worker1:8042/node/containerlogs/<container>/<user>.
struct ContainerAddress {
  bool is_https = false;
  std::string node;  // host and port of the NodeManager's web server
  std::string container;
  std::string user;

  bool operator==(const ContainerAddress&) const = default;
};
std::optional<ContainerAddress> ParseContainerAddress(std::string_view url);

// One log of a container, with everything needed to request it.
struct LogName {
  ContainerAddress address;
  std::string node_id;  // node of aggregated logs, "worker1:8041"; may be empty
  std::string file;     // stderr or stdout

  bool operator==(const LogName&) const = default;
};

// The functions below return URLs. Each takes the URL of a server without a trailing slash:
// "http://rm1:8088", possibly followed by a gateway's path.

std::string ClusterInfoUrl(std::string_view rm);
// Applications that have not ended.
std::string ApplicationsUrl(std::string_view rm);
// Applications that have ended at `since` or later.
std::string EndedApplicationsUrl(std::string_view rm, absl::Time since);
std::string ApplicationUrl(std::string_view rm, std::string_view application);
std::string AttemptsUrl(std::string_view rm, std::string_view application);
// The driver's REST API through the ResourceManager's proxy; an application's own address is never
// used. `what` is for example "environment" or "stages/3?details=false".
std::string DriverUrl(std::string_view rm, std::string_view application, std::string_view what);

// `prefix` is the path of a gateway, or empty.
std::string NodeUrl(const ContainerAddress& address, std::string_view prefix);
// The last `size` bytes of a log as text. A size of 0 returns only the length of the log.
std::string LogTextUrl(std::string_view node, const LogName& log, uint64_t size);
// A page with at most `characters` characters of the log, from byte `start`.
std::string LogPageUrl(std::string_view node, const LogName& log, uint64_t start,
                       uint64_t characters);
// The URLs of a history server, which keeps logs that NodeManagers have deleted.
std::string HistoryTextUrl(std::string_view server, const LogName& log, uint64_t size);
std::string HistoryPageUrl(std::string_view server, const LogName& log, uint64_t start,
                           uint64_t characters);

}  // namespace sparktail
