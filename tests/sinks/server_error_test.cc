#include "sinks/opensearch/server_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sparktail {
namespace {

using ::testing::StartsWith;

TEST(ServerErrorTest, TypeAndReason) {
  const ServerError error = ReadServerError(
      R"({"status":400,"error":{"reason":"because","type":"some_exception","phase":"query"}})");
  EXPECT_EQ(error.type, "some_exception");
  EXPECT_EQ(error.Text(), "some_exception: because");
}

TEST(ServerErrorTest, OldServersSayATextOnly) {
  EXPECT_EQ(ReadServerError(R"({"error":"no handler found for uri"})").Text(),
            "no handler found for uri");
}

TEST(ServerErrorTest, OtherBodiesAreEmpty) {
  for (const char* body : {"", "<html>", "{}", "[]", R"({"error":3})", R"({"error":)",
                           R"({"error":{"type":3,"reason":null}})"}) {
    EXPECT_EQ(ReadServerError(body).Text(), "") << body;
  }
}

TEST(ServerErrorTest, AReasonIsBounded) {
  const std::string text(100'000, 'x');
  const std::string body =
      R"({"error":{"type":"a","reason":")" + text + R"(","caused_by":{"reason":")" + text + "\"}}}";
  EXPECT_LE(ReadServerError(body).Text().size(), ServerError::kMostBytes + 100);
}

// Causes may be nested deeply, and any server may respond.
TEST(ServerErrorTest, CausesAreBounded) {
  std::string body = R"({"error":)";
  for (int i = 0; i < 10'000; ++i) body += R"({"reason":"r","caused_by":)";
  EXPECT_LE(ReadServerError(body).Text().size(), ServerError::kMostBytes + 100);
}

TEST(ServerErrorTest, DescribesAResponseForAnOperator) {
  HttpResponse response;
  response.status = 502;
  EXPECT_EQ(DescribeResponse(response), "HTTP 502");
  response.content_type = "text/html";
  EXPECT_EQ(DescribeResponse(response), "HTTP 502, a response of type text/html");
  response.location = "https://login.example.org/";
  EXPECT_EQ(DescribeResponse(response), "HTTP 502, a redirect, which is not followed");
  response.body = R"({"error":{"type":"a","reason":"b"}})";
  EXPECT_EQ(DescribeResponse(response), "HTTP 502, a: b");
  response.failure = HttpFailure::kConnect;
  response.error = "nobody listens at search:9200";
  EXPECT_THAT(DescribeResponse(response), StartsWith("nobody listens"));
}

}  // namespace
}  // namespace sparktail
