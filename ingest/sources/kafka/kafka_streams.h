#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/sources/kafka/group_share.h"
#include "ingest/sources/kafka/kafka_position.h"
#include "ingest/sources/kafka/kafka_source_options.h"
#include "ingest/sources/kafka/kafka_tail.h"
#include "ingest/sources/kafka/shared_cursors.h"
#include "ingest/streams/batch.h"
#include "ingest/streams/output.h"
#include "parsers/envelope.h"
#include "parsers/event_maker.h"
#include "parsers/parser_scratch.h"

namespace sparktail {

// From the messages of a group's partitions to batches of events. A stream is what one key (a pod,
// a container, a file) writes into one partition, and if the envelope tells, its stdout and stderr
// apart: drivers that are interleaved in a partition are parsed apart. Messages without a key are
// told apart by the file or container that their envelope names.
//
// With the batches of a partition's streams comes, in the same commit, one of the partition itself,
// whose cursor is where the group may go on: before the first message of any record that is open.
// So all that the group's offset has passed is in the streams' cursors, and a stream that goes on
// from one passes over the messages before it.
//
// What is open holds the group's offset: traces and lines end with silence, as everywhere; a
// progress event, whose end must come, is given up after open_record_wait, or when
// open_record_bytes of its partition came after it.
//
// Reader thread only.
class KafkaStreams : public KafkaTail {
 public:
  struct Parts {
    Os* os = nullptr;
    Log* log = nullptr;
    std::string source;  // name
    std::string environment;
    ParserOptions parser;
    KafkaSourceOptions options;
    Output* output = nullptr;  // watches commits
    GroupShare* share = nullptr;
    // By sink: null if its cursors are known from the start, and nobody else moves them.
    std::vector<SharedCursors*> shared;
    // A sink commits the group's offsets, together with its cursors.
    bool sink_commits = false;
    // Sees all events that are handed on; may be empty.
    std::function<void(const EventBuffer&)> observe;
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
  void Drop(const KafkaPartition& partition) override;
  void OnLost(const KafkaPartition& partition) override;
  std::optional<int64_t> OffsetToCommit(const KafkaPartition& partition) override;

  // Time passes: to be called after each turn. Returns when it wants to be called again.
  absl::Time Tick();
  // Batches that only move cursors are held back for a while: hands on what there is. After it
  // nothing is taken or handed on any more.
  void HandOnAll();
  // No more comes: what is open ends.
  void EndAll();

  // Those that are in memory, and their partitions.
  std::vector<StreamKey> Streams() const;
  size_t streams() const;
  // Of all streams, those that were let go included.
  ParserStats stats() const;
  // Messages that were not in the envelope that was asked for.
  uint64_t foreign() const { return reader_.foreign(); }

 private:
  struct Stream;
  struct Partition;

  Partition* Find(const KafkaPartition& partition);
  void BeginAt(Partition* partition, int64_t offset);
  Stream* StreamOf(Partition* partition, std::string_view key, std::string_view std_stream,
                   int64_t offset);
  std::unique_ptr<Stream> MakeStream(Partition* partition, std::string_view key,
                                     std::string_view std_stream, int64_t offset);
  void Put(Partition* partition, Stream* stream, std::string_view text, int64_t offset);
  void Parse(Partition* partition, Stream* stream);
  void Done(Partition* partition, Stream* stream, size_t done);
  static void PassOver(Stream* stream);
  static bool IsWhole(const Stream& stream);
  static uint64_t Settled(const Stream& stream);
  void Hold(Partition* partition, Stream* stream);
  void Expire(Partition* partition, Stream* stream);
  void GiveUp(Partition* partition, Stream* stream);
  void GiveUpOld(Partition* partition, absl::Time now);
  void ParseAll();
  void Emit(Partition* partition);
  std::shared_ptr<const Batch> TakeBatch(Partition* partition, Stream* stream);
  std::shared_ptr<const Batch> PartitionBatch(Partition* partition);
  void TakeCommitted();
  bool IsDelivered(const StreamKey& stream, const std::shared_ptr<const Cursor>& end) const;
  void LetIdleGo(Partition* partition, absl::Time now);
  void Remove(Partition* partition);
  bool ReadShared();

  const Parts parts_;
  Os* const os_;
  ParserScratch scratch_;
  EnvelopeReader reader_;
  std::map<KafkaPartition, std::unique_ptr<Partition>> partitions_;
  std::vector<std::pair<Partition*, Stream*>> dirty_;  // to be parsed
  // Leases that were lost, as long as something holds on to them.
  std::map<KafkaPartition, std::weak_ptr<const Lease>> lost_;
  enum class Reading : uint8_t { kNot, kBegun, kDone };
  std::vector<Reading> reading_;  // of parts_.shared
  absl::Time next_read_;          // after an error
  absl::Time next_idle_;
  std::deque<std::pair<KafkaPartition, StreamKey>> resting_;  // let go, longest ago first
  ParserStats ended_stats_;
  bool is_over_ = false;
};

}  // namespace sparktail
