#include "ingest/base/nearest.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

TEST(NearestTest, NearestIsNearOrNothing) {
  EXPECT_EQ(Nearest("--stat", {"--only", "--stats"}), "--stats");
  EXPECT_EQ(Nearest("--stats", {"--state", "--stats"}), "--stats");
  EXPECT_EQ(Nearest("zzz", {"parse"}), "");
  EXPECT_EQ(Nearest("parse", {}), "");
}

}  // namespace
}  // namespace sparktail
