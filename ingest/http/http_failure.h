#pragma once

#include <curl/curl.h>

#include <string>

#include "ingest/http/http_message.h"

namespace sparktail {

// How an exchange ended, as far as that says why it failed.
struct HttpEnd {
  CURLcode code = CURLE_OK;
  std::string detail;         // libcurl's own words
  int os_error = 0;           // errno, if connecting failed
  bool was_sent = false;      // a connection was there, and the request on its way
  bool was_answered = false;  // with something
  bool is_tls = false;
  int proxy_status = 0;  // of a proxy that was asked to connect
  std::string server;    // "host:port"
  std::string proxy;     // its URL; empty: none
};

// What an error of libcurl means to us; the one place in which that is decided.
HttpFailure Classify(const HttpEnd& end);

// A sentence for a user: what happened, with whom and, where somebody can do something, what. Empty
// if nothing failed. It holds no secret.
std::string Explain(const HttpEnd& end);

}  // namespace sparktail
