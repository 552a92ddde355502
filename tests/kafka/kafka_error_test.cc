#include "ingest/kafka/kafka_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "ingest/kafka/kafka_handles.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;

TEST(KafkaErrorTest, Classification) {
  const struct {
    rd_kafka_resp_err_t code;
    KafkaOutcome outcome;
  } kCases[] = {
      {RD_KAFKA_RESP_ERR_NO_ERROR, KafkaOutcome::kOk},
      {RD_KAFKA_RESP_ERR__TRANSPORT, KafkaOutcome::kRetry},
      {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, KafkaOutcome::kRetry},
      {RD_KAFKA_RESP_ERR__TIMED_OUT, KafkaOutcome::kRetry},
      {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, KafkaOutcome::kRetry},
      {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, KafkaOutcome::kRetry},
      {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, KafkaOutcome::kRetry},
      {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, KafkaOutcome::kRetry},
      {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, KafkaOutcome::kRetry},
      {RD_KAFKA_RESP_ERR_UNKNOWN, KafkaOutcome::kRetry},
      {static_cast<rd_kafka_resp_err_t>(250), KafkaOutcome::kRetry},
      {RD_KAFKA_RESP_ERR__QUEUE_FULL, KafkaOutcome::kQueueFull},
      {RD_KAFKA_RESP_ERR__PURGE_QUEUE, KafkaOutcome::kAbort},
      {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, KafkaOutcome::kAbort},
      {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, KafkaOutcome::kRejected},
      {RD_KAFKA_RESP_ERR_INVALID_RECORD, KafkaOutcome::kRejected},
      {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, KafkaOutcome::kRejected},
      {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, KafkaOutcome::kTimestamp},
      {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, KafkaOutcome::kNeedsAction},
      {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, KafkaOutcome::kNeedsAction},
      {RD_KAFKA_RESP_ERR__AUTHENTICATION, KafkaOutcome::kNeedsAction},
      {RD_KAFKA_RESP_ERR__FENCED, KafkaOutcome::kFenced},
      {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, KafkaOutcome::kFenced},
      {RD_KAFKA_RESP_ERR__FATAL, KafkaOutcome::kFatal},
      {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, KafkaOutcome::kFatal},
      {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, KafkaOutcome::kImpossible},
      {RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, KafkaOutcome::kImpossible},
  };
  for (const auto& one : kCases) {
    EXPECT_EQ(Classify(one.code), one.outcome) << rd_kafka_err2name(one.code);
  }
}

// Only librdkafka itself creates errors with flags; a call on a client that is not a producer
// returns none.
TEST(KafkaErrorTest, AnErrorWithoutFlagsMeansItsCode) {
  rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, rd_kafka_conf_new(), nullptr, 0);
  ASSERT_NE(consumer, nullptr);
  {
    const KafkaError error(rd_kafka_begin_transaction(consumer));
    ASSERT_TRUE(error);
    EXPECT_EQ(Classify(error.get()), KafkaOutcome::kImpossible);
  }
  rd_kafka_destroy(consumer);
  EXPECT_EQ(Classify(static_cast<const rd_kafka_error_t*>(nullptr)), KafkaOutcome::kOk);
}

TEST(KafkaErrorTest, ConnectionErrorsNeedActionOrPass) {
  EXPECT_EQ(ClassifyConnection(RD_KAFKA_RESP_ERR__AUTHENTICATION), KafkaOutcome::kNeedsAction);
  EXPECT_EQ(ClassifyConnection(RD_KAFKA_RESP_ERR__SSL), KafkaOutcome::kNeedsAction);
  EXPECT_EQ(ClassifyConnection(RD_KAFKA_RESP_ERR__TRANSPORT), KafkaOutcome::kRetry);
  EXPECT_EQ(ClassifyConnection(RD_KAFKA_RESP_ERR__RESOLVE), KafkaOutcome::kRetry);
}

TEST(KafkaErrorTest, ExplainsAndAdvises) {
  const std::string text =
      Explain(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "", "deliver to topic x");
  EXPECT_THAT(text, HasSubstr("cannot deliver to topic x: "));
  EXPECT_THAT(text, HasSubstr("Topic authorization failed; grant its user Write and Describe"));
  EXPECT_EQ(Explain(RD_KAFKA_RESP_ERR__TRANSPORT, "it broke", "ask"), "cannot ask: it broke");
  EXPECT_THAT(Explain(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "", "x"),
              HasSubstr("create_topics: true"));
}

TEST(KafkaErrorTest, TransientErrorsAreUnavailable) {
  EXPECT_TRUE(ToStatus(RD_KAFKA_RESP_ERR_NO_ERROR, "", "x").ok());
  for (const rd_kafka_resp_err_t code :
       {RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR__FATAL}) {
    EXPECT_TRUE(absl::IsUnavailable(ToStatus(code, "", "x"))) << rd_kafka_err2name(code);
  }
  for (const rd_kafka_resp_err_t code :
       {RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(ToStatus(code, "", "x"))) << rd_kafka_err2name(code);
  }
}

TEST(KafkaErrorTest, OlderVersionsHaveTheScramFault) {
  EXPECT_EQ(HasScramFault(), rd_kafka_version() < 0x020601ff);
}

}  // namespace
}  // namespace sparktail
