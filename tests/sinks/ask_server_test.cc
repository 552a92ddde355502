#include "sinks/opensearch/ask_server.h"

#include <gtest/gtest.h>

#include "ingest/http/http_client.h"
#include "tests/support/raw_http_server.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using testing::RawAnswer;
using testing::RawHttpServer;
using testing::RawPeer;
using testing::RawRequest;
using testing::RecordingLog;

HttpResponse Answer(int status, const std::string& body) {
  HttpResponse response;
  response.status = status;
  response.body = body;
  return response;
}

// Echoes the request.
std::string Echo(const RawRequest& request) {
  return RawAnswer(200, request.method + " " + request.target + " " +
                            request.Header("content-type") + " " + request.body);
}

struct AskServerTest : ::testing::Test {
  AskServerTest() : client(HttpClient::Make(&log, "setup", HttpOptions()).value()) {}

  RecordingLog log;
  std::unique_ptr<HttpClient> client;
};

TEST_F(AskServerTest, SendsTheRequest) {
  const RawHttpServer server(RawHttpServer::Answering(Echo));
  const AskServer ask = AskServers(client.get(), {server.url() + "/gateway/"}, absl::Seconds(30));
  const HttpResponse response = ask({HttpMethod::kPut, "/_ilm/policy/a?b=c", "{}"});
  EXPECT_EQ(response.body, "PUT /gateway/_ilm/policy/a?b=c application/json {}");
}

TEST_F(AskServerTest, AnotherNodeIsAskedIfOneIsAway) {
  const RawHttpServer resets([](RawPeer* peer) { peer->Reset(); });
  const RawHttpServer gateway(
      RawHttpServer::Answering([](const RawRequest&) { return RawAnswer(502, "<html>"); }));
  const RawHttpServer works(RawHttpServer::Answering(Echo));
  const AskServer ask =
      AskServers(client.get(), {resets.url(), gateway.url(), works.url()}, absl::Seconds(30));
  EXPECT_EQ(ask({HttpMethod::kGet, "/", "", {}}).status, 200);
  EXPECT_EQ(gateway.connections(), 1u);
}

TEST_F(AskServerTest, ARejectionByOneNodeIsFinal) {
  const RawHttpServer refuses(
      RawHttpServer::Answering([](const RawRequest&) { return RawAnswer(403, "{}"); }));
  const RawHttpServer other(RawHttpServer::Answering(Echo));
  const AskServer ask = AskServers(client.get(), {refuses.url(), other.url()}, absl::Seconds(30));
  EXPECT_EQ(ask({HttpMethod::kGet, "/", "", {}}).status, 403);
  EXPECT_EQ(other.connections(), 0u);
}

TEST_F(AskServerTest, IfAllAreAwayTheLastOneSaysWhy) {
  const RawHttpServer gateway(
      RawHttpServer::Answering([](const RawRequest&) { return RawAnswer(504, "late"); }));
  const AskServer ask = AskServers(client.get(), {gateway.url()}, absl::Seconds(30));
  const HttpResponse response = ask({HttpMethod::kGet, "/", "", {}});
  EXPECT_EQ(response.status, 504);
  EXPECT_TRUE(absl::IsUnavailable(ToStatus(response, "ask")));
}

TEST(ToStatusTest, NamesTheFailedActionAndTheReason) {
  const absl::Status status =
      ToStatus(Answer(403, R"({"error":{"type":"security_exception","reason":"no permissions"}})"),
               "install the index template x");
  EXPECT_EQ(status.message(),
            "cannot install the index template x: HTTP 403, security_exception: no permissions");
  HttpResponse broken;
  broken.failure = HttpFailure::kTls;
  broken.error = "the certificate is not trusted";
  EXPECT_EQ(ToStatus(broken, "ask").message(), "cannot ask: the certificate is not trusted");
}

TEST(ToStatusTest, EachAnswerHasItsCode) {
  const auto code = [](int status, const std::string& body) {
    return ToStatus(Answer(status, body), "ask").code();
  };
  EXPECT_EQ(code(401, ""), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(code(403, ""), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code(404, ""), absl::StatusCode::kNotFound);
  EXPECT_EQ(code(429, ""), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(500, ""), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(503, ""), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(302, ""), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(400, R"({"error":{"type":"illegal_argument_exception"}})"),
            absl::StatusCode::kFailedPrecondition);
}

// Responses of servers that lack the module.
TEST(ToStatusTest, AMissingFunctionIsUnimplemented) {
  for (const auto& [status, body] : {
           std::pair(400,
                     R"({"error":"no handler found for uri [/_ilm/policy/x] and method [GET]"})"),
           std::pair(404, R"({"error":{"type":"index_not_found_exception","reason":"no such index )"
                          R"([_ilm]"},"status":404})"),
           std::pair(400, R"({"error":{"type":"invalid_index_name_exception","reason":"Invalid )"
                          R"(index name [_ilm], must not start with '_', '-', or '+'"}})"),
           std::pair(405, R"({"error":"Incorrect HTTP method for uri [/_data_stream/x]"})"),
       }) {
    EXPECT_EQ(ToStatus(Answer(status, body), "ask").code(), absl::StatusCode::kUnimplemented)
        << body;
  }
}

TEST(JsonStringTest, IsQuotedAndEscaped) { EXPECT_EQ(JsonString("a\"b\n"), "\"a\\\"b\\n\""); }

}  // namespace
}  // namespace sparktail
