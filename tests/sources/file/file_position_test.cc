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
  position.file.name = "/logs/driver.log#0123456789abcdef";
  position.file.path = "/logs/driver.log";
  position.file.real = "/mnt/logs/driver.log";
  position.file.device = 66306;
  position.file.inode = UINT64_MAX;
  position.file.size = 12345;
  position.file.modified_ns = -5;
  position.place.raw = 1000;
  position.place.content = 900;
  position.file.prefix = {4096, UINT64_MAX};
  position.place.marker = {256, 7};
  position.place.wrapping = "cri";
  position.place.std_stream = "stderr";
  position.place.from = 17;
  position.place.done = position.place.raw + 5;
  position.place.since_ms = 1795276340000;
  position.file.after = "/logs/driver.log#fedcba9876543210";
  position.place.seek = 3;
  return position;
}

void ExpectEqual(const FilePosition& a, const FilePosition& b) {
  EXPECT_EQ(a.file.name, b.file.name);
  EXPECT_EQ(a.file.path, b.file.path);
  EXPECT_EQ(a.file.real, b.file.real);
  EXPECT_EQ(a.file.device, b.file.device);
  EXPECT_EQ(a.file.inode, b.file.inode);
  EXPECT_EQ(a.file.size, b.file.size);
  EXPECT_EQ(a.file.modified_ns, b.file.modified_ns);
  EXPECT_EQ(a.place.raw, b.place.raw);
  EXPECT_EQ(a.place.content, b.place.content);
  EXPECT_EQ(a.file.prefix, b.file.prefix);
  EXPECT_EQ(a.place.marker, b.place.marker);
  EXPECT_EQ(a.place.wrapping, b.place.wrapping);
  EXPECT_EQ(a.place.std_stream, b.place.std_stream);
  EXPECT_EQ(a.place.from, b.place.from);
  EXPECT_EQ(a.place.done, b.place.done);
  EXPECT_EQ(a.place.since_ms, b.place.since_ms);
  EXPECT_EQ(a.file.after, b.file.after);
  EXPECT_EQ(a.place.seek, b.place.seek);
}

TEST(FilePositionTest, AllOfItIsReadBack) {
  const std::optional<FilePosition> read = FilePosition::FromJson(Full().ToJson());
  ASSERT_TRUE(read.has_value());
  ExpectEqual(*read, Full());
}

// Later versions take over the state of earlier ones, and earlier ones that of later ones.
TEST(FilePositionTest, TheStoredFormStays) {
  EXPECT_EQ(
      Full().ToJson(),
      R"({"kind":"file","file":"/logs/driver.log#0123456789abcdef","path":"/logs/driver.log",)"
      R"("real":"/mnt/logs/driver.log","raw":1000,"content":900,"size":12345,"modified":-5,)"
      R"("device":66306,"inode":18446744073709551615,"prefix":[4096,"18446744073709551615"],)"
      R"("marker":[256,"7"],"wrapping":"cri","stream":"stderr","done":1005,"from":17,)"
      R"("since":1795276340000,"after":"/logs/driver.log#fedcba9876543210","seek":3})");
}

TEST(FilePositionTest, WhatIsNotKnownIsLeftOut) {
  FilePosition position;
  position.file.name = "f";
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
    position.file.path = path;
    position.file.name = path + "#1";
    position.file.after = path + "#0";
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
  expected.file.name = "f";
  expected.file.inode = UINT64_MAX;
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
