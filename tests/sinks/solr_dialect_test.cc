#include "sinks/solr/solr_dialect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/feed.h"

namespace sparktail {
namespace {

using testing::Feed;
using ::testing::HasSubstr;
using ::testing::SizeIs;

BulkAnswer Read(const std::string& body, int status) {
  HttpResponse response;
  response.status = status;
  response.body = body;
  return SolrDialect("logs").Read(std::move(response), 3);
}

TEST(SolrDialectTest, DocumentsFollowEachOther) {
  SolrDialect dialect("logs");
  EXPECT_EQ(dialect.Path(), "/logs/update/json/docs?commitWithin=5000");
  const EventBuffer events = Feed::Events(0, 2);
  std::string body;
  for (const EventRef& event : events.events) {
    BulkItem item;
    item.line = events.bytes.view().substr(event.begin, event.end + 1 - event.begin);
    dialect.Write(item, [&](std::string_view piece) { body += piece; });
  }
  EXPECT_EQ(body, Feed::Lines(0, 2));
}

TEST(SolrDialectTest, InvalidJsonIsRejected) {
  SolrDialect dialect("logs");
  EventBuffer events;
  Feed::Append("nonsense", Feed::Id(0), &events);
  EXPECT_EQ(dialect.IndexOf(events, events.events[0]), nullptr);
}

TEST(SolrDialectTest, AllIsStoredIfItSaysSo) {
  const BulkAnswer answer = Read(R"({"responseHeader":{"status":0,"QTime":665}})", 200);
  EXPECT_EQ(answer.outcome, RequestOutcome::kAnswered);
  EXPECT_THAT(answer.items, SizeIs(3));
  EXPECT_EQ(answer.items[2].outcome, ItemOutcome::kDelivered);
}

TEST(SolrDialectTest, ABadDocumentIsToBeFound) {
  const BulkAnswer answer = Read(
      R"({"responseHeader":{"status":400},"error":{"msg":"ERROR: [doc=e] unknown field 'x'","code":400}})",
      400);
  EXPECT_EQ(answer.outcome, RequestOutcome::kBad);
  EXPECT_EQ(answer.why, "HTTP 400, ERROR: [doc=e] unknown field 'x'");
}

TEST(SolrDialectTest, ResponsesOfOtherServersAreNotBelieved) {
  for (const char* body : {"", "<html>", "{}", R"({"responseHeader":{"status":500}})",
                           R"({"responseHeader":{"status":"0"}})"}) {
    const BulkAnswer answer = Read(body, 200);
    EXPECT_EQ(answer.outcome, RequestOutcome::kUnreadable) << body;
    EXPECT_THAT(answer.why, HasSubstr("is it from Solr"));
  }
  EXPECT_EQ(Read("", 404).outcome, RequestOutcome::kBlocked);
  EXPECT_THAT(Read("", 404).why, HasSubstr("is there a collection logs"));
  EXPECT_EQ(Read("", 409).outcome, RequestOutcome::kAway);
  EXPECT_EQ(Read("", 503).outcome, RequestOutcome::kOverloaded);
}

}  // namespace
}  // namespace sparktail
