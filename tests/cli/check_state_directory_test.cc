#include "ingest/cli/check_state_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "offsets/cursor_store.h"
#include "offsets/database.h"
#include "tests/support/checked.h"

namespace sparktail {
namespace {

using testing::FaultyOs;
using ::testing::HasSubstr;

class CheckStateDirectoryTest : public testing::CheckedTest {
 protected:
  std::string CheckedState(const std::string& path) {
    return Checked([&](CheckReport* report) { CheckStateDirectory(path, &os_, report); });
  }
};

TEST_F(CheckStateDirectoryTest, TheStateDirectoryIsMadeOrWrittenTo) {
  EXPECT_THAT(CheckedState(folder_ / "a/b/c"),
              HasSubstr("ok       state_dir: " + (folder_ / "a/b/c") + " can be made"));
  EXPECT_THAT(CheckedState(folder_.path()), HasSubstr("there are no cursors yet"));
  testing::WriteBytes(folder_ / "file", "");
  EXPECT_THAT(CheckedState(folder_ / "file"), HasSubstr("file is no directory"));
  os_.Fail({.status = absl::PermissionDeniedError("Permission denied"),
            .calls = {FaultyOs::Call::kOpenToAppend}});
  EXPECT_THAT(CheckedState(folder_.path()), HasSubstr("FAILED   state_dir: cannot write to"));
}

TEST_F(CheckStateDirectoryTest, CursorsThatAreThereAreLookedAt) {
  const std::string state = folder_ / "state";
  ASSERT_TRUE(CursorStore::Open(&os_, &log_, state, CursorStore::Access::kOwn, false).ok());
  EXPECT_THAT(CheckedState(state), HasSubstr("state/offsets.db can be read"));
  EXPECT_EQ(broken_, 0U);
  testing::WriteBytes(state + "/offsets.db", std::string(4096, 'x'));
  EXPECT_THAT(CheckedState(state), HasSubstr("FAILED   state_dir: "));
  EXPECT_EQ(broken_, 1U);
}

TEST_F(CheckStateDirectoryTest, LookingAtCursorsLeavesNothingBehind) {
  const std::string state = folder_ / "state";
  const auto files = [&] {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(state)) {
      names.insert(entry.path().filename());
    }
    return names;
  };
  ASSERT_TRUE(CursorStore::Open(&os_, &log_, state, CursorStore::Access::kOwn, false).ok());
  for (const int version : {1, 99}) {
    {
      auto database = Database::Open(&os_, state + "/offsets.db", {});
      const std::string sql = "PRAGMA user_version=" + std::to_string(version);
      ASSERT_TRUE(database.ok() && database->Execute(sql.c_str()).ok());
    }
    EXPECT_THAT(CheckedState(state), HasSubstr(version == 1 ? "can be read" : "newer sparktail"));
    EXPECT_THAT(files(), ::testing::ElementsAre("lock", "offsets.db"));
  }
}

}  // namespace
}  // namespace sparktail
