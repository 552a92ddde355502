#include "ingest/base/guarded.h"

#include <gtest/gtest.h>

#include <thread>

namespace sparktail {
namespace {

struct Figures {
  uint64_t requests = 0;
  uint64_t errors = 0;
};

TEST(GuardedTest, KeepsTheLast) {
  Guarded<Figures> last;
  EXPECT_EQ(last.Get().requests, 0U);
  last.Set({7, 1});
  EXPECT_EQ(last.Get().requests, 7U);
  last.Set(&Figures::errors, 2);
  EXPECT_EQ(last.Get().errors, 2U);
  EXPECT_EQ(last.Get().requests, 7U);
}

TEST(GuardedTest, NoCountIsLost) {
  Guarded<Figures> sum;
  const auto add = [&] {
    for (int i = 0; i < 1000; ++i) sum.Add(&Figures::requests, 2);
  };
  std::thread other(add);
  add();
  other.join();
  EXPECT_EQ(sum.Get().requests, 4000U);
}

}  // namespace
}  // namespace sparktail
