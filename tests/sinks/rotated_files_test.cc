#include "sinks/file/rotated_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RotatedFilesTest : public ::testing::Test {
 protected:
  void Make(const std::string& name) { testing::WriteBytes(folder_ / name, "x"); }
  std::string Next(int64_t seconds) {
    return NextRotatedPath(&os_, path_, absl::FromUnixSeconds(seconds))->substr(path_.size());
  }
  // Without the path in front.
  std::vector<std::string> List() {
    std::vector<std::string> found = *ListRotatedFiles(&os_, path_);
    for (std::string& path : found) path.erase(0, path_.size());
    return found;
  }

  testing::TempDir folder_;
  const std::string path_ = folder_ / "events.ndjson";
  PosixOs os_;
};

TEST_F(RotatedFilesTest, TheOldestFirst) {
  EXPECT_THAT(List(), IsEmpty());
  Make("events.ndjson");
  Make("events.ndjson.20261121T160000Z");
  Make("events.ndjson.20261121T160000Z.10");
  Make("events.ndjson.20261121T160000Z.2");
  Make("events.ndjson.20251121T160000Z");
  EXPECT_THAT(List(), ElementsAre(".20251121T160000Z", ".20261121T160000Z", ".20261121T160000Z.2",
                                  ".20261121T160000Z.10"));
}

TEST_F(RotatedFilesTest, OtherFilesAreNotListed) {
  for (const char* name : {"events.ndjson.1", "events.ndjson.20261121T160000Z.gz",
                           "events.ndjson.20261121T160000Z.", "events.ndjson.20261121T160000Z.-1",
                           "events.ndjson.20261121T160000Z.1x", "events.ndjson.20261121T160000Z1",
                           "events.ndjson.20261121T160000", "events.ndjson.20261121 160000Z",
                           "events.ndjson20261121T160000Z", "other.ndjson.20261121T160000Z"}) {
    Make(name);
  }
  EXPECT_THAT(List(), IsEmpty());
}

TEST_F(RotatedFilesTest, TheNextSortsAfterAllOthers) {
  EXPECT_EQ(Next(1'795'276'340), ".20261121T155220Z");
  Make("events.ndjson.20261121T155220Z");
  EXPECT_EQ(Next(1'795'276'340), ".20261121T155220Z.1");
  Make("events.ndjson.20261121T155220Z.9");
  EXPECT_EQ(Next(1'795'276'340), ".20261121T155220Z.10");
  EXPECT_EQ(Next(1'795'276'341), ".20261121T155221Z");
  // The clock went back.
  EXPECT_EQ(Next(1'795'270'000), ".20261121T155220Z.10");
}

TEST_F(RotatedFilesTest, AMissingDirectoryIsReported) {
  const auto listed = ListRotatedFiles(&os_, folder_ / "missing/events.ndjson");
  EXPECT_TRUE(absl::IsNotFound(listed.status()));
}

}  // namespace
}  // namespace sparktail
