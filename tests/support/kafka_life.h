#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ingest/delivery/distributor.h"
#include "ingest/delivery/sink_worker.h"
#include "ingest/sources/kafka/kafka_position.h"
#include "ingest/sources/kafka/kafka_streams.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"

namespace sparktail::testing {

using Documents = std::vector<std::string>;
using Cursors = std::vector<std::vector<StreamCursor>>;  // by sink

inline const KafkaPartition kZero = {"raw", 0};

struct Message {
  std::string key;
  std::string value;
};
using Messages = std::vector<Message>;

// One life of a member of the group, with sinks of which each group of batches is a commit.
class KafkaLife {
 public:
  explicit KafkaLife(Cursors from = Cursors(1), const KafkaSourceOptions& options = {},
                     std::vector<SharedCursors*> shared = {}) {
    os.SetNow(absl::FromUnixSeconds(1'800'000'000));
    std::vector<SinkWorker*> sinks;
    for (size_t i = 0; i < from.size(); ++i) {
      worlds.push_back(std::make_unique<SinkWorld>());
      SinkWorker::Parts sink;
      sink.os = &os;
      sink.log = &log;
      sink.name = "out" + std::to_string(i);
      sink.options.commit_bytes = 1;
      sink.options.queue_bytes = UINT64_MAX;
      sink.sink = std::make_unique<FakeSink>(worlds.back().get());
      workers_.push_back(std::make_unique<SinkWorker>(std::move(sink), [] {}));
      sinks.push_back(workers_.back().get());
    }
    share = std::make_unique<GroupShare>("src", sinks.size());
    output_ = std::make_unique<Distributor>(sinks, std::move(from));
    output_->WatchCommits("src", [] {});
    KafkaStreams::Parts parts;
    parts.os = &os;
    parts.log = &log;
    parts.source = "src";
    parts.environment = "test";
    parts.options = options;
    parts.record_timeout = options.record_timeout;
    parts.output = output_.get();
    parts.share = share.get();
    parts.shared = shared.empty() ? std::vector<SharedCursors*>(sinks.size()) : std::move(shared);
    streams = std::make_unique<KafkaStreams>(std::move(parts));
  }
  ~KafkaLife() {
    for (const auto& world : worlds) world->Open();
  }

  void Begin(std::optional<int64_t> committed = std::nullopt,
             const KafkaPartition& partition = kZero) {
    streams->OnAssigned(partition);
    ASSERT_TRUE(streams->IsReady(partition));
    streams->Begin(partition, committed);
  }
  void Take(int64_t offset, const Message& message, const KafkaPartition& partition = kZero) {
    streams->OnRecord(partition, {offset, message.key, message.value});
  }
  // Messages [from, …) of the partition, in turns of random size.
  void TakeAll(const Messages& messages, int64_t from, std::mt19937_64* random) {
    for (auto offset = from; offset < static_cast<int64_t>(messages.size()); ++offset) {
      Take(offset, messages[static_cast<size_t>(offset)]);
      if ((*random)() % 3 == 0) streams->EndTurn();
    }
    streams->EndTurn();
  }
  void End() {
    streams->OnEndReached(kZero, 0);
    streams->EndAll();
  }
  void Start() {
    for (const auto& worker : workers_) worker->Start();
    started_ = true;
  }
  bool Delivers() {
    return std::all_of(workers_.begin(), workers_.end(), [&](const auto& worker) {
      return Eventually([&] { return worker->IsIdle(); });
    });
  }
  const SinkWorld& Finish() {
    if (!started_) Start();
    for (const auto& worker : workers_) worker->Finish();
    for (const auto& worker : workers_) {
      EXPECT_TRUE(worker->Join(os.Now() + absl::Seconds(120)));
    }
    return *worlds[0];
  }

  FaultyOs os;
  RecordingLog log;
  std::vector<std::unique_ptr<SinkWorld>> worlds;
  std::unique_ptr<GroupShare> share;
  std::unique_ptr<KafkaStreams> streams;

 private:
  bool started_ = false;
  std::vector<std::unique_ptr<SinkWorker>> workers_;
  std::unique_ptr<Distributor> output_;
};

inline int64_t OffsetIn(const std::map<StreamKey, StreamCursor>& cursors) {
  const auto found = cursors.find(StreamKey("src", "raw/0"));
  if (found == cursors.end()) return 0;
  const auto position = KafkaPosition::FromJson(found->second.cursor.position);
  EXPECT_TRUE(position && position->group == "sparktail");
  return position->offset;
}

inline std::vector<StreamCursor> ValuesOf(const std::map<StreamKey, StreamCursor>& cursors) {
  std::vector<StreamCursor> values;
  for (const auto& [stream, cursor] : cursors) values.push_back(cursor);
  return values;
}

// Where the sink stands that has made these commits.
inline std::map<StreamKey, StreamCursor> CursorsOf(const std::vector<SinkWorld::Commit>& commits) {
  std::map<StreamKey, StreamCursor> cursors;
  for (const SinkWorld::Commit& commit : commits) {
    for (const StreamCursor& cursor : commit.cursors) cursors[cursor.stream] = cursor;
  }
  return cursors;
}

}  // namespace sparktail::testing
