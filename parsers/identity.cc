#include "parsers/identity.h"

#include <algorithm>
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

// Length of PREFIX digits SEPARATOR digits at the beginning of `text`, 0 if it is not that.
size_t NumbersLength(std::string_view text, std::string_view prefix, char separator) {
  if (!text.starts_with(prefix)) return 0;
  const size_t first = CountDigits(text.substr(prefix.size()));
  const size_t at = prefix.size() + first;
  if (first == 0 || at >= text.size() || text[at] != separator) return 0;
  const size_t second = CountDigits(text.substr(at + 1));
  return second == 0 ? 0 : at + 1 + second;
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
  std::vector<std::string_view> parts = Split(path, '/');
  std::erase(parts, std::string_view());  // "//" is "/"
  if (parts.size() < 3) return;
  const std::string_view log = parts.back();
  const std::string_view container = parts[parts.size() - 2];
  const std::string_view application = parts[parts.size() - 3];
  const std::optional<ContainerParts> ids = ParseContainerId(container);
  if (!ids || LeadingAppId(application) != application || application != ids->app_id) return;
  facts->identity.app_id = ids->app_id;
  facts->identity.attempt = ids->attempt;
  facts->identity.container_id = container;
  facts->stream = ids->app_id;
  facts->stream.append("/").append(container).append("/").append(log);
}

}  // namespace sparktail
