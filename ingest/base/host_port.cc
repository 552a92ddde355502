#include "ingest/base/host_port.h"

#include <absl/strings/ascii.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace sparktail {
namespace {

constexpr size_t kLongestHost = 253;
constexpr size_t kLongestPort = 5;

bool IsHost(std::string_view text) {
  if (text.starts_with('[')) {
    return text.size() > 3 && text.ends_with(']') &&
           std::all_of(text.begin() + 1, text.end() - 1, [](char c) {
             return absl::ascii_isalnum(c) || c == ':' || c == '.' || c == '%';
           });
  }
  return !text.empty() && text.size() <= kLongestHost &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
         });
}

bool IsPort(std::string_view text) {
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, port);
  return text.size() <= kLongestPort && error == std::errc() && read == end;
}

}  // namespace

std::optional<HostPort> ParseHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const HostPort parts{text.substr(0, colon), text.substr(colon + 1)};
  if (!IsHost(parts.host) || !IsPort(parts.port)) return std::nullopt;
  return parts;
}

}  // namespace sparktail
