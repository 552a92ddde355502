#include "sinks/kafka/kafka_sink_options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace sparktail {
namespace {

const Option<KafkaSinkOptions>& Named(const OptionTable<KafkaSinkOptions>& table,
                                      const std::string& name) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const auto& one) { return one.info.name == name; });
  EXPECT_NE(found, table.end()) << name;
  return *found;
}

TEST(KafkaSinkOptionsTest, DefaultsAreThoseOfTheStruct) {
  std::set<std::string> names;
  for (const auto& option : KafkaSinkOptionTable()) {
    EXPECT_TRUE(names.insert(option.info.name).second) << option.info.name;
    if (!option.info.default_text) continue;
    EXPECT_EQ(option.Text(KafkaSinkOptions()), *option.info.default_text) << option.info.name;
  }
  EXPECT_TRUE(names.contains("brokers"));
}

TEST(KafkaSinkOptionsTest, Topics) {
  const auto table = KafkaSinkOptionTable();
  KafkaSinkOptions options;
  for (const char* good : {"spark-events", "s-{kind}", "s{environment}-{appName}.x"}) {
    EXPECT_TRUE(Named(table, "topic").Set(good, &options).ok()) << good;
    EXPECT_EQ(options.topic, good);
  }
  for (const char* wrong : {"", "{kind}", "a b", "a-{host}", "..", "a-{kind"}) {
    EXPECT_FALSE(Named(table, "topic").Set(wrong, &options).ok()) << wrong;
  }
  EXPECT_TRUE(Named(table, "offsets_topic").Set("o.1", &options).ok());
  EXPECT_FALSE(Named(table, "offsets_topic").Set("o-{kind}", &options).ok());
}

TEST(KafkaSinkOptionsTest, Values) {
  const auto table = KafkaSinkOptionTable();
  KafkaSinkOptions options;
  ASSERT_TRUE(Named(table, "delivery").Set("at_least_once", &options).ok());
  EXPECT_EQ(options.delivery, KafkaSinkOptions::Delivery::kAtLeastOnce);
  ASSERT_TRUE(Named(table, "partitions").Set("12", &options).ok());
  EXPECT_EQ(options.partitions, 12U);
  ASSERT_TRUE(Named(table, "partitions").Set("default", &options).ok());
  EXPECT_EQ(options.partitions, 0U);
  EXPECT_FALSE(Named(table, "partitions").Set("0", &options).ok());
  EXPECT_FALSE(Named(table, "replication_factor").Set("101", &options).ok());
  EXPECT_FALSE(Named(table, "compression").Set("brotli", &options).ok());
  ASSERT_TRUE(Named(table, "create_topics").Set("false", &options).ok());
  EXPECT_FALSE(options.create_topics);
  ASSERT_TRUE(Named(table, "brokers").SetList({"k:1"}, &options).ok());
  EXPECT_EQ(options.client.brokers, std::vector<std::string>{"k:1"});
}

}  // namespace
}  // namespace sparktail
