#include "ingest/sources/kafka/kafka_log_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ingest/delivery/distributor.h"
#include "ingest/delivery/sink_worker.h"
#include "ingest/kafka/cursor_record.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_sink.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/of_kind.h"
#include "tests/support/recording_log.h"
#include "tests/support/spark_log.h"
#include "tests/support/stream_keys.h"

namespace sparktail {
namespace {

using ::sparktail::testing::Eventually;
using ::sparktail::testing::FakeSink;
using ::sparktail::testing::KafkaMock;
using ::sparktail::testing::NumbersOf;
using ::sparktail::testing::ProgressRecord;
using ::sparktail::testing::RecordingLog;
using ::sparktail::testing::SinkWorld;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// A source with one sink, which is as its configuration says only for the source.
class KafkaLogSourceTest : public ::testing::Test {
 protected:
  KafkaLogSourceTest() {
    mock_.MakeTopic("raw", 1);
    mock_.MakeTopic("cursors", 1);
    sink_.name = "out";
    testing::SetOptions(FileSinkOptions(), &sink_);
  }
  // The sink delivers into this cluster, or another one.
  void DeliverExactlyOnce(bool is_same_cluster) {
    KafkaSinkOptions kafka;
    kafka.client = mock_.Options();
    kafka.offsets_topic = "cursors";
    if (!is_same_cluster) {
      kafka.client = other_.Options();
      other_.MakeTopic("cursors", 1);
    }
    testing::SetOptions(kafka, &sink_);
  }
  void Begin() {
    KafkaSourceOptions options;
    options.client = mock_.Options();
    options.client.properties.erase("linger.ms");
    options.client.properties.erase("message.timeout.ms");
    options.client.properties.erase("transaction.timeout.ms");
    // The mock does not hear that a member leaves.
    options.client.properties["session.timeout.ms"] = Secret("6000");
    options.client.properties["heartbeat.interval.ms"] = Secret("100");
    options.topics = {"raw"};
    options.group = "g";
    configuration_.name = "src";
    testing::SetOptions(options, &configuration_);
    world_ = std::make_unique<SinkWorld>();
    SinkWorker::Parts sink;
    sink.os = &os_;
    sink.log = &log_;
    sink.name = "out";
    sink.options.commit_interval = absl::Milliseconds(1);
    sink.sink = std::make_unique<FakeSink>(world_.get());
    worker_ = std::make_unique<SinkWorker>(std::move(sink), [] {});
    SourceParts parts;
    parts.os = &os_;
    parts.log = &log_;
    parts.configuration = &configuration_;
    parts.output = std::make_unique<Distributor>(std::vector<SinkWorker*>{worker_.get()},
                                                 std::vector<std::vector<StreamCursor>>(1));
    parts.sinks = {{sink_.name, sink_.kind->commit_place == nullptr
                                    ? std::nullopt
                                    : sink_.kind->commit_place(sink_)}};
    parts.wake = [this] { ++wakes_; };
    source_ = std::make_unique<KafkaLogSource>(std::move(parts));
    const absl::Status opened = source_->Open();
    ASSERT_TRUE(opened.ok()) << opened;
    worker_->Start();
  }
  template <typename Condition>
  bool Until(Condition condition) {
    return Eventually([&] {
      source_->Turn();
      return condition();
    });
  }
  void End() {
    source_->HandOnAll();
    worker_->Finish();
    while (!worker_->Join(os_.Now() + absl::Milliseconds(10))) source_->Tend();
    source_->Close();
    source_ = nullptr;
  }
  std::string Said() const {
    std::string all;
    for (const std::string& line : log_.lines()) all += "\n" + line;
    return all;
  }

