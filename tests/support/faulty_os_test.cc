#include "tests/support/faulty_os.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace sparktail::testing {
namespace {

using Call = FaultyOs::Call;

TEST(FaultyOsTest, TheNthCallFailsOnce) {
  TempDir dir;
  FaultyOs os;
  const absl::StatusOr<int> fd = os.OpenToAppend(dir / "a", 0600);
  ASSERT_TRUE(fd.ok());
  os.Fail({.n = 2, .status = absl::ResourceExhaustedError("No space left on device")});
  EXPECT_TRUE(os.Write(*fd, "1", 1).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(os.Write(*fd, "2", 1).status()));
  EXPECT_TRUE(os.Write(*fd, "3", 1).ok());
  EXPECT_EQ(os.failed(), 1U);
  EXPECT_EQ(os.first_failure(), "Write " + (dir / "a"));
  EXPECT_EQ(os.calls(Call::kWrite), 3U);
  EXPECT_EQ(os.calls(Call::kOpenToAppend), 1U);
  EXPECT_EQ(os.calls(), 4U);
  EXPECT_EQ(os.open_files(), 1U);
  os.Close(*fd);
  EXPECT_EQ(os.open_files(), 0U);
  EXPECT_EQ(BytesOf(dir / "a"), "13");
}

TEST(FaultyOsTest, AllCallsOfAKindFailUntilHealed) {
  TempDir dir;
  FaultyOs os;
  os.Fail({.from_then_on = true, .calls = {Call::kSync, Call::kRename}, .path_contains = "/b"});
  const absl::StatusOr<int> a = os.OpenToAppend(dir / "a", 0600);
  const absl::StatusOr<int> b = os.OpenToAppend(dir / "b", 0600);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_TRUE(os.Sync(*a).ok());
  EXPECT_TRUE(absl::IsUnavailable(os.Sync(*b)));
  EXPECT_TRUE(absl::IsUnavailable(os.Rename(dir / "b", dir / "c")));
  EXPECT_TRUE(os.Rename(dir / "a", dir / "c").ok());
  EXPECT_EQ(os.failed(), 2U);
  os.Heal();
  EXPECT_TRUE(os.Sync(*b).ok());
  os.Close(*a);
  os.Close(*b);
}

TEST(FaultyOsTest, ReadsAndWritesAreAsShortAsToldTo) {
  TempDir dir;
  FaultyOs os;
  os.set_most_written(2);
  os.set_most_read(3);
  const absl::StatusOr<int> fd = os.OpenToAppend(dir / "a", 0600);
  ASSERT_TRUE(fd.ok());
  EXPECT_EQ(os.Write(*fd, "abcdef", 6).value(), 2U);
  EXPECT_TRUE(WriteAll(&os, *fd, "cdef").ok());
  char buffer[8];
  EXPECT_EQ(os.ReadAt(*fd, 1, buffer, sizeof(buffer)).value(), 3U);
  EXPECT_EQ(std::string(buffer, 3), "bcd");
  os.Close(*fd);
}

TEST(FaultyOsTest, TheClockMoves) {
  FaultyOs os;
  const absl::Time before = os.Now();
  os.Advance(absl::Hours(1));
  EXPECT_GE(os.Now(), before + absl::Hours(1));
  os.SetNow(absl::UnixEpoch());
  EXPECT_EQ(os.Now(), absl::UnixEpoch());
  os.Advance(absl::Seconds(5));
  EXPECT_EQ(os.Now(), absl::FromUnixSeconds(5));
}

}  // namespace
}  // namespace sparktail::testing
