#include "sinks/kafka/kafka_sink_kind.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ingest/kafka/kafka_config.h"
#include "sinks/kafka/at_least_once_sink.h"
#include "sinks/kafka/check_kafka_sink.h"
#include "sinks/kafka/exactly_once_sink.h"
#include "sinks/kafka/kafka_cursors.h"
#include "sinks/kafka/kafka_measures.h"
#include "sinks/kafka/kafka_sink_options.h"

namespace sparktail {
namespace {

const KafkaSinkOptions& OptionsOf(const SinkConfiguration& sink) {
  return sink.options.Get<KafkaSinkOptions>();
}

std::unique_ptr<Sink> Make(const SinkParts& parts) {
  const KafkaWriter::Parts common = {parts.log, parts.dead_letters, parts.configuration->name,
                                     OptionsOf(*parts.configuration)};
  if (common.options.delivery == KafkaSinkOptions::Delivery::kAtLeastOnce) {
    return std::make_unique<AtLeastOnceSink>(AtLeastOnceSink::Parts{common, parts.store});
  }
  return std::make_unique<ExactlyOnceSink>(
      ExactlyOnceSink::Parts{common, parts.instance, parts.owner_of, parts.group_offsets});
}

bool IsExactlyOnce(const SinkConfiguration& sink) {
  return OptionsOf(sink).delivery == KafkaSinkOptions::Delivery::kExactlyOnce;
}

std::optional<KafkaCommitPlace> CommitPlace(const SinkConfiguration& sink) {
  const KafkaSinkOptions& options = OptionsOf(sink);
  if (!IsExactlyOnce(sink)) return std::nullopt;
  return KafkaCommitPlace{options.client, options.offsets_topic};
}

absl::Status Problems(const SinkConfiguration& sink) {
  return CheckKafkaOptions(OptionsOf(sink).client, KafkaRole::kProducer);
}

absl::Status WhyInstance(const SinkConfiguration& sink) {
  if (!IsExactlyOnce(sink)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "delivery: delivers exactly once, and so needs a name by which this process is told from all "
      "others and known again; or set delivery: at_least_once");
}

std::optional<CursorKeeper> Keeper(const SinkConfiguration& sink, const std::string& instance,
                                   Os* /*os*/, Log* log) {
  if (!IsExactlyOnce(sink)) return std::nullopt;
  const auto open = [log, instance, options = OptionsOf(sink)](
                        bool /*to_change*/) -> absl::StatusOr<std::unique_ptr<KeptCursors>> {
    return KafkaCursors::Read(log, instance, options);
  };
  return CursorKeeper{KafkaCursors::PlaceOf(OptionsOf(sink)), open};
}

}  // namespace

const SinkKind& KafkaSinkKind() {
  static const SinkKind kKind = {
      .name = "kafka",
      .sentence = "Sends events to Kafka, each exactly once or at least once.",
      .defaults = AnyOptions::Of(KafkaSinkOptions()),
      .options = Joined(OfKind<SinkConfiguration>(KafkaSinkOptionTable()), SinkOptionTable()),
      .make = Make,
      .problems = Problems,
      .why_instance = WhyInstance,
      .cursor_keeper = Keeper,
      .check = CheckKafkaSink,
      .setup = SetUpKafkaSink,
      .measures = KafkaMeasures(),
      .reads_values = true,
      .commit_place = CommitPlace,
  };
  return kKind;
}

}  // namespace sparktail