  PosixOs os_;
  RecordingLog log_;
  KafkaMock mock_;
  KafkaMock other_;
  SourceConfiguration configuration_;
  SinkConfiguration sink_;
  std::unique_ptr<SinkWorld> world_;
  std::unique_ptr<SinkWorker> worker_;
  std::atomic<size_t> wakes_ = 0;
  std::unique_ptr<KafkaLogSource> source_;
};

TEST_F(KafkaLogSourceTest, ReadsAndCommitsWhatItsSinksHaveDelivered) {
  mock_.Write("raw", "pod", ProgressRecord(1));
  Begin();
  ASSERT_TRUE(Until([&] { return source_->AtEnd() && !world_->documents().empty(); })) << Said();
  EXPECT_EQ(NumbersOf(world_->documents()[0]), std::vector<size_t>{1});
  EXPECT_THAT(source_->Streams(), ElementsAre("src/raw/0", "src/raw/0/pod"));
  EXPECT_EQ(source_->parsed().total(), 1U);
  EXPECT_FALSE(source_->HasExited());
  ASSERT_TRUE(Until([&] { return source_->status().partitions == 1; }));
  EXPECT_GT(wakes_, 0U);
  End();
  // Its cursors are lost, the group's offset is not.
  mock_.Write("raw", "pod", ProgressRecord(2));
  Begin();
  ASSERT_TRUE(Until([&] { return !world_->documents().empty(); })) << Said();
  EXPECT_EQ(NumbersOf(world_->documents()[0]), std::vector<size_t>{2});
  End();
}

TEST_F(KafkaLogSourceTest, ASinkOfTheSameClusterCommitsTheGroupsOffsets) {
  DeliverExactlyOnce(/*is_same_cluster=*/true);
  mock_.Write("raw", "pod", ProgressRecord(1));
  Begin();
  ASSERT_TRUE(Until([&] { return !world_->commits().empty(); })) << Said();
  const std::vector<StreamCursor> cursors = world_->commits()[0].cursors;
  const auto offsets = source_->OffsetsOf("out", cursors);
  ASSERT_TRUE(offsets.ok() && *offsets) << offsets.status();
  ASSERT_EQ((*offsets)->offsets->cnt, 1);
  EXPECT_STREQ((*offsets)->offsets->elems[0].topic, "raw");
  EXPECT_EQ((*offsets)->offsets->elems[0].offset, 1);
  EXPECT_NE((*offsets)->member, nullptr);
  const auto others = source_->OffsetsOf("another", cursors);
  EXPECT_TRUE(others.ok() && !*others);
  End();
  // The fake sink has not, and so nobody has.
  Begin();
  ASSERT_TRUE(Until([&] { return !world_->documents().empty(); })) << Said();
  End();
}

TEST_F(KafkaLogSourceTest, ASinkOfAnotherClusterDoesNot) {
  DeliverExactlyOnce(/*is_same_cluster=*/false);
  mock_.Write("raw", "pod", ProgressRecord(1));
  Begin();
  ASSERT_TRUE(Until([&] { return !world_->commits().empty(); })) << Said();
  const auto offsets = source_->OffsetsOf("out", world_->commits()[0].cursors);
  EXPECT_TRUE(offsets.ok() && !*offsets);
  End();
}

TEST_F(KafkaLogSourceTest, WhatTheSharedCursorsHavePassedIsNotDeliveredAgain) {
  DeliverExactlyOnce(/*is_same_cluster=*/true);
  mock_.Write("raw", "pod", ProgressRecord(1));
  Begin();
  ASSERT_TRUE(Until([&] { return !world_->commits().empty(); })) << Said();
  for (const SinkWorld::Commit& commit : world_->commits()) {
    for (const StreamCursor& cursor : commit.cursors) {
      CursorRecord record;
      record.cursor = cursor.cursor;
      mock_.Write("cursors", "group:g/out/" + cursor.stream.text(), record.ToJson());
    }
  }
  End();
  mock_.Write("raw", "pod", ProgressRecord(2));
  Begin();
  ASSERT_TRUE(Until([&] { return !world_->documents().empty() && source_->AtEnd(); })) << Said();
  EXPECT_THAT(world_->documents(), SizeIs(1));
  EXPECT_EQ(NumbersOf(world_->documents()[0]), std::vector<size_t>{2});
  End();
}

}  // namespace
}  // namespace sparktail
