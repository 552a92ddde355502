#pragma once

#include <absl/status/status.h>
#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sparktail {

// The meaning of an error of librdkafka or of a broker. No other place classifies errors.
enum class KafkaOutcome : uint8_t {
  kOk,
  kRetry,        // it may work later: brokers away, time-outs, elections
  kQueueFull,    // librdkafka's queue is full: poll, then retry
  kAbort,        // the transaction is lost; the producer can begin another
  kRejected,     // this message is never accepted: too large, or invalid for the topic
  kTimestamp,    // this message is not accepted with its timestamp
  kNeedsAction,  // somebody must act: missing rights, a missing topic, a wrong password
  kFenced,       // another producer took the name, or the broker ended the transaction
  kFatal,        // the producer is unusable; a new one may resume
  kImpossible,   // no new producer can help: the configuration, or the cluster's version
};
KafkaOutcome Classify(rd_kafka_resp_err_t code);

// Classifies the result of a transactional call; its flags come before its code. Null: kOk.
KafkaOutcome Classify(const rd_kafka_error_t* error);

// Classifies an error of a connection (error_cb, logs): kNeedsAction if the brokers rejected it,
// kRetry if it may pass.
KafkaOutcome ClassifyConnection(rd_kafka_resp_err_t code);

// Returns a sentence for users: what failed and what to do, if there is something to do. `what` is
// the failed action, for example "create topic x". Never contains a secret.
std::string Explain(rd_kafka_resp_err_t code, std::string_view detail, std::string_view what);

// Converts an error to the status that a Sink returns: kUnavailable for everything that may work
// later, kNeedsAction included; otherwise kFailedPrecondition.
absl::Status ToStatus(rd_kafka_resp_err_t code, std::string_view detail, std::string_view what);
absl::Status ToStatus(const rd_kafka_error_t& error, std::string_view what);

// True if this librdkafka can't log in by SCRAM to Kafka 4, even with the right password: it
// repeats the client's nonce (confluentinc/librdkafka#4895, fixed in 2.6.1).
bool HasScramFault();

}  // namespace sparktail
