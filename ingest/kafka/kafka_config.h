#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "ingest/kafka/client_options.h"
#include "ingest/kafka/kafka_handles.h"

namespace sparktail {

// The purpose of a client. It decides which properties users can't set.
enum class KafkaRole : uint8_t {
  kProducer,       // idempotent; transactional if it has a transactional.id
  kGroupConsumer,  // a member of a consumer group
  kReader,         // reads topics without a group, and administers
};

// Properties of librdkafka by name.
using KafkaProperties = std::map<std::string, std::string>;

// Creates the configuration of a client. The user's options and properties override `defaults`;
// `required` overrides both. kInvalidArgument: the message names the wrong property and says why.
// Messages never contain a value, which may be a secret.
absl::StatusOr<KafkaConf> MakeKafkaConf(const KafkaClientOptions& options, KafkaRole role,
                                        const KafkaProperties& defaults,
                                        const KafkaProperties& required);

// Checks that the options agree, and that users can set all of the properties. Returns the error
// that MakeKafkaConf() would return.
absl::Status CheckKafkaOptions(const KafkaClientOptions& options, KafkaRole role);

}  // namespace sparktail
