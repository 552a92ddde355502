#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace sparktail {

// The parts of a server's URL, unchanged: nothing is unescaped.
struct HttpUrl {
  bool is_tls = false;  // https
  std::string host;     // a name or an address; an IPv6 address is in brackets
  std::string port;     // digits; the scheme's default if the URL has none
  std::string path;     // begins with "/"
  std::string query;    // without "?"

  // For messages: path and query may be secret.
  std::string authority() const { return host + ":" + port; }
  // True if requests to it stay on this machine.
  bool is_loopback() const;
  bool has_default_port() const { return port == (is_tls ? "443" : "80"); }
};

// kInvalidArgument: the message says what to write instead, and does not contain the URL. A URL
// with a user or a password is rejected, because URLs are logged; credentials have options of their
// own.
absl::StatusOr<HttpUrl> ReadHttpUrl(const std::string& text);

// Escapes a part of a path or of a query: all but letters, digits and - . _ ~ (RFC 3986).
std::string EscapeUrlPart(std::string_view text);

// Removes slashes at the end, so that a path can be appended: "http://host:9200/" and
// "http://host:9200" are the same server.
std::string WithoutSlash(std::string url);

}  // namespace sparktail
