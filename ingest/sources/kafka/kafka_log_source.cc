#include "ingest/sources/kafka/kafka_log_source.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "ingest/sources/kafka/topic_cursors.h"

namespace sparktail {
namespace {

constexpr absl::Duration kCloseTime = absl::Seconds(5);

const KafkaSourceOptions& OptionsOf(const SourceParts& parts) {
  return parts.configuration->options.Get<KafkaSourceOptions>();
}

// Both name a broker.
bool IsSameCluster(const KafkaClientOptions& a, const KafkaClientOptions& b) {
  return std::any_of(a.brokers.begin(), a.brokers.end(), [&](const std::string& broker) {
    return std::find(b.brokers.begin(), b.brokers.end(), broker) != b.brokers.end();
  });
}

}  // namespace

KafkaLogSource::KafkaLogSource(SourceParts parts)
    : name_(parts.configuration->name),
      output_(std::move(parts.output)),
      sinks_(SinksOf(parts)),
      share_(name_, sinks_.size()),
      streams_(PartsOfKafkaStreams(parts)),
      source_(KafkaSource::Parts{parts.os, parts.log, name_, OptionsOf(parts), &streams_}) {
  output_->WatchCommits(name_, parts.wake);
}

std::vector<KafkaLogSource::SinkPart> KafkaLogSource::SinksOf(const SourceParts& parts) {
  const KafkaSourceOptions& options = OptionsOf(parts);
  std::vector<SinkPart> sinks;
  for (const SinkFacts& sink : parts.sinks) {
    SinkPart part;
    part.name = sink.name;
    if (sink.commit_place) {
      part.joins = IsSameCluster(options.client, sink.commit_place->client);
      part.cursors = std::make_unique<TopicCursors>(
          TopicCursors::Parts{parts.log, sink.name, *sink.commit_place, options.group});
    }
    sinks.push_back(std::move(part));
  }
  return sinks;
}

KafkaStreams::Parts KafkaLogSource::PartsOfKafkaStreams(const SourceParts& parts) {
  const KafkaSourceOptions& options = OptionsOf(parts);
  KafkaStreams::Parts streams = {PartsOfStreams(parts, output_.get(), options.record_timeout)};
  streams.options = options;
  streams.share = &share_;
  for (const SinkPart& sink : sinks_) streams.shared.push_back(sink.cursors.get());
  streams.sink_commits = sinks_.size() == 1 && sinks_[0].joins;
  return streams;
}

absl::Status KafkaLogSource::Open() { return source_.Open(); }

absl::Time KafkaLogSource::Turn() {
  const absl::Time next = source_.Turn();
  return std::min(next, streams_.Tick());
}

void KafkaLogSource::HandOnAll() {
  source_.StopReading();
  streams_.HandOnAll();
}

void KafkaLogSource::Close() {
  streams_.Tick();
  source_.Close(kCloseTime);
}

absl::StatusOr<std::optional<GroupOffsets>> KafkaLogSource::OffsetsOf(
    const std::string& sink, std::span<const StreamCursor> cursors) const {
  const auto found = std::find_if(sinks_.begin(), sinks_.end(),
                                  [&](const SinkPart& part) { return part.name == sink; });
  if (found == sinks_.end() || !found->joins) return std::nullopt;
  GroupOffsets group;
  const absl::StatusOr<GroupShare::Offsets> offsets =
      share_.OffsetsOf(static_cast<size_t>(found - sinks_.begin()), cursors,
                       [&] { group.member = source_.member(); });
  if (!offsets.ok()) return offsets.status();
  if (offsets->empty()) return std::nullopt;
  group.offsets.reset(rd_kafka_topic_partition_list_new(static_cast<int>(offsets->size())));
  for (const auto& [partition, offset] : *offsets) {
    rd_kafka_topic_partition_list_add(group.offsets.get(), partition.topic.c_str(),
                                      partition.number)
        ->offset = offset;
  }
  return group;
}

}  // namespace sparktail
