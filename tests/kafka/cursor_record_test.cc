#include "ingest/kafka/cursor_record.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace sparktail {
namespace {

CursorRecord Make() {
  CursorRecord record;
  record.cursor.order = 1234567890123;
  record.cursor.position = R"({"path":"/a \"b\"/ü"})";
  record.cursor.context = std::make_shared<const std::string>("{\"app\":\"\\u0001\"}");
  record.cursor.ended = true;
  record.updated_ms = 1795276340123;
  record.commit = "abc-7";
  return record;
}

TEST(CursorRecordTest, RoundTrip) {
  const CursorRecord record = Make();
  const auto again = CursorRecord::FromJson(record.ToJson());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->cursor.order, record.cursor.order);
  EXPECT_EQ(again->cursor.position, record.cursor.position);
  EXPECT_EQ(*again->cursor.context, *record.cursor.context);
  EXPECT_TRUE(again->cursor.ended);
  EXPECT_EQ(again->updated_ms, record.updated_ms);
  EXPECT_EQ(again->commit, record.commit);
}

// The format outlives the program: records written today must stay readable.
TEST(CursorRecordTest, ItsFormatIsFixed) {
  CursorRecord record;
  record.cursor.order = 5;
  record.cursor.position = "{}";
  record.cursor.context = std::make_shared<const std::string>("{}");
  record.updated_ms = 9;
  record.commit = "c";
  const std::string json =
      R"({"version":1,"offset":5,"position":"{}","context":"{}","ended":false,"updated":9,"commit":"c"})";
  EXPECT_EQ(record.ToJson(), json);
  EXPECT_TRUE(CursorRecord::FromJson(json));
}

TEST(CursorRecordTest, MalformedTextIsRejected) {
  for (
      const char* json :
      {"", "{", "[]", "7", "{}", R"({"version":1})",
       R"({"version":2,"offset":5,"position":"{}","context":"{}","ended":false,"updated":9,"commit":"c"})",
       R"({"version":1,"offset":-5,"position":"{}","context":"{}","ended":false,"updated":9,"commit":"c"})",
       R"({"version":1,"offset":5,"position":{},"context":"{}","ended":false,"updated":9,"commit":"c"})"}) {
    EXPECT_FALSE(CursorRecord::FromJson(json)) << json;
  }
}

TEST(CursorRecordTest, KeysOfGroups) {
  EXPECT_EQ(GroupOwner("spark"), "group:spark");
  EXPECT_EQ(GroupOwner("a/b%2Fc"), "group:a%2Fb%252Fc");
  EXPECT_EQ(CursorPrefix("prod-1", "kafka"), "prod-1/kafka");
}

}  // namespace
}  // namespace sparktail
