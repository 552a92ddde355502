#pragma once

#include <absl/status/status.h>
#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sparktail {

// What an error of librdkafka or of a broker means to us; the one place in which that is decided.
enum class KafkaOutcome : uint8_t {
  kOk,
  kRetry,       // it may work later: brokers away, time-outs, elections
  kQueueFull,   // librdkafka holds as much as it may: poll, and try again
  kAbort,       // the transaction is lost, the producer is not
  kRefused,     // this message will never be taken: too large, not as the topic wants it
  kTimestamp,   // this message is not taken with that timestamp
  kMend,        // somebody has to do something: rights, a topic that is missing, a wrong password
  kFenced,      // another producer has the name, or the broker took the transaction away
  kFatal,       // the producer is dead; a new one may go on
  kImpossible,  // and no new one can help: the configuration, or the cluster's version
};
KafkaOutcome Classify(rd_kafka_resp_err_t code);

// Of a transactional call: what its flags say comes first. Null: kOk.
KafkaOutcome Classify(const rd_kafka_error_t* error);

// The same of what librdkafka says about a connection (error_cb, logs): kMend for what the brokers
// refused, kRetry for all that may pass.
KafkaOutcome ClassifyConnection(rd_kafka_resp_err_t code);

// For a user: what happened and, where somebody can do something, what. `what` is what was tried:
// "create topic x". Never holds a secret.
std::string Explain(rd_kafka_resp_err_t code, std::string_view detail, std::string_view what);

// As a Sink says it: kUnavailable for all that may be over later, mended things included, else
// kFailedPrecondition.
absl::Status ToStatus(rd_kafka_resp_err_t code, std::string_view detail, std::string_view what);

// Logging in by SCRAM failed with a librdkafka that repeats the client's nonce, which Kafka 4
// refuses whatever the password (confluentinc/librdkafka#4895; mended in 2.6.1).
bool HasScramFault();

}  // namespace sparktail
