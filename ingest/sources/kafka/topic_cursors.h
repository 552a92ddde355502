#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/kafka/cursor_topic.h"
#include "ingest/kafka/group_offsets.h"
#include "ingest/sources/kafka/shared_cursors.h"

namespace sparktail {

// The cursors of one sink of Kafka that delivers exactly once, in streams which a consumer group
// shares: they stand in the sink's offsets_topic, under the group's name.
class TopicCursors : public SharedCursors {
 public:
  struct Parts {
    Log* log = nullptr;
    std::string sink;  // name
    KafkaCommitPlace place;
    std::string group;
  };
  explicit TopicCursors(Parts parts);

  absl::Status Begin() override;
  absl::StatusOr<bool> ReadOn() override;
  std::vector<StreamCursor> cursors() const override;

 private:
  const Parts parts_;
  const std::string prefix_;  // of the records' keys
  std::unique_ptr<CursorTopicReader> reader_;
};

}  // namespace sparktail
