#include "sinks/kafka/at_least_once_sink.h"

#include <absl/time/time.h>

#include <utility>

namespace sparktail {
namespace {

// What can't be delivered for so long is given up by librdkafka, and written again.
constexpr std::string_view kMessageTimeoutMs = "60000";
constexpr absl::Duration kFlushTime = absl::Minutes(16);
constexpr absl::Duration kDrainTime = absl::Seconds(5);

}  // namespace

AtLeastOnceSink::AtLeastOnceSink(Parts parts)
    : parts_(std::move(parts)),
      writer_({parts_.log, parts_.dead_letters, parts_.name, parts_.options}) {}

// The producer reports to the writer until it is gone.
AtLeastOnceSink::~AtLeastOnceSink() { producer_.reset(); }

absl::StatusOr<std::vector<StreamCursor>> AtLeastOnceSink::Open() {
  if (absl::Status status = MakeProducer(); !status.ok()) return status;
  return parts_.store->Load(parts_.name);
}

absl::Status AtLeastOnceSink::MakeProducer() {
  writer_.ForgetProducer();
  producer_.reset();
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
  // Commit() sees to it.
  return writer_.is_to_be_repeated() ? absl::OkStatus() : status;
}

absl::Status AtLeastOnceSink::Commit(std::span<const StreamCursor> cursors) {
  absl::Status status = writer_.Flush(kFlushTime);
  while (!status.ok() && writer_.is_to_be_repeated()) {
    // Some events were refused. All are written again without them: in order, and with equal ids.
    writer_.Restart();
    for (const Written& one : written_) {
      if (status = writer_.Put(*one.events, one.first); !status.ok()) break;
    }
    if (status.ok() || writer_.is_to_be_repeated()) status = writer_.Flush(kFlushTime);
  }
  if (!status.ok()) return status;
  if (status = writer_.SyncDeadLetters(); !status.ok()) return status;
  status = parts_.store->Commit(parts_.name, cursors, std::nullopt);
  if (!status.ok()) return status;
  writer_.Delivered();
  written_.clear();
  return absl::OkStatus();
}

absl::StatusOr<bool> AtLeastOnceSink::Rollback() {
  rd_kafka_purge(producer_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  const bool is_drained = writer_.Drain(kDrainTime);
  const bool is_dead = rd_kafka_fatal_error(producer_->get(), nullptr, 0) != 0;
  if (!is_drained || is_dead) {
    if (absl::Status status = MakeProducer(); !status.ok()) return status;
  }
  writer_.Restart();
  written_.clear();
  if (absl::Status status = writer_.RollbackDeadLetters(); !status.ok()) return status;
  return false;
}

absl::Status AtLeastOnceSink::Tidy() {
  producer_->Poll(absl::ZeroDuration());
  return writer_.wants_smaller_batches() ? MakeProducer() : absl::OkStatus();
}

}  // namespace sparktail
