#include "ingest/sources/file/recent_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

Fingerprint MarkerOf(std::string_view all) {
  return Fingerprint::Of(all.substr(all.size() - std::min(all.size(), kMarkerSize)));
}

TEST(RecentBytesTest, NothingHasPassedAtFirst) {
  EXPECT_EQ(RecentBytes().MarkerAfter(""), MarkerOf(""));
  EXPECT_EQ(RecentBytes().MarkerAfter("abc"), MarkerOf("abc"));
}

TEST(RecentBytesTest, AgreesWithAStringOfAllBytes) {
  std::mt19937_64 random{testing::Seed()};
  RecentBytes bytes;
  std::string all;
  for (int step = 0; step < 500; ++step) {
    std::string next(random() % (2 * kMarkerSize), '\0');
    for (char& byte : next) byte = static_cast<char>(random());
    ASSERT_EQ(bytes.MarkerAfter(next), MarkerOf(all + next));
    ASSERT_EQ(bytes.MarkerAfter(""), MarkerOf(all)) << "they were not added";
    bytes.Add(next);
    all += next;
  }
}

}  // namespace
}  // namespace sparktail
