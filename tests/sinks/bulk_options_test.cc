#include "sinks/bulk/bulk_options.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/option_defaults.h"

namespace sparktail {
namespace {

TEST(BulkOptionsTest, DefaultsAreThoseOfTheStruct) {
  const OptionTable<BulkOptions> table = BulkOptionTable(/*compresses=*/false);
  testing::ExpectDefaultsOf(table);
  EXPECT_TRUE(std::none_of(table.begin(), table.end(),
                           [](const auto& one) { return one.info.name == "compression"; }));
}

TEST(BulkOptionsTest, OptionsOfTheClientAreAmongThem) {
  BulkOptions options;
  EXPECT_TRUE(testing::OptionNamed(BulkOptionTable(true), "ssl_ca").Set("/ca.pem", &options).ok());
  EXPECT_EQ(options.http.ssl_ca, "/ca.pem");
}

}  // namespace
}  // namespace sparktail
