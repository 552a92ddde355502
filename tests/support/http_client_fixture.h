#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ingest/http/http_client.h"
#include "tests/support/recording_log.h"

namespace sparktail::testing {

// Makes clients that log to `log_`.
class HttpClientFixture : public ::testing::Test {
 protected:
  std::unique_ptr<HttpClient> Make(HttpOptions options = {}) {
    auto client = HttpClient::Make(&log_, "sink test", std::move(options));
    EXPECT_TRUE(client.ok()) << client.status();
    return client.ok() ? *std::move(client) : nullptr;
  }

  static HttpRequest Get(const std::string& url) {
    HttpRequest request;
    request.url = url;
    return request;
  }

  // `body` must live on.
  static HttpRequest Post(const std::string& url, std::string_view body) {
    HttpRequest request = Get(url);
    request.method = HttpMethod::kPost;
    request.body = body;
    return request;
  }

  RecordingLog log_;
};

inline std::string Gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace sparktail::testing
