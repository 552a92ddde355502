#include "parsers/json_member.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

namespace sparktail {
namespace {

class JsonMemberTest : public ::testing::Test {
 protected:
  JsonMemberTest() {
    const std::string json =
        R"({"text":"a\"ä","number":-7,"most":18446744073709551615,"yes":true,"half":0.5,"null":null})";
    EXPECT_EQ(parser_.parse(json).get(object_), simdjson::SUCCESS);
  }
  simdjson::dom::parser parser_;
  simdjson::dom::object object_;
};

TEST_F(JsonMemberTest, MembersOfEachTypeAreRead) {
  std::string text;
  EXPECT_TRUE(ReadMember(object_, "text", &text));
  EXPECT_EQ(text, "a\"ä");
  int64_t number = 0;
  EXPECT_TRUE(ReadMember(object_, "number", &number));
  EXPECT_EQ(number, -7);
  uint64_t most = 0;
  EXPECT_TRUE(ReadMember(object_, "most", &most));
  EXPECT_EQ(most, UINT64_MAX);
  bool yes = false;
  EXPECT_TRUE(ReadMember(object_, "yes", &yes));
  EXPECT_TRUE(yes);
  double half = 0;
  EXPECT_TRUE(ReadMember(object_, "half", &half));
  EXPECT_EQ(half, 0.5);
}

TEST_F(JsonMemberTest, WhatIsMissingOrOfAnotherTypeLeavesTheValue) {
  std::string text = "before";
  int64_t number = 3;
  uint64_t count = 4;
  for (const char* name : {"missing", "null", "yes"}) {
    EXPECT_FALSE(ReadMember(object_, name, &text)) << name;
    EXPECT_FALSE(ReadMember(object_, name, &number)) << name;
  }
  EXPECT_FALSE(ReadMember(object_, "most", &number));
  EXPECT_FALSE(ReadMember(object_, "number", &count));
  EXPECT_EQ(text, "before");
  EXPECT_EQ(number, 3);
  EXPECT_EQ(count, 4U);
}

TEST_F(JsonMemberTest, AnOptionalIsSetOnlyByAMember) {
  std::optional<int64_t> number;
  EXPECT_FALSE(ReadMember(object_, "missing", &number));
  EXPECT_FALSE(number);
  EXPECT_TRUE(ReadMember(object_, "number", &number));
  EXPECT_EQ(number, -7);
  std::optional<std::string> text;
  EXPECT_TRUE(ReadMember(object_, "text", &text));
  EXPECT_EQ(text, "a\"ä");
}

TEST_F(JsonMemberTest, ATextIsCutBetweenCharacters) {
  EXPECT_EQ(TextMember(object_, "text", 100), "a\"ä");
  EXPECT_EQ(TextMember(object_, "text", 3), "a\"");
  EXPECT_EQ(TextMember(object_, "number", 100), "");
  EXPECT_EQ(TextMember(object_, "missing", 100), "");
}

}  // namespace
}  // namespace sparktail
