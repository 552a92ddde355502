#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/kafka/kafka_client.h"
#include "offsets/cursor_store.h"
#include "sinks/dead_letter.h"
#include "sinks/kafka/kafka_sink_options.h"
#include "sinks/kafka/kafka_writer.h"
#include "sinks/sink.h"

namespace sparktail {

// Events into Kafka, each at least once: cursors move, in offsets.db, when all events before them
// are reported to be on all replicas. What was written since the last commit may come again after a
// crash or an outage, with the same `id`, key and document.
//
// Events must live from Write() until Commit() or Rollback() of them has succeeded.
class AtLeastOnceSink : public Sink {
 public:
  struct Parts {
    Log* log = nullptr;
    CursorStore* store = nullptr;
    DeadLetters* dead_letters = nullptr;
    std::string name;  // of the sink
    KafkaSinkOptions options;
    // How long the brokers may take for one answer before the sink says that it waits for them.
    absl::Duration patience = absl::Seconds(5);
  };
  explicit AtLeastOnceSink(Parts parts);
  ~AtLeastOnceSink() override;

  // Asks nothing of the brokers.
  absl::StatusOr<std::vector<StreamCursor>> Open() override;
  absl::Status Write(const EventBuffer& events, size_t first) override;
  absl::Status Commit(std::span<const StreamCursor> cursors) override;
  absl::StatusOr<bool> Rollback() override;
  absl::Status Tidy() override;

  // Any thread.
  KafkaStatistics statistics() const { return writer_.statistics(); }

 private:
  absl::Status WithoutRefused(absl::Status status);
  absl::Status MakeProducer();
  void Drop();

  struct Written {
    const EventBuffer* events;
    size_t first;
  };

  const Parts parts_;
  KafkaWriter writer_;
  std::unique_ptr<KafkaClient> producer_;
  std::vector<Written> written_;  // since the last commit
};

}  // namespace sparktail
