#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingest/sources/kafka/group_share.h"
#include "ingest/sources/kafka/kafka_source.h"
#include "ingest/sources/kafka/kafka_streams.h"
#include "ingest/sources/kafka/shared_cursors.h"
#include "ingest/streams/source.h"

namespace sparktail {

// The source of kind `kafka`: a KafkaSource, which knows partitions, with KafkaStreams, which know
// records.
//
// The group's offset is the place up to which all sinks have everything. A sink of the same cluster
// that delivers exactly once commits it in its transactions, so that a member whose partitions were
// given away can't commit what it has read from them. If it is the only sink, nobody else commits.
// Otherwise the source commits, and a partition that moves to another member resumes there: sinks
// whose cursors that member does not have get some events twice. Beside a sink whose cursors are
// shared, such sinks resume where that sink is; events before that which they lack can only be
// delivered by the member that has their cursors.
class KafkaLogSource : public Source {
 public:
  // The configuration's options are KafkaSourceOptions.
  explicit KafkaLogSource(SourceParts parts);

  absl::Status Open() override;
  absl::Time Turn() override;
  int wake_fd() const override { return source_.wake_fd(); }
  void LookAgain() override { source_.LookAgain(); }
  bool AtEnd() const override { return source_.AtEnd(); }
  void EndAll() override { streams_.EndAll(); }
  void HandOnAll() override;
  void Tend() override { Turn(); }
  void Close() override;
  absl::StatusOr<std::optional<GroupOffsets>> OffsetsOf(
      const std::string& sink, std::span<const StreamCursor> cursors) const override;
  std::vector<StreamKey> Streams() const override { return streams_.Streams(); }
  ParserStats parsed() const override { return streams_.stats(); }
  SourceStatus status() const override { return source_.status(); }

 private:
  struct SinkPart {
    std::string name;
    bool joins = false;                      // its transactions commit the group's offsets
    std::unique_ptr<SharedCursors> cursors;  // null: the sink's own
  };
  static std::vector<SinkPart> SinksOf(const SourceParts& parts);
  KafkaStreams::Parts PartsOfKafkaStreams(const SourceParts& parts);

  const std::string name_;
  const std::unique_ptr<Output> output_;
  const std::vector<SinkPart> sinks_;
  GroupShare share_;
  KafkaStreams streams_;
  KafkaSource source_;  // has streams_ as its tail
};

}  // namespace sparktail
