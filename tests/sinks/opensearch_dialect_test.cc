#include "sinks/opensearch/opensearch_dialect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/feed.h"

namespace sparktail {
namespace {

using testing::Feed;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class OpenSearchDialectTest : public ::testing::Test {
 protected:
  static BulkAnswer Read(const std::string& body, size_t items, int status = 200) {
    OpenSearchDialect dialect(*NamePattern::Parse("e", NamePattern::Use::kIndex));
    HttpResponse response;
    response.status = status;
    response.body = body;
    return dialect.Read(std::move(response), items);
  }
  // The outcome of a response with this one item.
  static ItemAnswer Item(const std::string& item) {
    const BulkAnswer answer = Read(R"({"errors":true,"items":[{"create":)" + item + "}]}", 1);
    EXPECT_EQ(answer.outcome, RequestOutcome::kAnswered) << item << ": " << answer.why;
    return answer.items.empty() ? ItemAnswer() : answer.items[0];
  }
  static ItemOutcome Outcome(int status, const std::string& type = "some_exception",
                             const std::string& reason = "") {
    return Item(R"({"status":)" + std::to_string(status) + R"(,"error":{"type":")" + type +
                R"(","reason":")" + reason + "\"}}")
        .outcome;
  }
};

TEST_F(OpenSearchDialectTest, ADocumentIsCreatedByItsId) {
  OpenSearchDialect dialect(
      *NamePattern::Parse("spark-{environment}-%Y%m%d", NamePattern::Use::kIndex));
  EventBuffer events = Feed::Events(7, 8);
  events.events[0].time_ms = 1'795'276'340'000;
  BulkItem item;
  item.line = events.bytes.view();
  item.id = events.events[0].id;
  item.index = dialect.IndexOf(events, events.events[0]);
  ASSERT_NE(item.index, nullptr);
  std::string body;
  dialect.Write(item, [&](std::string_view piece) { body += piece; });
  EXPECT_EQ(body, R"({"create":{"_index":"spark-default-20261121","_id":")" + Feed::Id(7) +
                      "\"}}\n" + Feed::Document(7) + "\n");
}

TEST_F(OpenSearchDialectTest, EachStatusOfAnItemHasOneOutcome) {
  for (const int status : {200, 201, 409}) EXPECT_EQ(Outcome(status), ItemOutcome::kDelivered);
  for (const int status : {408, 429, 500, 503}) EXPECT_EQ(Outcome(status), ItemOutcome::kRetry);
  for (const int status : {401, 403}) EXPECT_EQ(Outcome(status), ItemOutcome::kBlocked);
  for (const int status : {400, 404, 405, 413}) EXPECT_EQ(Outcome(status), ItemOutcome::kRejected);
}

TEST_F(OpenSearchDialectTest, ErrorsOfTheIndexAreNotErrorsOfTheEvent) {
  EXPECT_EQ(Outcome(404, "index_not_found_exception"), ItemOutcome::kBlocked);
  EXPECT_EQ(Outcome(404, "document_missing_exception"), ItemOutcome::kRejected);
  EXPECT_EQ(Outcome(400, "index_closed_exception"), ItemOutcome::kBlocked);
  EXPECT_EQ(Outcome(403, "cluster_block_exception"), ItemOutcome::kBlocked);
  // The flood stage of a full disk ends by itself.
  EXPECT_EQ(Outcome(429, "cluster_block_exception"), ItemOutcome::kRetry);
  EXPECT_EQ(Outcome(400, "validation_exception",
                    "this action would add [2] total shards, but this cluster currently has "
                    "[1000]/[1000] maximum shards open"),
            ItemOutcome::kBlocked);
}

TEST_F(OpenSearchDialectTest, AReasonIncludesItsCauses) {
  const ItemAnswer answer = Item(
      R"({"status":400,"error":{"type":"mapper_parsing_exception","reason":"failed to parse",)"
      R"("caused_by":{"type":"illegal_argument_exception","reason":"For input string: \"x\""}}})");
  EXPECT_EQ(answer.why,
            "status 400, mapper_parsing_exception: failed to parse; For input string: \"x\"");
}

TEST_F(OpenSearchDialectTest, TheFailureStoreIsReported) {
  EXPECT_TRUE(Item(R"({"status":201,"failure_store":"used"})").in_failure_store);
  EXPECT_FALSE(Item(R"({"status":201,"failure_store":"not_enabled"})").in_failure_store);
  EXPECT_TRUE(Item(R"({"status":409})").was_there);
}

// ES 8 writes "errors" before "took"; ES 7 adds the type of a document.
TEST_F(OpenSearchDialectTest, MembersComeInAnyOrder) {
  const std::string items = R"("items":[{"create":{"_type":"_doc","status":201}}])";
  for (const std::string& body :
       {"{" + items + "}", R"({"errors":false,"took":3,)" + items + "}",
        R"({"took":3,"errors":false,)" + items + "}", "{" + items + R"(,"errors":false})"}) {
    EXPECT_EQ(Read(body, 1).outcome, RequestOutcome::kAnswered) << body;
  }
}

TEST_F(OpenSearchDialectTest, AnAnswerThatIsNotAboutAllEventsCannotBeRead) {
  const std::string whole = R"({"errors":false,"items":[{"create":{"status":201}}]})";
  ASSERT_THAT(Read(whole, 1).items, SizeIs(1));
  for (const size_t items : {0, 2, 3}) {
    EXPECT_EQ(Read(whole, items).outcome, RequestOutcome::kUnreadable);
  }
  for (const std::string body :
       {"", "{}", "[]", "null", "<html>", R"({"items":{}})", R"({"items":[1]})",
        R"({"items":[{"create":{}}]})", R"({"items":[{}]})",
        R"({"items":[{"create":{"status":0}}]})", R"({"items":[{"create":{"status":199}}]})",
        R"({"items":[{"create":{"status":302}}]})", R"({"items":[{"create":{"status":"201"}}]})",
        R"({"items":[{"create":{"status":-1}}]})"}) {
    const BulkAnswer answer = Read(body, 1);
    EXPECT_EQ(answer.outcome, RequestOutcome::kUnreadable) << body;
    EXPECT_THAT(answer.items, IsEmpty());
    EXPECT_THAT(answer.why, HasSubstr("HTTP 200"));
  }
}

// A response that is cut anywhere never has all its items.
TEST_F(OpenSearchDialectTest, ACutAnswerCannotBeRead) {
  const std::string whole =
      R"({"items":[{"create":{"status":201}},{"create":{"status":400,"error":{"type":"a"}}}]})";
  ASSERT_EQ(Read(whole, 2).outcome, RequestOutcome::kAnswered);
  const size_t end = whole.rfind(']');
  for (size_t size = 0; size < end; ++size) {
    EXPECT_EQ(Read(whole.substr(0, size), 2).outcome, RequestOutcome::kUnreadable) << size;
  }
}

TEST_F(OpenSearchDialectTest, AnErrorResponseIsReported) {
  const BulkAnswer answer =
      Read(R"({"error":{"root_cause":[{"type":"x","reason":"y"}],"type":"security_exception",)"
           R"("reason":"no permissions"},"status":403})",
           3, 403);
  EXPECT_EQ(answer.outcome, RequestOutcome::kBlocked);
  EXPECT_EQ(answer.why, "HTTP 403, security_exception: no permissions");
}

}  // namespace
}  // namespace sparktail
