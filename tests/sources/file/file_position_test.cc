#include "ingest/sources/file/file_position.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

FilePosition Full() {
  FilePosition position;
  position.file = "/logs/driver.log#0123456789abcdef";
  position.path = "/logs/driver.log";
  position.device = 66306;
  position.inode = UINT64_MAX;
  position.size = 12345;
  position.modified_ns = -5;
  position.raw = 1000;
  position.content = 900;
  position.prefix = {4096, UINT64_MAX};
  position.marker = {256, 7};
  position.wrapping = "cri";
  position.std_stream = "stderr";
  position.from = 17;
  position.done = position.raw + 5;
  position.since_ms = 1795276340000;
  position.after = "/logs/driver.log#fedcba9876543210";
  position.seek = 3;
  return position;
}

void ExpectEqual(const FilePosition& a, const FilePosition& b) {
  EXPECT_EQ(a.file, b.file);
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.device, b.device);
  EXPECT_EQ(a.inode, b.inode);
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(a.modified_ns, b.modified_ns);
  EXPECT_EQ(a.raw, b.raw);
  EXPECT_EQ(a.content, b.content);
  EXPECT_EQ(a.prefix, b.prefix);
  EXPECT_EQ(a.marker, b.marker);
  EXPECT_EQ(a.wrapping, b.wrapping);
  EXPECT_EQ(a.std_stream, b.std_stream);
  EXPECT_EQ(a.from, b.from);
  EXPECT_EQ(a.done, b.done);
  EXPECT_EQ(a.since_ms, b.since_ms);
  EXPECT_EQ(a.after, b.after);
  EXPECT_EQ(a.seek, b.seek);
}

TEST(FilePositionTest, AllOfItIsReadBack) {
  const std::optional<FilePosition> read = FilePosition::FromJson(Full().ToJson());
  ASSERT_TRUE(read.has_value());
  ExpectEqual(*read, Full());
}

TEST(FilePositionTest, WhatIsNotKnownIsLeftOut) {
  FilePosition position;
  position.file = "f";
  const std::string json = position.ToJson();
  for (const char* name :
       {"path", "prefix", "marker", "wrapping", "stream", "from", "since", "after", "seek"}) {
    EXPECT_THAT(json, Not(HasSubstr(std::string("\"") + name + "\""))) << json;
  }
  const std::optional<FilePosition> read = FilePosition::FromJson(json);
  ASSERT_TRUE(read.has_value());
  ExpectEqual(*read, position);
}

TEST(FilePositionTest, NamesMayHaveAllBytes) {
  for (const std::string path :
       {"/logs/with space \"quotes\" \\ back", "/logs/line\nbreak\ttab\x01",
        "/logs/gr\xc3\xbc\xc3\x9f", "/logs/latin-1 gr\xfc\xdf", "/logs/\xff\xfe"}) {
    FilePosition position = Full();
    position.path = path;
    position.file = path + "#1";
    position.after = path + "#0";
    const std::optional<FilePosition> read = FilePosition::FromJson(position.ToJson());
    ASSERT_TRUE(read.has_value()) << position.ToJson();
    ExpectEqual(*read, position);
  }
}

TEST(FilePositionTest, AnythingElseIsRefused) {
  for (const char* json : {"", "{", "[]", "null", "7", "\"x\"", "{}", R"({"path":"/a"})",
                           R"({"file":""})", R"({"file":7})"}) {
    EXPECT_FALSE(FilePosition::FromJson(json).has_value()) << json;
  }
}

TEST(FilePositionTest, MembersOfAWrongKindCountAsMissing) {
  const std::optional<FilePosition> read = FilePosition::FromJson(
      R"({"file":"f","raw":-1,"size":"x","prefix":[4097,"1"],"marker":[1],"from":1.5,"seek":null,)"
      R"("inode":18446744073709551615,"new in a later version":{}})");
  ASSERT_TRUE(read.has_value());
  FilePosition expected;
  expected.file = "f";
  expected.inode = UINT64_MAX;
  ExpectEqual(*read, expected);
}

TEST(FingerprintTest, IsOfAllBytes) {
  const Fingerprint print = Fingerprint::Of("abc");
  EXPECT_TRUE(print.Matches("abc"));
  EXPECT_FALSE(print.Matches("abd"));
  EXPECT_FALSE(print.Matches("ab"));
  EXPECT_FALSE(print.Matches("abcd"));
  EXPECT_FALSE(print.Matches(""));
  EXPECT_TRUE(Fingerprint().Matches(""));
  EXPECT_FALSE(Fingerprint().Matches("a"));
  // Stored: it must not change from version to version.
  EXPECT_EQ(print.size, 3U);
  EXPECT_EQ(print.hash, 0x78af5f94892f3950U);
}

}  // namespace
}  // namespace sparktail
