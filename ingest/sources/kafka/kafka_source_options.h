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

// The options of a Kafka source. kafka_source_options.cc has each option's text for users.
struct KafkaSourceOptions {
  KafkaClientOptions client;
  std::vector<std::string> topics;  // names, or regex:^… for patterns
  std::string group = "sparktail";
  Envelope envelope = Envelope::kAuto;
  std::string message_field;  // empty: EnvelopeReader finds it
  StartAt start_at;           // for a group without committed offsets
  absl::Duration record_timeout = absl::Seconds(5);
  // A record that stays open for this long, or over this many bytes of its partition, is given up.
  // Until then the group's offset stays before it.
  absl::Duration open_record_wait = absl::Minutes(10);
  uint64_t open_record_bytes = uint64_t{64} << 20;

  // The topic in the form that librdkafka subscribes to: patterns begin with ^.
  static std::string Subscription(const std::string& topic);
};
OptionTable<KafkaSourceOptions> KafkaSourceOptionTable();

}  // namespace sparktail
