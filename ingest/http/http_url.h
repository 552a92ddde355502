#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace sparktail {

// A URL of a server, in its parts, as they stand there.
struct HttpUrl {
  bool is_tls = false;  // https
  std::string host;     // a name or an address, an IPv6 one in brackets
  std::string port;     // digits; that of the scheme if none is given
  std::string path;     // from "/" on
  std::string query;    // behind "?"

  // For messages: nothing of path and query, which may be secret.
  std::string authority() const { return host + ":" + port; }
  // What is sent there stays on this machine.
  bool is_loopback() const;
  bool has_default_port() const { return port == (is_tls ? "443" : "80"); }
};

// kInvalidArgument: what to give instead; the URL itself is not in it. One with a user or a
// password is refused: URLs stand in logs, options for credentials don't.
absl::StatusOr<HttpUrl> ReadHttpUrl(const std::string& text);

// "http://host:9200/" and "http://host:9200" are one server: paths are put behind the latter.
std::string WithoutSlash(std::string url);

}  // namespace sparktail
