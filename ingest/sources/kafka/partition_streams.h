#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ingest/sources/kafka/group_share.h"
#include "ingest/sources/kafka/kafka_source_options.h"
#include "ingest/sources/kafka/kafka_tail.h"
#include "ingest/sources/kafka/key_stream.h"
#include "ingest/streams/batch.h"
#include "ingest/streams/content_stream.h"
#include "ingest/streams/noise_timer.h"
#include "ingest/streams/stream_parts.h"
#include "parsers/envelope.h"

namespace sparktail {

// All partitions of a source share this. It outlives them. Reader thread only.
struct PartitionShare {
  PartitionShare(const StreamParts& its_parts, const KafkaSourceOptions& its_options,
                 GroupShare* its_group)
      : parts(its_parts),
        options(its_options),
        group(its_group),
        content(parts),
        reader(options.envelope, options.message_field, &content.scratch) {}

  const StreamParts parts;
  const KafkaSourceOptions options;
  GroupShare* const group;
  ContentShare content;
  EnvelopeReader reader;
};

// Turns the messages of one partition into batches: those of the streams of its keys, and with them
// one of the partition itself, whose cursor is where the group can resume. Reader thread only.
class PartitionStreams {
 public:
  PartitionStreams(PartitionShare* share, KafkaPartition name);

  const StreamKey& key() const { return key_; }
  // Messages come from now on. `committed`: by the group, if it has committed anything.
  void Begin(std::optional<int64_t> committed);
  // No messages come any more: emits what is settled.
  void Leave();
  bool is_read() const { return has_begun_ && !is_leaving_; }
  bool has_begun() const { return has_begun_; }

  std::optional<int64_t> committed() const { return committed_; }
  // The message with which the group began; -1: not known yet.
  int64_t first() const { return first_; }
  // Emitted batches belong to the partition's owner. The lease is lost with the partition.
  const std::shared_ptr<Lease>& lease() const { return lease_; }

  // The functions below are for a partition that is read.
  void OnRecord(const KafkaRecord& record);
  void OnEndReached(int64_t offset);

  // Parses what has come, and emits if that is due.
  void EndTurn(absl::Time now);
  // Ends the records that have been silent for long enough. Returns true if something waits for
  // time to pass.
  bool Tick(absl::Time now);
  // Parses and emits everything.
  void HandOn();
  // Ends all open records, whatever they lack.
  void GiveUpAll();

  // Drops streams that were silent since `before` and that all sinks have. One that comes back
  // resumes from its cursor. Returns their keys.
  std::vector<StreamKey> DropIdle(absl::Time before);

  // The offset and the cursor of the partition's last batch; -1 and null if there was none.
  int64_t emitted() const { return emitted_; }
  const std::shared_ptr<const Cursor>& last_end() const { return last_end_; }

  // About the streams that are in memory.
  bool Has(const StreamKey& key) const;
  size_t size() const { return streams_.size(); }
  void AddKeys(std::vector<StreamKey>* keys) const;
  void AddStats(ParserStats* sum) const;

  // State that KafkaStreams keeps.
  bool learned = false;    // its streams' cursors are known
  int64_t to_commit = -1;  // for the group

 private:
  void BeginAt(int64_t offset);
  KeyStream* StreamOf(std::string_view key, std::string_view std_stream, int64_t offset);
  std::unique_ptr<KeyStream> MakeStream(std::string_view key, std::string_view std_stream,
                                        int64_t offset);
  void Parse();
  void Emit();
  void Put(KeyStream* stream, std::string_view text, int64_t offset);
  void Parse(KeyStream* stream);
  void OnParsed(KeyStream* stream);
  void Hold(KeyStream* stream);
  void MarkChanged(KeyStream* stream);
  void GiveUp(KeyStream* stream);
  void GiveUpOld(absl::Time now);
  // Everything before it is settled.
  int64_t Settled() const { return held_.empty() ? next_ : std::min(next_, held_.begin()->first); }
  std::shared_ptr<const Batch> PartitionBatch();

  PartitionShare* const share_;
  Os* const os_;
  Output* const output_;
  const KafkaPartition name_;
  const StreamKey key_;
  const std::shared_ptr<Lease> lease_ = std::make_shared<Lease>();
  bool has_begun_ = false;
  bool is_leaving_ = false;
  std::optional<int64_t> committed_;
  int64_t first_ = -1;
  int64_t since_ms_ = INT64_MIN;
  int64_t next_ = -1;   // the message after the last one; -1: none came yet
  uint64_t bytes_ = 0;  // of messages
  uint64_t emitted_bytes_ = 0;
  int64_t emitted_ = -1;
  std::shared_ptr<const Cursor> last_end_;
  bool is_at_end_ = false;
  absl::Time at_end_ = absl::InfinitePast();
  std::unordered_map<std::string, std::unique_ptr<KeyStream>> streams_;
  std::set<std::pair<int64_t, KeyStream*>> held_;
  std::vector<KeyStream*> dirty_;
  std::vector<KeyStream*> changed_;
  bool has_events_ = false;
  NoiseTimer noise_;
};

}  // namespace sparktail
