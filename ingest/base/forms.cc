#include "ingest/base/forms.h"

#include <absl/strings/ascii.h>

#include <algorithm>

#include "ingest/base/host_port.h"
#include "ingest/base/time_zone.h"

namespace sparktail {
namespace {

constexpr size_t kLongestName = 64;

// Names stand in cursors, and are those of directories.
bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && absl::ascii_isalnum(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
         });
}

}  // namespace

const TextForm kNameForm = {"a name of letters, digits and . _ - (at most 64)",
                            "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", IsName};

const TextForm kZoneForm = {"an IANA name such as Europe/Madrid or UTC",
                            "^[A-Za-z0-9][A-Za-z0-9/_+-]{0,63}$",
                            [](std::string_view text) { return FindTimeZone(text).has_value(); }};

const TextForm kAddressForm = {
    "host:port, such as 127.0.0.1:9464 (port 0: any that is free)",
    "^(\\[[0-9A-Za-z:.%]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}$",
    [](std::string_view text) { return ParseHostPort(text).has_value(); }};

}  // namespace sparktail
