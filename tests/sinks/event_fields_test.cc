#include "sinks/event_fields.h"

#include <gtest/gtest.h>

#include <string>

#include "parsers/byte_buffer.h"

namespace sparktail {
namespace {

class EventFieldsTest : public ::testing::Test {
 protected:
  bool Read(std::string_view document) {
    bytes_.Clear();
    bytes_.Append(document);
    return reader_.Read(bytes_.padded(), &fields_);
  }

  ByteBuffer bytes_;
  EventFieldsReader reader_;
  EventFields fields_;
};

TEST_F(EventFieldsTest, FieldsOfProgress) {
  ASSERT_TRUE(Read(R"({"@timestamp":"2018-11-28T13:48:06.268Z","kind":"progress","id":"x",)"
                   R"("environment":"pro","appName":"my \"app\" \u00fc","appId":"application_1",)"
                   R"("running":true,"metrics":{"name":null,"id":"query-1","runId":"r"}})"));
  EXPECT_EQ(fields_.kind, "progress");
  EXPECT_EQ(fields_.environment, "pro");
  EXPECT_EQ(fields_.app_name, "my \"app\" \xc3\xbc");
  EXPECT_EQ(fields_.app_id, "application_1");
  EXPECT_EQ(fields_.query_id, "query-1");
}

TEST_F(EventFieldsTest, FieldsOfAQuery) {
  ASSERT_TRUE(
      Read(R"({"kind":"query","query":{"phase":"started","id":"query-2"},"appId":"later"})"));
  EXPECT_EQ(fields_.query_id, "query-2");
  ASSERT_TRUE(Read(R"({"kind":"query","query":{"phase":"idle"}})"));
  EXPECT_EQ(fields_.query_id, "");
}

TEST_F(EventFieldsTest, MissingFieldsAreEmpty) {
  ASSERT_TRUE(Read(R"({"kind":"progress","appName":"a","metrics":{"id":"q"}})"));
  ASSERT_TRUE(Read(R"({"kind":"signal"})"));
  EXPECT_EQ(fields_.kind, "signal");
  EXPECT_EQ(fields_.app_name, "");
  EXPECT_EQ(fields_.query_id, "");
  EXPECT_TRUE(Read("{}"));
}

TEST_F(EventFieldsTest, ValuesThatAreNotStringsAreSkipped) {
  ASSERT_TRUE(Read(R"({"kind":7,"appName":null,"appId":["x"],"environment":{"a":"b"},)"
                   R"("metrics":{"id":7}})"));
  EXPECT_EQ(fields_.kind, "");
  EXPECT_EQ(fields_.app_name, "");
  EXPECT_EQ(fields_.app_id, "");
  EXPECT_EQ(fields_.environment, "");
  EXPECT_EQ(fields_.query_id, "");
  ASSERT_TRUE(Read(R"({"metrics":"none"})"));
  EXPECT_EQ(fields_.query_id, "");
}

TEST_F(EventFieldsTest, OtherJsonIsAnError) {
  for (const char* document :
       {"", "7", "[]", "{", "\"text\"", "{\"kind\"", "{\"kind\":}", "\xff"}) {
    EXPECT_FALSE(Read(document)) << document;
  }
}

TEST_F(EventFieldsTest, LargeDocumentsBetweenSmallOnes) {
  for (const size_t size : {size_t{10}, size_t{9} << 20, size_t{10}}) {
    ASSERT_TRUE(Read(R"({"kind":"query","appId":"a","error":{"stack":")" + std::string(size, 'x') +
                     R"("},"query":{"id":"q"}})"));
    EXPECT_EQ(fields_.query_id, "q");
    EXPECT_EQ(fields_.app_id, "a");
  }
}

}  // namespace
}  // namespace sparktail
