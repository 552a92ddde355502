#include "ingest/kafka/kafka_client.h"

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ingest/kafka/topic_admin.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using testing::Eventually;
using ::testing::HasSubstr;
using testing::KafkaMock;
using ::testing::Not;
using testing::RecordingLog;

class KafkaClientTest : public ::testing::Test {
 protected:
  KafkaClient::Parts Parts(const KafkaClientOptions& options) {
    KafkaClient::Parts parts;
    parts.options = options;
    parts.log = &log_;
    parts.name = "sink kafka";
    return parts;
  }
  static std::unique_ptr<KafkaClient> Make(KafkaClient::Parts parts) {
    auto made = KafkaClient::Make(std::move(parts));
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *std::move(made) : nullptr;
  }
  // A port without a listener.
  static KafkaClientOptions Nobody() {
    KafkaClientOptions options;
    options.brokers = {"127.0.0.1:1"};
    return options;
  }

  RecordingLog log_;
};

TEST_F(KafkaClientTest, ReportsArriveWhilePolling) {
  const KafkaMock mock;
  std::vector<rd_kafka_resp_err_t> reports;
  KafkaClient::Parts parts = Parts(mock.Options());
  parts.on_delivered = [&](const rd_kafka_message_t& message) { reports.push_back(message.err); };
  const auto client = Make(std::move(parts));
  std::string value = "v";
  rd_kafka_producev(client->get(), RD_KAFKA_V_TOPIC("t"),
                    RD_KAFKA_V_VALUE(value.data(), value.size()), RD_KAFKA_V_END);
  EXPECT_TRUE(Eventually([&] {
    client->Poll(absl::Milliseconds(10));
    return !reports.empty();
  }));
  EXPECT_THAT(reports, ::testing::ElementsAre(RD_KAFKA_RESP_ERR_NO_ERROR));
}

TEST_F(KafkaClientTest, ReportsWhyNoBrokerCanBeReached) {
  const auto client = Make(Parts(Nobody()));
  EXPECT_TRUE(client->WithTrouble(absl::UnavailableError("x")).message() == "x");
  ASSERT_TRUE(Eventually([&] {
    client->Poll(absl::Milliseconds(10));
    return !client->trouble().empty();
  }));
  EXPECT_THAT(client->trouble(), HasSubstr("Connection refused"));
  EXPECT_FALSE(client->needs_action());
  EXPECT_THAT(std::string(client->WithTrouble(absl::UnavailableError("x")).message()),
              ::testing::AllOf(HasSubstr("x ("), HasSubstr("Connection refused")));
  EXPECT_TRUE(client->WithTrouble(absl::OkStatus()).ok());
  client->ForgetTrouble();
  EXPECT_EQ(client->trouble(), "");
  EXPECT_TRUE(log_.Has("sink kafka: librdkafka: "));
}

TEST_F(KafkaClientTest, StopsWhileNoBrokerCanBeReached) {
  const absl::Time began = absl::Now();
  {
    const auto client = Make(Parts(Nobody()));
    std::string value(100'000, 'v');
    rd_kafka_producev(client->get(), RD_KAFKA_V_TOPIC("t"),
                      RD_KAFKA_V_VALUE(value.data(), value.size()), RD_KAFKA_V_END);
  }
  EXPECT_LT(absl::Now() - began, absl::Seconds(20));
}

TEST_F(KafkaClientTest, WrongOptionsAreReported) {
  KafkaClientOptions options = Nobody();
  options.security_protocol = KafkaClientOptions::Security::kSsl;
  options.ssl_ca = "/no/such/file.pem";
  const absl::Status status = KafkaClient::Make(Parts(options)).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("ssl.ca.location"));
}

// librdkafka logs its configuration on request, and echoes values in errors.
TEST_F(KafkaClientTest, SecretsAreMasked) {
  KafkaClientOptions options = Nobody();
  options.security_protocol = KafkaClientOptions::Security::kSaslPlaintext;
  options.sasl_username = "alice";
  options.sasl_password = Secret("hidden");
  options.properties["sasl.oauthbearer.config"] = Secret("hidden-more");
  // librdkafka logs each in clear: it does not know that it is a secret.
  options.properties["client.id"] = Secret("client-hidden-more-hidden");
  options.properties["debug"] = Secret("all");
  {
    const auto client = Make(Parts(options));
    ASSERT_TRUE(Eventually([&] { return log_.Has("client-***"); }));
  }
  for (const std::string& line : log_.lines()) {
    EXPECT_THAT(line, Not(HasSubstr("hidden"))) << line;
    EXPECT_THAT(line, Not(HasSubstr("***-more"))) << line;
  }
}

TEST_F(KafkaClientTest, AMissingTokenNeedsAction) {
  KafkaClientOptions options = Nobody();
  options.security_protocol = KafkaClientOptions::Security::kSaslPlaintext;
  options.sasl_mechanism = "OAUTHBEARER";
  options.oauth_token_command = "exit 7";
  const auto client = Make(Parts(options));
  ASSERT_TRUE(Eventually([&] { return client->needs_action(); }));
  EXPECT_THAT(client->trouble(), HasSubstr("exit code 7"));
}

TEST_F(KafkaClientTest, ObtainsAToken) {
  KafkaClientOptions options = Nobody();
  options.security_protocol = KafkaClientOptions::Security::kSaslPlaintext;
  options.sasl_mechanism = "OAUTHBEARER";
  options.oauth_token_command = "printf much-secret-token";
  options.properties["debug"] = Secret("security");
  {
    const auto client = Make(Parts(options));
    ASSERT_TRUE(Eventually([&] { return !client->trouble().empty() || log_.Has("REFRESH"); },
                           absl::Seconds(1)) ||
                !client->needs_action());
    EXPECT_FALSE(client->needs_action()) << client->trouble();
  }
  EXPECT_FALSE(log_.Has("much-secret-token"));
}

TEST_F(KafkaClientTest, ReportsStatistics) {
  const KafkaMock mock;
  Guarded<KafkaStatistics> last;
  KafkaClient::Parts parts = Parts(mock.Options({{"statistics.interval.ms", "20"}}));
  parts.statistics = &last;
  const auto client = Make(std::move(parts));
  EXPECT_TRUE(CountPartitions(client->get(), "t", absl::Seconds(10)).ok());
  EXPECT_TRUE(Eventually([&] {
    client->Poll(absl::Milliseconds(10));
    return last.Get().requests > 0;
  }));
}

}  // namespace
}  // namespace sparktail
