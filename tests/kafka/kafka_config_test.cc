#include "ingest/kafka/kafka_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Security = KafkaClientOptions::Security;

KafkaClientOptions Plain() {
  KafkaClientOptions options;
  options.brokers = {"a:1", "b:2"};
  return options;
}

KafkaClientOptions WithProperty(const std::string& name, const std::string& value) {
  KafkaClientOptions options = Plain();
  options.properties[name] = Secret(value);
  return options;
}

std::string Get(const absl::StatusOr<KafkaConf>& conf, const char* name) {
  if (!conf.ok()) return std::string(conf.status().message());
  std::array<char, 512> value{};
  size_t size = value.size();
  if (rd_kafka_conf_get(conf->get(), name, value.data(), &size) != RD_KAFKA_CONF_OK) return "?";
  return value.data();
}

std::string Wrong(const KafkaClientOptions& options, KafkaRole role = KafkaRole::kProducer) {
  const absl::Status status = CheckKafkaOptions(options, role);
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

TEST(KafkaConfigTest, OptionsArePropertiesOfLibrdkafka) {
  KafkaClientOptions options = Plain();
  options.security_protocol = Security::kSaslSsl;
  options.sasl_mechanism = "SCRAM-SHA-512";
  options.sasl_username = "alice";
  options.sasl_password = Secret("pw");
  options.ssl_ca = "/ca.pem";
  const absl::StatusOr<KafkaConf> conf = MakeKafkaConf(options, KafkaRole::kProducer, {}, {});
  EXPECT_EQ(Get(conf, "bootstrap.servers"), "a:1,b:2");
  EXPECT_EQ(Get(conf, "security.protocol"), "sasl_ssl");
  EXPECT_EQ(Get(conf, "sasl.mechanism"), "SCRAM-SHA-512");
  EXPECT_EQ(Get(conf, "sasl.username"), "alice");
  EXPECT_EQ(Get(conf, "sasl.password"), "pw");
  EXPECT_EQ(Get(conf, "ssl.ca.location"), "/ca.pem");
}

TEST(KafkaConfigTest, UserPropertiesOverrideDefaultsButNotRequired) {
  KafkaClientOptions options = WithProperty("linger.ms", "7");
  options.properties["client.id"] = Secret("mine");
  const absl::StatusOr<KafkaConf> conf =
      MakeKafkaConf(options, KafkaRole::kProducer, {{"linger.ms", "5"}, {"retry.backoff.ms", "9"}},
                    {{"client.id", "ours"}});
  EXPECT_EQ(Get(conf, "linger.ms"), "7");
  EXPECT_EQ(Get(conf, "retry.backoff.ms"), "9");
  EXPECT_EQ(Get(conf, "client.id"), "ours");
}

TEST(KafkaConfigTest, ReservedPropertiesAreRejectedWithAReason) {
  for (const char* name : {"transactional.id",
                           "enable.idempotence",
                           "acks",
                           "request.required.acks",
                           "max.in.flight",
                           "max.in.flight.requests.per.connection",
                           "retries",
                           "message.send.max.retries",
                           "delivery.report.only.error",
                           "enable.gapless.guarantee",
                           "compression.codec",
                           "compression.type",
                           "partitioner",
                           "queuing.strategy",
                           "bootstrap.servers",
                           "metadata.broker.list",
                           "security.protocol",
                           "sasl.mechanism",
                           "sasl.mechanisms",
                           "plugin.library.paths",
                           "test.mock.num.brokers",
                           "log.queue",
                           "topic.blacklist"}) {
    EXPECT_THAT(Wrong(WithProperty(name, "1")),
                HasSubstr("properties." + std::string(name) + ": it can't be set: "))
        << name;
  }
  for (const char* name : {"group.id", "enable.auto.commit", "auto.offset.reset", "isolation.level",
                           "partition.assignment.strategy"}) {
    EXPECT_THAT(Wrong(WithProperty(name, "1"), KafkaRole::kGroupConsumer),
                HasSubstr("it can't be set: "))
        << name;
  }
}

// Callbacks can't be set by a text.
TEST(KafkaConfigTest, PointersAreRejected) {
  for (const char* name : {"error_cb", "log_cb", "opaque", "default_topic_conf", "interceptors"}) {
    EXPECT_NE(Wrong(WithProperty(name, "1")), "") << name;
  }
}

TEST(KafkaConfigTest, WrongValuesAreNotPrinted) {
  const std::string wrong = Wrong(WithProperty("linger.ms", "much-secret"));
  EXPECT_THAT(wrong, HasSubstr("properties.linger.ms: librdkafka rejects this value"));
  EXPECT_THAT(wrong, Not(HasSubstr("much-secret")));
  EXPECT_THAT(Wrong(WithProperty("no.such", "much-secret")),
              ::testing::AllOf(HasSubstr("properties.no.such: librdkafka has no such property"),
                               Not(HasSubstr("much-secret"))));
}

TEST(KafkaConfigTest, OptionsMustAgree) {
  KafkaClientOptions options = Plain();
  EXPECT_EQ(Wrong(options), "");
  options.sasl_username = "alice";
  EXPECT_THAT(Wrong(options), HasSubstr("security_protocol: set it to sasl_ssl"));
  options.security_protocol = Security::kSaslPlaintext;
  EXPECT_THAT(Wrong(options), HasSubstr("sasl_password: missing; PLAIN"));
  options.sasl_password = Secret("pw");
  EXPECT_EQ(Wrong(options), "");
  options.sasl_mechanism = "OAUTHBEARER";
  EXPECT_THAT(Wrong(options), HasSubstr("oauth_token_file: missing"));
  options.oauth_token_file = "/t";
  EXPECT_EQ(Wrong(options), "");
  options.oauth_token_command = "cat /t";
  EXPECT_THAT(Wrong(options), HasSubstr("not both"));

  options = Plain();
  options.ssl_ca = "/ca";
  EXPECT_THAT(Wrong(options), HasSubstr("security_protocol: set it to ssl"));
  options.security_protocol = Security::kSsl;
  EXPECT_EQ(Wrong(options), "");
  options.ssl_certificate = "/c";
  EXPECT_THAT(Wrong(options), HasSubstr("ssl_key: missing"));
  options.ssl_certificate = "";
  options.ssl_key = "/k";
  EXPECT_THAT(Wrong(options), HasSubstr("ssl_certificate: missing"));
}

TEST(KafkaConfigTest, Kerberos) {
  KafkaClientOptions options = Plain();
  options.security_protocol = Security::kSaslPlaintext;
  options.sasl_mechanism = "GSSAPI";
  EXPECT_EQ(Get(MakeKafkaConf(options, KafkaRole::kReader, {}, {}), "sasl.kerberos.kinit.cmd"),
            "true");
  options.kerberos_keytab = "/k.keytab";
  options.kerberos_principal = "me@HERE";
  const absl::StatusOr<KafkaConf> conf = MakeKafkaConf(options, KafkaRole::kReader, {}, {});
  EXPECT_EQ(Get(conf, "sasl.kerberos.keytab"), "/k.keytab");
  EXPECT_EQ(Get(conf, "sasl.kerberos.principal"), "me@HERE");
  EXPECT_EQ(Get(conf, "sasl.kerberos.service.name"), "kafka");
  EXPECT_THAT(Get(conf, "sasl.kerberos.kinit.cmd"), HasSubstr("kinit"));
}

}  // namespace
}  // namespace sparktail
