#pragma once

#include <absl/time/time.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ingest/http/curl_handles.h"
#include "ingest/http/gzip_decoder.h"
#include "ingest/http/http_message.h"
#include "ingest/http/http_options.h"
#include "ingest/http/http_url.h"

namespace sparktail {

inline constexpr absl::Duration kLongestWait = absl::Hours(24);

// Returns a time-out as libcurl takes it: rounded up, at most kLongestWait.
long ToCurlMs(absl::Duration timeout);

// One request of HttpClient, and its response as it arrives. libcurl points to it from SetUp()
// until it is destroyed, so it must not be moved.
struct HttpExchange {
  using Clock = std::chrono::steady_clock;
  // The reason for which the client itself stopped an exchange.
  enum class Stopped : uint8_t { kNo, kTooLarge, kHeaders, kTransferEncoding, kEncoding, kGzip };

  // Sets all options of `easy`. Returns false if there is no memory for that.
  bool SetUp(const HttpOptions& options, const std::vector<std::string>& credentials);
  // Returns the response after libcurl has finished with `code`.
  HttpResponse TakeResponse(CURLcode code, const HttpOptions& options);
  // True if the server had closed a kept connection, and libcurl noticed only while it sent the
  // request. libcurl itself opens a new connection if it notices while it reads, but not then.
  bool IsStale(CURLcode code) const;

  HttpRequest request;
  Clock::time_point deadline;
  std::function<void(HttpResponse)> done;
  HttpUrl url;
  CurlHeaders headers;
  HttpResponse response;
  std::optional<GzipDecoder> gzip;  // set if the body is gzip-encoded
  bool has_headers = false;         // all headers of the last response have arrived
  bool has_body = false;
  bool is_retry = false;  // sent again on a new connection, because the kept one was closed
  Stopped stopped = Stopped::kNo;
  size_t header_bytes = 0;
  std::array<char, CURL_ERROR_SIZE> error{};
  CurlEasy easy;  // last, so that it is destroyed first: it points to the members above
};

}  // namespace sparktail
