#include <gtest/gtest.h>

#include "ingest/base/os.h"
#include "tests/support/faulty_os.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::FaultyOs;

TEST(ReadRangeTest, ReadsHoweverShortTheReads) {
  const testing::TempDir folder;
  FaultyOs os;
  testing::WriteBytes(folder / "in", "0123456789");
  const auto fd = os.Open(folder / "in");
  ASSERT_TRUE(fd.ok());
  os.set_most_read(2);
  EXPECT_EQ(*ReadRange(&os, *fd, 3, 5), "34567");
  EXPECT_EQ(*ReadRange(&os, *fd, 8, 5), "89");
  EXPECT_EQ(*ReadRange(&os, *fd, 20, 5), "");
  os.Fail({.calls = {FaultyOs::Call::kReadAt}});
  EXPECT_TRUE(absl::IsUnavailable(ReadRange(&os, *fd, 0, 5).status()));
  os.Close(*fd);
}

}  // namespace
}  // namespace sparktail
