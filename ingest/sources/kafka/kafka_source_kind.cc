#include "ingest/sources/kafka/kafka_source_kind.h"

#include "ingest/kafka/cursor_record.h"
#include "ingest/kafka/kafka_config.h"
#include "ingest/sources/kafka/check_kafka_source.h"
#include "ingest/sources/kafka/kafka_log_source.h"
#include "ingest/sources/kafka/kafka_position.h"
#include "ingest/sources/kafka/kafka_source_options.h"

namespace sparktail {
namespace {

std::string CursorOwner(const SourceConfiguration& source) {
  return GroupOwner(source.options.Get<KafkaSourceOptions>().group);
}

absl::Status Problems(const SourceConfiguration& source) {
  const auto& options = source.options.Get<KafkaSourceOptions>();
  // The missing option is reported already.
  if (options.client.brokers.empty()) return absl::OkStatus();
  return CheckKafkaOptions(options.client, KafkaRole::kGroupConsumer);
}

}  // namespace

const SourceKind& KafkaSourceKind() {
  static const SourceKind kKind = {
      .name = "kafka",
      .sentence =
          "Reads logs that node agents send to Kafka, sharing the topics with other processes.",
      .defaults = AnyOptions::Of(KafkaSourceOptions()),
      .options = WithOwnOptions(KafkaSourceOptionTable()),
      .make = MakeSource<KafkaLogSource>,
      .problems = Problems,
      .check = CheckKafkaSource,
      .position_members = {"topic", "partition"},
      .move = MoveKafkaCursor,
      .cursor_owner = CursorOwner,
  };
  return kKind;
}

}  // namespace sparktail
