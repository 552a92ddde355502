#include "sinks/kafka/at_least_once_sink.h"

#include <absl/time/time.h>

#include <utility>

namespace sparktail {
namespace {

// After this time librdkafka gives up on a message, and the sink writes it again.
constexpr absl::Duration kMessageTimeout = absl::Minutes(1);
// In place of no time-out.
constexpr absl::Duration kLongestTimeout = absl::Minutes(16);

absl::Duration MessageTimeoutOf(const KafkaClientOptions& options) {
  for (const char* name : {"message.timeout.ms", "delivery.timeout.ms"}) {
    const auto given = options.properties.find(name);
    if (given == options.properties.end()) continue;
    const uint64_t ms = ReadNumber(given->second.Reveal()).value_or(0);
    return ms == 0 ? kLongestTimeout : absl::Milliseconds(ms);
  }
  return kMessageTimeout;
}

}  // namespace

AtLeastOnceSink::AtLeastOnceSink(Parts parts)
    : parts_(std::move(parts)),
      silence_(MessageTimeoutOf(parts_.options.client) + parts_.report_margin),
      writer_(parts_) {}

absl::StatusOr<std::vector<StreamCursor>> AtLeastOnceSink::Open() {
  if (absl::Status status = CreateProducer(); !status.ok()) return status;
  return parts_.store->Load(parts_.name);
}

absl::Status AtLeastOnceSink::CreateProducer() {
  KafkaProperties required;
  const auto& properties = parts_.options.client.properties;
  if (!properties.contains("message.timeout.ms") && !properties.contains("delivery.timeout.ms")) {
    required["message.timeout.ms"] = std::to_string(ToMs(kMessageTimeout));
  }
  return writer_.CreateProducer(required);
}

absl::Status AtLeastOnceSink::Write(const EventBuffer& events, size_t first) {
  if (first >= events.events.size()) return absl::OkStatus();
  return RepeatWithoutRejected(writer_.Write(events, first));
}

absl::Status AtLeastOnceSink::RepeatWithoutRejected(absl::Status status) {
  return writer_.RepeatWithoutRejected(std::move(status), silence_, [this] {
    writer_.Restart();
    return absl::OkStatus();
  });
}

absl::Status AtLeastOnceSink::Commit(std::span<const StreamCursor> cursors) {
  absl::Status status = writer_.Flush(silence_);
  while (!status.ok()) {
    if (status = RepeatWithoutRejected(status); !status.ok()) return status;
    status = writer_.Flush(silence_);
  }
  if (status = writer_.refused_events()->Sync(); !status.ok()) return status;
  status = parts_.store->Commit(parts_.name, cursors, std::nullopt);
  if (!status.ok()) return status;
  writer_.ForgetDelivered();
  return absl::OkStatus();
}

absl::StatusOr<bool> AtLeastOnceSink::Rollback() {
  // Purged messages leave a gap in the sequence numbers by which brokers recognise retries, so a
  // new producer is needed.
  if (absl::Status status = CreateProducer(); !status.ok()) return status;
  if (absl::Status status = writer_.Rollback(); !status.ok()) return status;
  return false;
}

absl::Status AtLeastOnceSink::Tidy() {
  writer_.producer()->Poll(absl::ZeroDuration());
  return writer_.wants_smaller_batches() ? CreateProducer() : absl::OkStatus();
}

}  // namespace sparktail
