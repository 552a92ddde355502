#include "sinks/kafka/kafka_sink_kind.h"

#include <memory>
#include <utility>

#include "sinks/kafka/at_least_once_sink.h"
#include "sinks/kafka/check_kafka_sink.h"
#include "sinks/kafka/exactly_once_sink.h"
#include "sinks/kafka/kafka_sink_options.h"

namespace sparktail {
namespace {

const KafkaSinkOptions& OptionsOf(const SinkConfiguration& sink) {
  return sink.options.Get<KafkaSinkOptions>();
}

std::unique_ptr<Sink> Make(const SinkParts& parts) {
  const KafkaSinkOptions& options = OptionsOf(*parts.configuration);
  if (options.delivery == KafkaSinkOptions::Delivery::kAtLeastOnce) {
    return std::make_unique<AtLeastOnceSink>(AtLeastOnceSink::Parts{
        parts.log, parts.store, parts.dead_letters, parts.configuration->name, options});
  }
  ExactlyOnceSink::Parts exactly;
  exactly.log = parts.log;
  exactly.dead_letters = parts.dead_letters;
  exactly.instance = parts.instance;
  exactly.name = parts.configuration->name;
  exactly.options = options;
  exactly.owner_of = parts.owner_of;
  exactly.group_offsets = parts.group_offsets;
  return std::make_unique<ExactlyOnceSink>(std::move(exactly));
}

std::optional<KafkaCommitPlace> CommitPlace(const SinkConfiguration& sink) {
  const KafkaSinkOptions& options = OptionsOf(sink);
  if (options.delivery != KafkaSinkOptions::Delivery::kExactlyOnce) return std::nullopt;
  return KafkaCommitPlace{options.client, options.offsets_topic};
}

}  // namespace

const SinkKind& KafkaSinkKind() {
  static const SinkKind kKind = {
      .name = "kafka",
      .sentence = "Sends events to Kafka, each exactly once or at least once.",
      .defaults = AnyOptions::Of(KafkaSinkOptions()),
      .options = Joined(Within<SinkConfiguration>(KafkaSinkOptionTable(),
                                                  [](SinkConfiguration* sink) {
                                                    return &sink->options.Get<KafkaSinkOptions>();
                                                  }),
                        SinkOptionTable()),
      .make = Make,
      .check = CheckKafkaSink,
      .setup = SetUpKafkaSink,
      .commit_place = CommitPlace,
  };
  return kKind;
}

}  // namespace sparktail
