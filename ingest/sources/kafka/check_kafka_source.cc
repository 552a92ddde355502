#include "ingest/sources/kafka/check_kafka_source.h"

#include <memory>
#include <string>
#include <utility>

#include "ingest/kafka/kafka_client.h"
#include "ingest/kafka/topic_admin.h"
#include "ingest/sources/kafka/kafka_source_options.h"

namespace sparktail {
namespace {

constexpr absl::Duration kAskTime = absl::Seconds(10);

}  // namespace

void CheckKafkaSource(const SourceConfiguration& source, const CheckParts& parts,
                      CheckReport* report) {
  const auto& options = source.options.Get<KafkaSourceOptions>();
  const std::string subject = "source " + source.name;
  KafkaClient::Parts client_parts;
  client_parts.options = options.client;
  client_parts.log = parts.log;
  client_parts.name = subject;
  client_parts.role = KafkaRole::kReader;
  const absl::StatusOr<std::unique_ptr<KafkaClient>> client =
      KafkaClient::Make(std::move(client_parts));
  if (!client.ok()) return report->Broken(subject, std::string(client.status().message()));
  for (const std::string& topic : options.topics) {
    if (KafkaSourceOptions::Subscription(topic) != topic) {
      report->Ok(subject, "topics that match " + topic + " are read when they are there");
      continue;
    }
    const absl::StatusOr<int> partitions = CountPartitions((*client)->get(), topic, kAskTime);
    (*client)->Poll(absl::ZeroDuration());
    if (partitions.ok()) {
      report->Ok(subject,
                 "there is topic " + topic + ", partitions: " + std::to_string(*partitions));
    } else if (absl::IsNotFound(partitions.status())) {
      report->Doubt(subject, "topic " + topic + " is missing: it is read when it is there");
    } else {
      return report->Broken(subject,
                            std::string((*client)->WithTrouble(partitions.status()).message()));
    }
  }
}

}  // namespace sparktail
