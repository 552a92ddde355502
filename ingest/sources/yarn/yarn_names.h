#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sparktail {

// The names that YARN gives to things, and the addresses that are made of them. What comes from a
// server is looked at before it becomes a part of an address: none of these can end a path or
// begin a query.

// application_1537441422662_18819
bool IsApplicationId(std::string_view text);
// container_[e12_]1537441422662_18819_01_000001
bool IsContainerId(std::string_view text);
// A name of a file in a container's log directory, or of the user whose container it is.
bool IsFileName(std::string_view text);
// "worker1:8042", "[::1]:8042".
bool IsHostAndPort(std::string_view text);

// http:// or https://, a host, maybe a port and a path; no query, no user.
bool IsServerUrl(std::string_view text);

// Where the logs of a container are, as a ResourceManager tells it:
// http://worker1:8042/node/containerlogs/<container>/<user>.
struct ContainerAddress {
  bool is_https = false;
  std::string node;  // host and port of the NodeManager's web server
  std::string container;
  std::string user;

  bool operator==(const ContainerAddress&) const = default;
};
std::optional<ContainerAddress> ParseContainerAddress(std::string_view url);

// One log of a container, and all that is needed to ask for it.
struct LogName {
  ContainerAddress address;
  std::string node_id;  // "worker1:8041", as aggregated logs name the node; may be empty
  std::string file;     // stderr, stdout

  bool operator==(const LogName&) const = default;
};

// Addresses, for servers whose addresses ("http://rm1:8088", maybe with a gateway's path) come
// without a slash at the end.
std::string ClusterInfoUrl(std::string_view rm);
// Those that have not ended.
std::string ApplicationsUrl(std::string_view rm);
// Those that have ended since.
std::string EndedApplicationsUrl(std::string_view rm, absl::Time since);
std::string ApplicationUrl(std::string_view rm, std::string_view application);
std::string AttemptsUrl(std::string_view rm, std::string_view application);
// Of the driver's REST API, through the ResourceManager's proxy: never by an address of the
// application's own. `what`: "environment", "stages/3?details=false".
std::string DriverUrl(std::string_view rm, std::string_view application, std::string_view what);

// `prefix`: between host and path, e.g. of a gateway.
std::string NodeUrl(const ContainerAddress& address, std::string_view prefix);
// The last `size` bytes of a log as text; 0: only how long it is.
std::string LogTextUrl(std::string_view node, const LogName& log, uint64_t size);
// From byte `start` on, at most so many characters.
std::string LogPageUrl(std::string_view node, const LogName& log, uint64_t start,
                       uint64_t characters);
// The same of a history server, which has the logs of containers that NodeManagers have let go.
std::string HistoryTextUrl(std::string_view server, const LogName& log, uint64_t size);
std::string HistoryPageUrl(std::string_view server, const LogName& log, uint64_t start,
                           uint64_t characters);

}  // namespace sparktail
