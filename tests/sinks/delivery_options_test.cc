#include "sinks/delivery_options.h"

#include <gtest/gtest.h>

#include "tests/support/option_defaults.h"

namespace sparktail {
namespace {

using testing::OptionNamed;

TEST(DeliveryOptionsTest, DefaultsAreThoseOfTheStruct) {
  testing::ExpectDefaultsOf(DeliveryOptionTable());
}

TEST(DeliveryOptionsTest, ACommitIsBounded) {
  DeliveryOptions options;
  EXPECT_TRUE(OptionNamed(DeliveryOptionTable(), "commit_bytes").Set("64KiB", &options).ok());
  EXPECT_EQ(options.commit_bytes, uint64_t{64} << 10);
  EXPECT_FALSE(OptionNamed(DeliveryOptionTable(), "commit_bytes").Set("2GiB", &options).ok());
  EXPECT_FALSE(OptionNamed(DeliveryOptionTable(), "commit_interval").Set("0s", &options).ok());
}

}  // namespace
}  // namespace sparktail
