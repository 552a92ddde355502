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

// What a client is for: it decides which properties are ours to set.
enum class KafkaRole : uint8_t {
  kProducer,       // idempotent, and transactional if it is given a name
  kGroupConsumer,  // a member of a consumer group
  kReader,         // reads topics by itself, and administers
};

// Properties that a component needs, over the defaults and under what the user has set.
using KafkaProperties = std::map<std::string, std::string>;

// The configuration of a client: `defaults`, then the user's options and properties, then
// `required`, which a user can't change. kInvalidArgument names the property that is wrong and
// says why; values are not told, for they may be secrets.
absl::StatusOr<KafkaConf> MakeKafkaConf(const KafkaClientOptions& options, KafkaRole role,
                                        const KafkaProperties& defaults,
                                        const KafkaProperties& required);

// Whether the options fit together, and all properties may be set: as MakeKafkaConf() would say,
// without a client.
absl::Status CheckKafkaOptions(const KafkaClientOptions& options, KafkaRole role);

}  // namespace sparktail
