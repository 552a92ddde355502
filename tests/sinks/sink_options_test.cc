#include <gtest/gtest.h>

#include "sinks/options.h"

namespace sparktail {
namespace {

template <typename S>
void ExpectDefaultsOf(const OptionTable<S>& table) {
  for (const Option<S>& option : table) {
    EXPECT_EQ(option.Text(S()), option.info.default_text.value_or("")) << option.info.name;
    EXPECT_FALSE(option.info.sentence.empty()) << option.info.name;
  }
}

TEST(SinkOptionsTest, DefaultsAreThoseOfTheStructs) {
  ExpectDefaultsOf(FileSinkOptionTable());
  ExpectDefaultsOf(SqliteSinkOptionTable());
  ExpectDefaultsOf(DeliveryOptionTable());
}

}  // namespace
}  // namespace sparktail
