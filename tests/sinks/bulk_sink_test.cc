#include "sinks/bulk/bulk_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "sinks/solr/solr_dialect.h"
#include "tests/support/one_sink.h"

namespace sparktail {
namespace {

using testing::Feed;
using ::testing::HasSubstr;
using testing::OneSinkTest;
using testing::RawAnswer;
using testing::RawHttpServer;
using testing::RawRequest;

class BulkSinkTest : public OneSinkTest {
 protected:
  BulkSink::Parts PartsOf(const std::string& url) {
    BulkSink::Parts parts = Parts();
    parts.options.urls = {url};
    parts.dialect = std::make_unique<SolrDialect>("logs");
    parts.options.connections = 2;
    return parts;
  }
};

TEST_F(BulkSinkTest, OpensWithoutItsServer) {
  const StreamCursor cursor = Feed::CursorAt(7);
  ASSERT_TRUE(store_.Commit("search", {&cursor, 1}, std::nullopt).ok());
  BulkSink sink(PartsOf("http://127.0.0.1:1"));
  const auto cursors = sink.Open();
  ASSERT_TRUE(cursors.ok()) << cursors.status();
  EXPECT_EQ(Feed::OffsetOf(*cursors), 7U);
}

TEST_F(BulkSinkTest, FilesThatCannotBeReadAreReportedAtOnce) {
  BulkSink::Parts parts = PartsOf("https://127.0.0.1:1");
  parts.options.http.ssl_ca = folder_ / "missing.pem";
  BulkSink sink(std::move(parts));
  const absl::Status status = sink.Open().status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("missing.pem"));
}

TEST_F(BulkSinkTest, CredentialsGoWithEachRequest) {
  std::string authorization;
  RawHttpServer server(RawHttpServer::Answering([&](const RawRequest& request) {
    authorization = request.Header("authorization");
    return RawAnswer(200, R"({"responseHeader":{"status":0}})");
  }));
  BulkSink::Parts parts = PartsOf(server.url());
  parts.options.http.auth = HttpOptions::Auth::kBasic;
  parts.options.http.username = "sparktail";
  parts.options.http.password = Secret("word");
  BulkSink sink(std::move(parts));
  ASSERT_TRUE(sink.Open().ok());
  const EventBuffer events = Feed::Events(0, 3);
  ASSERT_TRUE(sink.Write(events, 1).ok());
  const StreamCursor cursor = Feed::CursorAt(3);
  ASSERT_TRUE(sink.Commit({&cursor, 1}).ok());
  EXPECT_EQ(authorization, "Basic c3Bhcmt0YWlsOndvcmQ=");
  EXPECT_EQ(sink.statistics().requests, 1U);
  EXPECT_EQ(Feed::OffsetOf(*store_.Load("search")), 3U);
}

}  // namespace
}  // namespace sparktail
