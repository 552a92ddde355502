#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/kafka/cursor_topic.h"
#include "ingest/kafka/group_offsets.h"
#include "ingest/sources/kafka/shared_cursors.h"

namespace sparktail {

// The cursors of an exactly-once Kafka sink in the streams that a consumer group shares. The sink's
// offsets_topic stores them under the group's name.
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
