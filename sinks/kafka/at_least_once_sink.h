#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <span>
#include <vector>

#include "offsets/cursor_store.h"
#include "sinks/kafka/kafka_measures.h"
#include "sinks/kafka/kafka_writer.h"
#include "sinks/sink.h"

namespace sparktail {

// Delivers events to Kafka, each at least once. The cursors are in offsets.db. They move when all
// events before them are reported to be on all replicas. After a crash or an outage, the events
// since the last commit may be delivered again, with the same `id`, key and document.
//
// Events must stay valid from Write() until their Commit() or Rollback() succeeded.
class AtLeastOnceSink : public Sink {
 public:
  struct Parts : KafkaWriter::Parts {
    CursorStore* store = nullptr;
    // librdkafka reports each message when its time-out (message.timeout.ms) is over. If no report
    // comes for so much longer, the sink does not wait for it.
    absl::Duration report_margin = absl::Seconds(15);
  };
  explicit AtLeastOnceSink(Parts parts);

  // Does not wait for the brokers.
  absl::StatusOr<std::vector<StreamCursor>> Open() override;
  absl::Status Write(const EventBuffer& events, size_t first) override;
  absl::Status Commit(std::span<const StreamCursor> cursors) override;
  absl::StatusOr<bool> Rollback() override;
  absl::Status Tidy() override;
  void AddTo(SinkStatus* status) const override { AddKafkaMeasures(writer_.statistics(), status); }

 private:
  absl::Status RepeatWithoutRejected(absl::Status status);
  absl::Status CreateProducer();

  const Parts parts_;
  const absl::Duration silence_;  // longest time without a report of librdkafka
  KafkaWriter writer_;
};

}  // namespace sparktail
