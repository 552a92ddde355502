#include <gtest/gtest.h>

#include <filesystem>

#include "ingest/base/os.h"
#include "tests/support/faulty_os.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::FaultyOs;

TEST(IsAtTest, AFileIsWhereItsPathLeads) {
  const testing::TempDir folder;
  FaultyOs os;
  testing::WriteBytes(folder / "a", "");
  testing::WriteBytes(folder / "b", "");
  std::filesystem::create_symlink("a", folder / "link");
  const auto file = os.StatPath(folder / "a", /*follow_links=*/false);
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(*IsAt(&os, *file, folder / "a"));
  EXPECT_FALSE(*IsAt(&os, *file, folder / "b"));
  EXPECT_FALSE(*IsAt(&os, *file, folder / "none"));
  EXPECT_FALSE(*IsAt(&os, *file, folder / "link"));
  EXPECT_TRUE(*IsAt(&os, *file, folder / "link", /*follow_links=*/true));
  os.Fail({.calls = {FaultyOs::Call::kStatPath}});
  EXPECT_TRUE(absl::IsUnavailable(IsAt(&os, *file, folder / "a").status()));
}

}  // namespace
}  // namespace sparktail
