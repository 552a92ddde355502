#include "ingest/streams/source_kind.h"

#include <gtest/gtest.h>

#include <vector>

namespace sparktail {
namespace {

TEST(SourceKindTest, APositionNamesItsKindOrIsRecognisedByItsMembers) {
  const SourceKind file = {.name = "file",
                           .sentence = "",
                           .defaults = {},
                           .options = {},
                           .position_members = {"raw", "inode"}};
  const SourceKind other = {.name = "other", .sentence = "", .defaults = {}, .options = {}};
  const std::vector<const SourceKind*> kinds = {&other, &file};
  EXPECT_EQ(KindOfPosition(R"({"kind":"file"})", kinds), &file);
  EXPECT_EQ(KindOfPosition(R"({"kind":"other","raw":1,"inode":2})", kinds), &other);
  EXPECT_EQ(KindOfPosition(R"({"raw":1,"x":3,"inode":2})", kinds), &file);
  for (const char* position :
       {"", "{", "[]", "{}", R"({"raw":1})", R"({"kind":"another","raw":1,"inode":2})"}) {
    EXPECT_EQ(KindOfPosition(position, kinds), nullptr) << position;
  }
}

}  // namespace
}  // namespace sparktail
