#include "ingest/sources/kafka/kafka_source_options.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

const Option<KafkaSourceOptions>& Find(const OptionTable<KafkaSourceOptions>& table,
                                       std::string_view name) {
  for (const Option<KafkaSourceOptions>& option : table) {
    if (option.info.name == name) return option;
  }
  ADD_FAILURE() << name;
  return table[0];
}

TEST(KafkaSourceOptionsTest, DefaultsAreThoseOfTheStruct) {
  for (const Option<KafkaSourceOptions>& option : KafkaSourceOptionTable()) {
    if (!option.info.default_text) continue;
    KafkaSourceOptions options;
    ASSERT_TRUE(option.Set(*option.info.default_text, &options).ok()) << option.info.name;
    EXPECT_EQ(option.Text(options), option.Text(KafkaSourceOptions())) << option.info.name;
  }
}

TEST(KafkaSourceOptionsTest, TopicsAreNamesOrPatterns) {
  const OptionTable<KafkaSourceOptions> table = KafkaSourceOptionTable();
  const Option<KafkaSourceOptions>& topics = Find(table, "topics");
  KafkaSourceOptions options;
  EXPECT_TRUE(topics.SetList({"raw-logs", "regex:^logs-.*"}, &options).ok());
  EXPECT_EQ(KafkaSourceOptions::Subscription(options.topics[0]), "raw-logs");
  EXPECT_EQ(KafkaSourceOptions::Subscription(options.topics[1]), "^logs-.*");
  for (const char* wrong : {"^logs", "regex:logs", "a topic", "", ".."}) {
    EXPECT_FALSE(topics.SetList({wrong}, &options).ok()) << wrong;
  }
}

TEST(KafkaSourceOptionsTest, TheClientHasItsOptions) {
  const OptionTable<KafkaSourceOptions> table = KafkaSourceOptionTable();
  KafkaSourceOptions options;
  EXPECT_TRUE(Find(table, "brokers").SetList({"k1:9092"}, &options).ok());
  EXPECT_EQ(options.client.brokers, std::vector<std::string>{"k1:9092"});
}

}  // namespace
}  // namespace sparktail
