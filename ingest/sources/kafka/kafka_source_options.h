#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/kafka/client_options.h"
#include "ingest/streams/start_at.h"
#include "parsers/envelope.h"

namespace sparktail {

// What a source of Kafka can be told. Each option's text for users stands in
// kafka_source_options.cc.
struct KafkaSourceOptions {
  KafkaClientOptions client;
  std::vector<std::string> topics;  // names; regex:^… are patterns
  std::string group = "sparktail";
  Envelope envelope = Envelope::kAuto;
  std::string message_field;  // empty: EnvelopeReader finds it
  StartAt start_at;           // of a group that has committed no offsets
  absl::Duration record_timeout = absl::Seconds(5);
  // A record that is open for so long, or over so many bytes of its partition, is given up: the
  // group's offset stays before it.
  absl::Duration open_record_wait = absl::Minutes(10);
  uint64_t open_record_bytes = uint64_t{64} << 20;

  // As librdkafka subscribes to it: patterns begin with ^.
  static std::string Subscription(const std::string& topic);
};
OptionTable<KafkaSourceOptions> KafkaSourceOptionTable();

}  // namespace sparktail
