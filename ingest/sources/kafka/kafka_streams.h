#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/sources/kafka/group_share.h"
#include "ingest/sources/kafka/kafka_source_options.h"
#include "ingest/sources/kafka/kafka_tail.h"
#include "ingest/sources/kafka/partition_streams.h"
#include "ingest/sources/kafka/shared_cursors.h"
#include "ingest/streams/batch.h"
#include "ingest/streams/stream_parts.h"

namespace sparktail {

// Turns the messages of a group's partitions into batches of events. A stream is what one key (a
// pod, a container, a file) writes into one partition; if the envelope names stdout and stderr,
// they are two streams. So drivers that are interleaved in a partition are parsed apart. Messages
// without a key belong to the file or container that their envelope names.
//
// The batches of a partition's streams are committed together with one of the partition itself. Its
// cursor is the offset from which the group can resume: before the first message of any open
// record. So the streams' cursors cover everything that the group's offset has passed, and a stream
// that resumes from its cursor skips the messages before it.
//
// An open record holds the group's offset back. Traces and lines end with silence, as in all
// sources. A progress event must have its end; it is given up after open_record_wait, or when
// open_record_bytes of its partition came after it.
//
// Reader thread only.
class KafkaStreams : public KafkaTail {
 public:
  struct Parts : StreamParts {  // its output watches commits
    KafkaSourceOptions options = {};
    GroupShare* share = nullptr;
    // By sink; null if only this process moves its cursors: they are known from the start.
    std::vector<SharedCursors*> shared = {};
    // True if a sink commits the group's offsets, together with its cursors.
    bool sink_commits = false;
  };
  explicit KafkaStreams(Parts parts);
  ~KafkaStreams() override;

  bool HasRoom() override { return parts_.output->HasRoom(); }
  void OnAssigned(const KafkaPartition& partition) override;
  bool IsReady(const KafkaPartition& partition) override;
  void Begin(const KafkaPartition& partition, std::optional<int64_t> committed) override;
  void OnRecord(const KafkaPartition& partition, const KafkaRecord& record) override;
  void OnEndReached(const KafkaPartition& partition, int64_t offset) override;
  void EndTurn() override;
  void Leave(const KafkaPartition& partition) override;
  bool HasLeft(const KafkaPartition& partition) override;
  void Drop(const KafkaPartition& partition) override { Remove(partition); }
  void OnLost(const KafkaPartition& partition) override;
  std::optional<int64_t> OffsetToCommit(const KafkaPartition& partition) override;

  // Does what depends on time; call it after each turn. Returns when to call it again.
  absl::Time Tick();
  // Hands on the batches that were held back because they only move cursors. Afterwards nothing is
  // read or handed on.
  void HandOnAll();
  // Ends all open records, for no more messages come, and hands on everything.
  void EndAll();

  // The partitions, and the streams that are in memory.
  std::vector<StreamKey> Streams() const;
  size_t streams() const;
  // The sum over all streams, also those that are no longer in memory.
  ParserStats stats() const;

 private:
  PartitionStreams* Find(const KafkaPartition& partition) const;
  void TakeCommitted();
  bool IsDelivered(const StreamKey& stream, const std::shared_ptr<const Cursor>& end) const;
  void DropIdle(absl::Time now);
  void Remove(const KafkaPartition& partition);
  bool ReadShared();

  const Parts parts_;
  Os* const os_;
  PartitionShare share_;
  std::map<KafkaPartition, std::unique_ptr<PartitionStreams>> partitions_;
  // Leases that were lost, while something still holds them.
  std::map<KafkaPartition, std::weak_ptr<const Lease>> lost_;
  enum class Reading : uint8_t { kNot, kBegun, kDone };
  std::vector<Reading> reading_;  // of parts_.shared
  absl::Time next_read_;          // after an error
  absl::Time next_idle_;
  std::deque<std::pair<KafkaPartition, StreamKey>> resting_;  // dropped from memory, oldest first
  bool is_over_ = false;
};

}  // namespace sparktail
