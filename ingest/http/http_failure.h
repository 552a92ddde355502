#pragma once

#include <curl/curl.h>

#include <string>

#include "ingest/http/http_message.h"

namespace sparktail {

// The facts about the end of an exchange that explain a failure.
struct HttpEnd {
  CURLcode code = CURLE_OK;
  std::string detail;         // libcurl's own message
  int os_error = 0;           // errno, if connecting failed
  bool was_sent = false;      // the connection was open and sending had begun
  bool has_response = false;  // at least one byte of a response arrived
  bool is_tls = false;
  int proxy_status = 0;  // the proxy's response to CONNECT; 0: none
  std::string server;    // "host:port"
  std::string proxy;     // URL of the proxy; empty: none
};

// Classifies an error of libcurl. No other place does that.
HttpFailure Classify(const HttpEnd& end);

// Returns a sentence for users: what failed, with which server, and what to do if there is
// something to do. Empty if nothing failed. It never contains a secret.
std::string Explain(const HttpEnd& end);

}  // namespace sparktail
