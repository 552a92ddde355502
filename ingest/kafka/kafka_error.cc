#include "ingest/kafka/kafka_error.h"

namespace sparktail {
namespace {

constexpr int kScramFixed = 0x020601ff;

// Returns what a user can do about an error; empty if there is nothing to do.
std::string_view Advice(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return "grant its user Write and Describe on the topic, Create too if create_topics is true, "
             "and Read too on offsets_topic";
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return "grant its user IdempotentWrite on the cluster, and Create if create_topics is true";
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return "grant its user Write and Describe on the transactional id, or set delivery: "
             "at_least_once";
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return "grant its user Read on the consumer group";
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return "create the topic (sparktail setup, or create_topics: true), or use another";
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return "check sasl_mechanism, sasl_username and sasl_password";
    case RD_KAFKA_RESP_ERR__SSL:
      return "check ssl_ca, ssl_certificate and ssl_key, and that each is still valid";
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
      return "set sasl_mechanism to one that is enabled on the brokers";
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
      return "set properties: {transaction.timeout.ms: …} to what the brokers allow "
             "(transaction.max.timeout.ms)";
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
      return "transactions need brokers of version 0.11 or later; set delivery: at_least_once";
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
      return "the cluster's policy rejects these settings of the topic: create it yourself";
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
      return "set replication_factor to at most the number of brokers";
    default:
      return "";
  }
}

}  // namespace

KafkaOutcome Classify(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return KafkaOutcome::kOk;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return KafkaOutcome::kQueueFull;

    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
      return KafkaOutcome::kRejected;
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
      return KafkaOutcome::kTimestamp;

    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
      return KafkaOutcome::kNeedsAction;

    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
      return KafkaOutcome::kFenced;

    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__STATE:
    case RD_KAFKA_RESP_ERR__INCONSISTENT:
    case RD_KAFKA_RESP_ERR__DESTROY:
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING:
    case RD_KAFKA_RESP_ERR_INVALID_TXN_STATE:
      return KafkaOutcome::kFatal;

    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__NOT_CONFIGURED:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
      return KafkaOutcome::kImpossible;

    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
      return KafkaOutcome::kAbort;

    // An unknown error is worth a retry.
    default:
      return KafkaOutcome::kRetry;
  }
}

KafkaOutcome Classify(const rd_kafka_error_t* error) {
  if (error == nullptr) return KafkaOutcome::kOk;
  const KafkaOutcome of_code = Classify(rd_kafka_error_code(error));
  if (of_code == KafkaOutcome::kFenced) return of_code;
  if (rd_kafka_error_is_fatal(error) != 0) {
    const bool is_specific =
        of_code == KafkaOutcome::kNeedsAction || of_code == KafkaOutcome::kImpossible;
    return is_specific ? of_code : KafkaOutcome::kFatal;
  }
  if (rd_kafka_error_txn_requires_abort(error) != 0) return KafkaOutcome::kAbort;
  if (rd_kafka_error_is_retriable(error) != 0) return KafkaOutcome::kRetry;
  return of_code;
}

KafkaOutcome ClassifyConnection(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR__SSL:
      return KafkaOutcome::kNeedsAction;
    default:
      return KafkaOutcome::kRetry;
  }
}

bool HasScramFault() { return rd_kafka_version() < kScramFixed; }

std::string Explain(rd_kafka_resp_err_t code, std::string_view detail, std::string_view what) {
  std::string text = "cannot " + std::string(what) + ": ";
  text += detail.empty() ? std::string_view(rd_kafka_err2str(code)) : detail;
  const std::string_view advice = Advice(code);
  if (!advice.empty()) text.append("; ").append(advice);
  return text;
}

absl::Status ToStatus(rd_kafka_resp_err_t code, std::string_view detail, std::string_view what) {
  const std::string text = Explain(code, detail, what);
  switch (Classify(code)) {
    case KafkaOutcome::kOk:
      return absl::OkStatus();
    case KafkaOutcome::kFenced:
    case KafkaOutcome::kImpossible:
      return absl::FailedPreconditionError(text);
    default:
      return absl::UnavailableError(text);
  }
}

absl::Status ToStatus(const rd_kafka_error_t& error, std::string_view what) {
  return ToStatus(rd_kafka_error_code(&error), rd_kafka_error_string(&error), what);
}

}  // namespace sparktail
