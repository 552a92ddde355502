#include "ingest/sources/yarn/yarn_names.h"

#include <re2/re2.h>

#include "parsers/identity.h"

namespace sparktail {
namespace {

constexpr size_t kLongestName = 255;
constexpr std::string_view kNodeLogs = "/node/containerlogs/";

bool Matches(std::string_view text, const RE2& pattern) {
  return RE2::FullMatch({text.data(), text.size()}, pattern);
}

template <typename... Parts>
std::string Join(const Parts&... parts) {
  std::string text;
  (text.append(parts), ...);
  return text;
}

std::string SizeQuery(uint64_t size) {
  return size == 0 ? "?size=0" : "?size=-" + std::to_string(size);
}

std::string RangeQuery(uint64_t start, uint64_t characters) {
  return Join("?start=", std::to_string(start), "&end=", std::to_string(start + characters));
}

}  // namespace

bool IsApplicationId(std::string_view text) {
  return text.starts_with("application_") && LeadingAppId(text) == text;
}

bool IsContainerId(std::string_view text) { return ParseContainerId(text).has_value(); }

bool IsFileName(std::string_view text) {
  static const auto& pattern = *new RE2("[A-Za-z0-9_][A-Za-z0-9_.@$-]*");
  return text.size() <= kLongestName && Matches(text, pattern);
}

bool IsHostAndPort(std::string_view text) {
  static const auto& pattern =
      *new RE2("([A-Za-z0-9]([A-Za-z0-9._-]{0,252})|\\[[0-9A-Fa-f:.]{2,45}\\]):[0-9]{1,5}");
  return Matches(text, pattern);
}

bool IsServerUrl(std::string_view text) {
  static const auto& pattern = *new RE2(
      "https?://([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\\[[0-9A-Fa-f:.]{2,45}\\])(:[0-9]{1,5})?"
      "(/[A-Za-z0-9._~%-]+)*/?");
  return Matches(text, pattern);
}

std::optional<ContainerAddress> ParseContainerAddress(std::string_view url) {
  ContainerAddress address;
  address.is_https = url.starts_with("https://");
  if (!address.is_https && !url.starts_with("http://")) return std::nullopt;
  url.remove_prefix(address.is_https ? 8 : 7);
  const size_t path = url.find(kNodeLogs);
  if (path == std::string_view::npos) return std::nullopt;
  address.node = url.substr(0, path);
  url.remove_prefix(path + kNodeLogs.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  const size_t slash = url.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  address.container = url.substr(0, slash);
  address.user = url.substr(slash + 1);
  if (!IsHostAndPort(address.node) || !IsContainerId(address.container) ||
      !IsFileName(address.user)) {
    return std::nullopt;
  }
  return address;
}

std::string ClusterInfoUrl(std::string_view rm) { return Join(rm, "/ws/v1/cluster/info"); }

// An application is ACCEPTED between two attempts.
std::string ApplicationsUrl(std::string_view rm) {
  return Join(rm, "/ws/v1/cluster/apps?states=ACCEPTED,RUNNING&applicationTypes=spark");
}

std::string EndedApplicationsUrl(std::string_view rm, absl::Time since) {
  return Join(rm,
              "/ws/v1/cluster/apps?states=FINISHED,FAILED,KILLED&applicationTypes=spark"
              "&finishedTimeBegin=",
              std::to_string(absl::ToUnixMillis(since)));
}

std::string ApplicationUrl(std::string_view rm, std::string_view application) {
  return Join(rm, "/ws/v1/cluster/apps/", application);
}

std::string AttemptsUrl(std::string_view rm, std::string_view application) {
  return Join(rm, "/ws/v1/cluster/apps/", application, "/appattempts");
}

std::string DriverUrl(std::string_view rm, std::string_view application, std::string_view what) {
  return Join(rm, "/proxy/", application, "/api/v1/applications/", application, "/", what);
}

std::string NodeUrl(const ContainerAddress& address, std::string_view prefix) {
  return Join(address.is_https ? "https://" : "http://", address.node, prefix);
}

std::string LogTextUrl(std::string_view node, const LogName& log, uint64_t size) {
  return Join(node, "/ws/v1/node/containerlogs/", log.address.container, "/", log.file,
              SizeQuery(size));
}

std::string LogPageUrl(std::string_view node, const LogName& log, uint64_t start,
                       uint64_t characters) {
  return Join(node, kNodeLogs, log.address.container, "/", log.address.user, "/", log.file, "/",
              RangeQuery(start, characters));
}

std::string HistoryTextUrl(std::string_view server, const LogName& log, uint64_t size) {
  return Join(server, "/ws/v1/history/containerlogs/", log.address.container, "/", log.file,
              SizeQuery(size));
}

std::string HistoryPageUrl(std::string_view server, const LogName& log, uint64_t start,
                           uint64_t characters) {
  const std::string& container = log.address.container;
  return Join(server, "/jobhistory/logs/", log.node_id, "/", container, "/", container, "/",
              log.address.user, "/", log.file, "/", RangeQuery(start, characters));
}

}  // namespace sparktail
