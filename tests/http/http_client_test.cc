#include "ingest/http/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/raw_http_server.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using testing::RawAnswer;
using testing::RawHttpServer;
using testing::RawPeer;
using testing::RawRequest;
using testing::RecordingLog;

class HttpClientTest : public ::testing::Test {
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

  RecordingLog log_;
};

TEST_F(HttpClientTest, OneExchange) {
  RawHttpServer server(RawHttpServer::Answering([](const RawRequest& request) {
    return RawAnswer(200, request.method + " " + request.target, "Content-Type: text/plain\r\n");
  }));
  const auto client = Make();
  const HttpResponse response = client->Send(Get(server.url() + "/a?b=c"));
  EXPECT_EQ(response.error, "");
  EXPECT_TRUE(response.is_success());
  EXPECT_EQ(response.body, "GET /a?b=c");
  EXPECT_EQ(response.content_type, "text/plain");
}

TEST_F(HttpClientTest, ACutBodyIsBroken) {
  RawHttpServer server([](RawPeer* peer) {
    if (peer->Read()) peer->Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  });
  const HttpResponse response = Make()->Send(Get(server.url()));
  EXPECT_EQ(response.failure, HttpFailure::kBroken);
  EXPECT_EQ(response.body, "half");
  EXPECT_THAT(response.error, HasSubstr("was cut"));
}

}  // namespace
}  // namespace sparktail
