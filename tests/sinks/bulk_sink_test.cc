#include "sinks/bulk/bulk_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "sinks/solr/solr_dialect.h"
#include "tests/support/faulty_os.h"
#include "tests/support/feed.h"
#include "tests/support/memory_cursor_store.h"
#include "tests/support/raw_http_server.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::FaultyOs;
using testing::Feed;
using ::testing::HasSubstr;
using testing::MemoryCursorStore;
using testing::RawAnswer;
using testing::RawHttpServer;
using testing::RawRequest;
using testing::RecordingLog;
using testing::TempDir;

class BulkSinkTest : public ::testing::Test {
 protected:
  BulkSink::Parts Parts(const std::string& url) {
    BulkSink::Parts parts;
    parts.log = &log_;
    parts.store = &store_;
    parts.dead_letters = &dead_letters_;
    parts.name = "search";
    parts.urls = {url};
    parts.dialect = std::make_unique<SolrDialect>("logs");
    parts.bulk_bytes = 1 << 20;
    parts.connections = 2;
    parts.request_timeout = absl::Seconds(60);
    return parts;
  }

  TempDir folder_;
  FaultyOs os_;
  RecordingLog log_;
  MemoryCursorStore store_;
  DeadLetters dead_letters_{&os_, &log_, folder_.path(), "search", 1 << 20};
};

TEST_F(BulkSinkTest, OpensWithoutItsServer) {
  const StreamCursor cursor = Feed::CursorAt(7);
  ASSERT_TRUE(store_.Commit("search", {&cursor, 1}, std::nullopt).ok());
  BulkSink sink(Parts("http://127.0.0.1:1"));
  const auto cursors = sink.Open();
  ASSERT_TRUE(cursors.ok()) << cursors.status();
  EXPECT_EQ(Feed::OffsetOf(*cursors), 7U);
}

TEST_F(BulkSinkTest, FilesThatCannotBeReadAreToldAtOnce) {
  BulkSink::Parts parts = Parts("https://127.0.0.1:1");
  parts.http.ssl_ca = folder_ / "missing.pem";
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
  BulkSink::Parts parts = Parts(server.url());
  parts.http.auth = HttpOptions::Auth::kBasic;
  parts.http.username = "sparktail";
  parts.http.password = Secret("word");
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

TEST_F(BulkSinkTest, AUrlMayEndInASlash) {
  EXPECT_EQ(WithoutSlash("http://s:1//"), "http://s:1");
  EXPECT_EQ(WithoutSlash("http://s:1/a"), "http://s:1/a");
}

}  // namespace
}  // namespace sparktail
