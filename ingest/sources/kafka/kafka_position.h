#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/base/os.h"
#include "ingest/sources/kafka/kafka_tail.h"
#include "offsets/cursor.h"
#include "parsers/envelope.h"

namespace sparktail {

// A place in what a consumer group reads, as it stands in a cursor's position. Of the stream of a
// key: the message in which the cursor's record begins. Of the stream of a partition: the message
// with which the group goes on; it has the group's name.
struct KafkaPosition {
  std::string group;  // empty: of a key
  KafkaPartition partition;
  int64_t offset = 0;
  int64_t first = -1;             // of a partition: the message with which the group began it
  uint64_t content = 0;           // offset in the stream's content at which that message begins
  int64_t since_ms = INT64_MIN;   // events older than this are passed over
  EnvelopeReader::Origin origin;  // of the stream's first message; it decides on ids

  std::string ToJson() const;
  static std::optional<KafkaPosition> FromJson(std::string_view json);
};

// Always kFailedPrecondition: the offset of the consumer group decides where a partition is read
// on, and that is in Kafka. A cursor that is moved would make no message come again.
absl::Status MoveKafkaCursor(uint64_t offset, Os* os, Cursor* cursor);

// Keys of streams: "<source>/<topic>/<partition>", and of a key in it "…/<key>", or, if the
// envelope tells the container's streams apart, "…/<key>#stderr". What is not printable in a key is
// escaped as in URLs; long ones are cut, with a hash for the rest.
StreamKey KafkaStreamKey(std::string_view source, const KafkaPartition& partition);
StreamKey KafkaStreamKey(std::string_view source, const KafkaPartition& partition,
                         std::string_view key, std::string_view std_stream);

// The partition that such a key names, of whichever kind.
std::optional<KafkaPartition> PartitionOfStream(const StreamKey& stream);

}  // namespace sparktail
