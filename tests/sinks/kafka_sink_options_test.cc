#include "sinks/kafka/kafka_sink_options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/option_defaults.h"

namespace sparktail {
namespace {

using testing::OptionNamed;

TEST(KafkaSinkOptionsTest, DefaultsAreThoseOfTheStruct) {
  testing::ExpectDefaultsOf(KafkaSinkOptionTable());
}

TEST(KafkaSinkOptionsTest, Topics) {
  const auto table = KafkaSinkOptionTable();
  KafkaSinkOptions options;
  for (const char* good : {"spark-events", "s-{kind}", "s{environment}-{appName}.x"}) {
    EXPECT_TRUE(OptionNamed(table, "topic").Set(good, &options).ok()) << good;
    EXPECT_EQ(options.topic, good);
  }
  for (const char* wrong : {"", "{kind}", "a b", "a-{host}", "..", "a-{kind"}) {
    EXPECT_FALSE(OptionNamed(table, "topic").Set(wrong, &options).ok()) << wrong;
  }
  EXPECT_TRUE(OptionNamed(table, "offsets_topic").Set("o.1", &options).ok());
  EXPECT_FALSE(OptionNamed(table, "offsets_topic").Set("o-{kind}", &options).ok());
}

TEST(KafkaSinkOptionsTest, Values) {
  const auto table = KafkaSinkOptionTable();
  KafkaSinkOptions options;
  ASSERT_TRUE(OptionNamed(table, "delivery").Set("at_least_once", &options).ok());
  EXPECT_EQ(options.delivery, KafkaSinkOptions::Delivery::kAtLeastOnce);
  ASSERT_TRUE(OptionNamed(table, "partitions").Set("12", &options).ok());
  EXPECT_EQ(options.partitions, 12U);
  ASSERT_TRUE(OptionNamed(table, "partitions").Set("default", &options).ok());
  EXPECT_EQ(options.partitions, 0U);
  EXPECT_FALSE(OptionNamed(table, "partitions").Set("0", &options).ok());
  EXPECT_FALSE(OptionNamed(table, "replication_factor").Set("101", &options).ok());
  EXPECT_FALSE(OptionNamed(table, "compression").Set("brotli", &options).ok());
  ASSERT_TRUE(OptionNamed(table, "create_topics").Set("false", &options).ok());
  EXPECT_FALSE(options.create_topics);
  ASSERT_TRUE(OptionNamed(table, "brokers").SetList({"k:1"}, &options).ok());
  EXPECT_EQ(options.client.brokers, std::vector<std::string>{"k:1"});
}

}  // namespace
}  // namespace sparktail
