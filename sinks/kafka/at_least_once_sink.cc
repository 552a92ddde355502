#include "sinks/kafka/at_least_once_sink.h"

#include <absl/time/time.h>

#include <utility>

namespace sparktail {
namespace {

// What can't be delivered for so long is given up by librdkafka, and written again.
constexpr std::string_view kMessageTimeoutMs = "60000";
constexpr absl::Duration kFlushTime = absl::Minutes(16);

}  // namespace

AtLeastOnceSink::AtLeastOnceSink(Parts parts)
    : parts_(std::move(parts)),
      writer_({parts_.log, parts_.dead_letters, parts_.name, parts_.options, parts_.patience}) {}

AtLeastOnceSink::~AtLeastOnceSink() { Drop(); }

// The writer's handles of topics are the producer's; it reports to the writer until it is gone.
void AtLeastOnceSink::Drop() {
  writer_.ForgetProducer();
  producer_.reset();
}

absl::StatusOr<std::vector<StreamCursor>> AtLeastOnceSink::Open() {
  if (absl::Status status = MakeProducer(); !status.ok()) return status;
  return parts_.store->Load(parts_.name);
}

absl::Status AtLeastOnceSink::MakeProducer() {
  Drop();
  KafkaProperties required;
  const auto& properties = parts_.options.client.properties;
  if (!properties.contains("message.timeout.ms") && !properties.contains("delivery.timeout.ms")) {
    required["message.timeout.ms"] = std::string(kMessageTimeoutMs);
  }
  absl::StatusOr<std::unique_ptr<KafkaClient>> made = writer_.MakeProducer(required);
  if (!made.ok()) return made.status();
  producer_ = *std::move(made);
  return absl::OkStatus();
}

absl::Status AtLeastOnceSink::Write(const EventBuffer& events, size_t first) {
  if (first >= events.events.size()) return absl::OkStatus();
  written_.push_back({&events, first});
  const absl::Status status = writer_.Put(events, first);
  return status.ok() ? status : WithoutRefused(status);
}

// If it was for events that are refused: all others are written again, in order, and with equal
// ids. Else it is `status`.
absl::Status AtLeastOnceSink::WithoutRefused(absl::Status status) {
  while (!status.ok() && (writer_.has_refusals() || writer_.is_to_be_repeated())) {
    status = writer_.Flush(kFlushTime);
    if (!writer_.is_to_be_repeated()) return status;
    writer_.Restart();
    status = absl::OkStatus();
    for (size_t i = 0; i < written_.size() && status.ok(); ++i) {
      status = writer_.Put(*written_[i].events, written_[i].first);
    }
  }
  return status;
}

absl::Status AtLeastOnceSink::Commit(std::span<const StreamCursor> cursors) {
  absl::Status status = writer_.Flush(kFlushTime);
  while (!status.ok()) {
    if (status = WithoutRefused(status); !status.ok()) return status;
    status = writer_.Flush(kFlushTime);
  }
  if (status = writer_.refused_events()->Sync(); !status.ok()) return status;
  status = parts_.store->Commit(parts_.name, cursors, std::nullopt);
  if (!status.ok()) return status;
  writer_.Delivered();
  written_.clear();
  return absl::OkStatus();
}

absl::StatusOr<bool> AtLeastOnceSink::Rollback() {
  // What is purged leaves a gap in the numbers by which brokers tell what comes again: a new
  // producer begins anew.
  if (absl::Status status = MakeProducer(); !status.ok()) return status;
  written_.clear();
  if (absl::Status status = writer_.refused_events()->Rollback(); !status.ok()) return status;
  return false;
}

absl::Status AtLeastOnceSink::Tidy() {
  producer_->Poll(absl::ZeroDuration());
  return writer_.wants_smaller_batches() ? MakeProducer() : absl::OkStatus();
}

}  // namespace sparktail
