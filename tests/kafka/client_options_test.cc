#include "ingest/kafka/client_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/option_defaults.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using testing::OptionNamed;

TEST(ClientOptionsTest, DefaultsAreThoseOfTheStruct) {
  testing::ExpectDefaultsOf(KafkaClientOptionTable());
}

TEST(ClientOptionsTest, Brokers) {
  const auto table = KafkaClientOptionTable();
  const auto& brokers = OptionNamed(table, "brokers");
  EXPECT_TRUE(brokers.info.required);
  KafkaClientOptions options;
  ASSERT_TRUE(brokers.SetList({"k1:9092", "[::1]:9092", "k2"}, &options).ok());
  EXPECT_EQ(options.brokers.size(), 3U);
  for (const char* wrong : {"", "a,b", "a b", "SSL://a:1"}) {
    EXPECT_FALSE(brokers.SetList({wrong}, &options).ok()) << wrong;
  }
}

TEST(ClientOptionsTest, Security) {
  const auto table = KafkaClientOptionTable();
  const auto& protocol = OptionNamed(table, "security_protocol");
  const struct {
    const char* text;
    bool uses_sasl;
    bool uses_ssl;
  } kCases[] = {{"plaintext", false, false},
                {"ssl", false, true},
                {"sasl_plaintext", true, false},
                {"sasl_ssl", true, true}};
  KafkaClientOptions options;
  for (const auto& one : kCases) {
    ASSERT_TRUE(protocol.Set(one.text, &options).ok());
    EXPECT_EQ(options.uses_sasl(), one.uses_sasl) << one.text;
    EXPECT_EQ(options.uses_ssl(), one.uses_ssl) << one.text;
  }
  EXPECT_FALSE(protocol.Set("tls", &options).ok());
  EXPECT_FALSE(OptionNamed(table, "sasl_mechanism").Set("MD5", &options).ok());
}

TEST(ClientOptionsTest, SecretsAreNotPrinted) {
  const auto table = KafkaClientOptionTable();
  KafkaClientOptions options;
  ASSERT_TRUE(OptionNamed(table, "sasl_password").Set("much-secret", &options).ok());
  ASSERT_TRUE(OptionNamed(table, "ssl_key_password").Set("much-secret", &options).ok());
  ASSERT_TRUE(
      OptionNamed(table, "properties").SetMap({{"sasl.password", "much-secret"}}, &options).ok());
  EXPECT_EQ(options.properties["sasl.password"].Reveal(), "much-secret");
  for (const auto& option : table) {
    EXPECT_THAT(option.Text(options), Not(HasSubstr("much-secret"))) << option.info.name;
  }
}

}  // namespace
}  // namespace sparktail
