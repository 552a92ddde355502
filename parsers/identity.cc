#include "parsers/identity.h"

#include <algorithm>
#include <array>
#include <vector>

#include "parsers/text.h"

namespace sparktail {
namespace {

constexpr std::string_view kApplication = "application_";
constexpr std::string_view kContainer = "container_";

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), IsDigit);
}

size_t CountDigits(std::string_view text) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), IsDigit) - text.begin());
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view WithoutLeadingZeros(std::string_view number) {
  const size_t first = number.find_first_not_of('0');
  return first == std::string_view::npos ? "0" : number.substr(first);
}

bool IsLowerHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Returns the length of PREFIX digits SEPARATOR digits at the beginning of `text`, 0 if it has
// another form.
size_t NumbersLength(std::string_view text, std::string_view prefix, char separator) {
  if (!text.starts_with(prefix)) return 0;
  const size_t first = CountDigits(text.substr(prefix.size()));
  const size_t at = prefix.size() + first;
  if (first == 0 || at >= text.size() || text[at] != separator) return 0;
  const size_t second = CountDigits(text.substr(at + 1));
  return second == 0 ? 0 : at + 1 + second;
}

bool IsRotationMark(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789-_") == std::string_view::npos;
}

bool IsCompression(std::string_view text) {
  for (const std::string_view suffix : {"gz", "zst", "lz4", "snappy", "bz2", "xz"}) {
    if (text == suffix) return true;
  }
  return false;
}

// Returns the name that a log had before rotation and compression: "stderr" of "stderr.1" and
// "stderr.2026-11-21-15.gz".
std::string_view WithoutRotation(std::string_view log) {
  while (true) {
    const size_t dot = log.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return log;
    const std::string_view suffix = log.substr(dot + 1);
    if (!IsRotationMark(suffix) && !IsCompression(suffix)) return log;
    log = log.substr(0, dot);
  }
}

// Returns the last parts of a path in reverse order: [0] is the file's name. Missing parts are
// empty.
std::array<std::string_view, 4> LastParts(std::string_view path) {
  std::array<std::string_view, 4> parts;
  for (std::string_view& part : parts) {
    path = path.substr(0, path.find_last_not_of('/') + 1);  // "//" means "/"
    const size_t slash = path.rfind('/');
    part = slash == std::string_view::npos ? path : path.substr(slash + 1);
    path = path.substr(0, path.size() - part.size());
  }
  return parts;
}

// Adds the facts of …/APPLICATION/CONTAINER/LOG.
void AddYarnFacts(std::string_view application, std::string_view container, std::string_view log,
                  StreamFacts* facts) {
  const std::optional<ContainerParts> ids = ParseContainerId(container);
  if (!ids || LeadingAppId(application) != application || application != ids->app_id) return;
  facts->identity.app_id = ids->app_id;
  facts->identity.attempt = ids->attempt;
  facts->identity.container_id = container;
  facts->stream = ids->app_id;
  facts->stream.append("/").append(container).append("/").append(WithoutRotation(log));
}

// Adds the facts of POD_NAMESPACE_CONTAINER-<64 hex digits>.log. No part contains '_'.
void AddContainerFacts(std::string_view log, StreamFacts* facts) {
  static constexpr std::string_view kEnd = ".log";
  static constexpr size_t kIdSize = 64;
  const std::vector<std::string_view> parts = Split(log, '_');
  if (parts.size() != 3 || parts[0].empty() || parts[1].empty() || !parts[2].ends_with(kEnd)) {
    return;
  }
  const std::string_view name = parts[2].substr(0, parts[2].size() - kEnd.size());
  if (name.size() < kIdSize + 2) return;
  const std::string_view id = name.substr(name.size() - kIdSize);
  const std::string_view container = name.substr(0, name.size() - kIdSize - 1);
  if (name[container.size()] != '-' || !IsLowerHex(id)) return;
  facts->pod = parts[0];
  facts->kubernetes_namespace = parts[1];
  facts->container = container;
  facts->identity.container_id = id;
  facts->stream = parts[1];
  facts->stream.append("/").append(parts[0]).append("/").append(id);
}

// Adds the facts of NAMESPACE_POD_UID/CONTAINER/NUMBER.log[.SUFFIX].
void AddPodFacts(std::string_view pod, std::string_view container, std::string_view log,
                 StreamFacts* facts) {
  const std::vector<std::string_view> parts = Split(pod, '_');
  const size_t digits = CountDigits(log);
  const std::string_view end = log.substr(digits);
  if (parts.size() != 3 || parts[0].empty() || parts[1].empty() || parts[2].empty()) return;
  if (digits == 0 || !end.starts_with(".log") || (end.size() > 4 && end[4] != '.')) return;
  facts->kubernetes_namespace = parts[0];
  facts->pod = parts[1];
  facts->container = container;
}

}  // namespace

std::optional<ContainerParts> ParseContainerId(std::string_view text) {
  if (!text.starts_with(kContainer)) return std::nullopt;
  std::vector<std::string_view> parts = Split(text.substr(kContainer.size()), '_');
  if (parts.size() == 5 && parts[0].starts_with('e') && IsNumber(parts[0].substr(1))) {
    parts.erase(parts.begin());
  }
  if (parts.size() != 4 || !std::all_of(parts.begin(), parts.end(), IsNumber)) {
    return std::nullopt;
  }
  std::string app_id(kApplication);
  app_id.append(parts[0]).append("_").append(parts[1]);
  return ContainerParts{app_id, std::string(WithoutLeadingZeros(parts[2]))};
}

std::string_view FindContainerId(std::string_view prefix) {
  for (size_t open = prefix.find('['); open != std::string_view::npos;
       open = prefix.find('[', open + 1)) {
    const size_t close = prefix.find(']', open);
    if (close == std::string_view::npos) break;
    const std::string_view id = prefix.substr(open + 1, close - open - 1);
    if (ParseContainerId(id)) return id;
  }
  return {};
}

std::string_view LeadingAppId(std::string_view text) {
  if (const size_t length = NumbersLength(text, kApplication, '_')) return text.substr(0, length);
  if (const size_t length = NumbersLength(text, "app-", '-')) return text.substr(0, length);
  static constexpr std::string_view kLocal = "local-";
  if (text.starts_with(kLocal)) {
    const size_t digits = CountDigits(text.substr(kLocal.size()));
    if (digits > 0) return text.substr(0, kLocal.size() + digits);
  }
  static constexpr std::string_view kKubernetes = "spark-";
  if (text.starts_with(kKubernetes)) {
    const size_t end = text.find_first_not_of("0123456789abcdef", kKubernetes.size());
    const std::string_view id = text.substr(0, end);
    if (id.size() == kKubernetes.size() + 32) return id;
  }
  return {};
}

std::string_view AppIdOfEventLog(std::string_view path) {
  const std::vector<std::string_view> parts = Split(path, '/');
  static constexpr std::string_view kRolling = "eventlog_v2_";
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (part->starts_with(kRolling)) return LeadingAppId(part->substr(kRolling.size()));
  }
  return LeadingAppId(parts.back());
}

void AddFactsFromPath(std::string_view path, StreamFacts* facts) {
  const auto [log, folder, above, root] = LastParts(path);
  AddYarnFacts(above, folder, log, facts);
  if (folder == "containers") AddContainerFacts(log, facts);
  if (root == "pods") AddPodFacts(above, folder, log, facts);
}

}  // namespace sparktail
