#include "ingest/base/forms.h"

#include <algorithm>

#include "ingest/base/time_zone.h"

namespace sparktail {
namespace {

constexpr size_t kLongestName = 64;

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Names stand in cursors, and are those of directories.
bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && IsLetterOrDigit(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-'; });
}

bool IsPort(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  int port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    port = port * 10 + (c - '0');
  }
  return port <= 65535;
}

bool IsHost(std::string_view text) {
  if (text.starts_with('[')) {
    return text.size() > 3 && text.ends_with(']') &&
           std::all_of(text.begin() + 1, text.end() - 1, [](char c) {
             return IsLetterOrDigit(c) || c == ':' || c == '.' || c == '%';
           });
  }
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetterOrDigit(c) || c == '.' || c == '-' || c == '_';
  });
}

bool IsAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  return colon != std::string_view::npos && IsHost(text.substr(0, colon)) &&
         IsPort(text.substr(colon + 1));
}

}  // namespace

const TextForm kNameForm = {"a name of letters, digits and . _ - (at most 64)",
                            "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", IsName};

const TextForm kZoneForm = {"an IANA name such as Europe/Madrid or UTC",
                            "^[A-Za-z0-9][A-Za-z0-9/_+-]{0,63}$",
                            [](std::string_view text) { return FindTimeZone(text).has_value(); }};

const TextForm kAddressForm = {"host:port, such as 127.0.0.1:9464 (port 0: any that is free)",
                               "^(\\[[0-9A-Za-z:.%]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}$", IsAddress};

}  // namespace sparktail
