#pragma once

#include <optional>
#include <string_view>

namespace sparktail {

// The parts of an address such as "127.0.0.1:9464" or "[::1]:9464"; views into its text.
struct HostPort {
  std::string_view host;  // a name or an IPv4 address; an IPv6 address is in brackets
  std::string_view port;  // a number from 0 to 65535
};

// Empty unless the text is an address with a port. The parts have no character that ends the host
// of a URL. An IPv6 address without brackets is rejected.
std::optional<HostPort> ParseHostPort(std::string_view text);

}  // namespace sparktail
