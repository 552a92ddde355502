#include "ingest/sources/yarn/yarn_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ingest/delivery/distributor.h"
#include "ingest/delivery/sink_worker.h"
#include "ingest/sources/yarn/yarn_position.h"
#include "tests/support/corpus.h"
#include "tests/support/fake_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"
#include "tests/support/spark_log.h"
#include "tests/support/stream_keys.h"

namespace sparktail {
namespace {

using ::sparktail::testing::FakeSink;
using ::sparktail::testing::FaultyOs;
using ::sparktail::testing::RecordingLog;
using ::sparktail::testing::Records;
using ::sparktail::testing::SinkWorld;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

YarnLog Log(int64_t since_ms = INT64_MIN) {
  YarnLog log;
  log.origin = {"application_1_0002", "etl", "root", "cluster", "1", since_ms};
  log.name = {
      {false, "worker1:8042", "container_e01_1_0002_01_000001", "root"}, "worker1:8041", "stderr"};
  return log;
}

// One life, with a sink of which each batch is a commit.
class Life {
 public:
  explicit Life(std::vector<StreamCursor> from = {}) {
    os.SetNow(absl::FromUnixSeconds(1'800'000'000));
    SinkWorker::Parts sink;
    sink.os = &os;
    sink.log = &log;
    sink.name = "out";
    sink.options.commit_bytes = 1;
    sink.options.queue_bytes = UINT64_MAX;
    sink.sink = std::make_unique<FakeSink>(&world);
    worker_ = std::make_unique<SinkWorker>(std::move(sink), [] {});
    std::vector<std::vector<StreamCursor>> cursors;
    cursors.push_back(std::move(from));
    output_ =
        std::make_unique<Distributor>(std::vector<SinkWorker*>{worker_.get()}, std::move(cursors));
    StreamParts parts;
    parts.os = &os;
    parts.log = &log;
    parts.source = "src";
    parts.environment = "test";
    parts.output = output_.get();
    parts.record_timeout = absl::Seconds(5);
    streams = std::make_unique<YarnStreams>(std::move(parts));
  }

  // What its sink has in the end, and where it stands.
  std::vector<std::string> Finish() {
    worker_->Start();
    worker_->Finish();
    EXPECT_TRUE(worker_->Join(os.Now() + absl::Seconds(120)));
    return world.documents();
  }
  std::vector<StreamCursor> cursors() const {
    std::vector<StreamCursor> last;
    for (const SinkWorld::Commit& commit : world.commits()) {
      for (const StreamCursor& cursor : commit.cursors) {
        std::erase_if(last, [&](const StreamCursor& one) { return one.stream == cursor.stream; });
        last.push_back(cursor);
      }
    }
    return last;
  }

  FaultyOs os;
  RecordingLog log;
  SinkWorld world;
  std::unique_ptr<YarnStreams> streams;

 private:
  std::unique_ptr<SinkWorker> worker_;
  std::unique_ptr<Distributor> output_;
};

TEST(YarnStreamsTest, ALogBecomesEvents) {
  Life life;
  const std::string text = Records(0, 3);
  {
    const auto tail = life.streams->MakeTail(Log());
    EXPECT_EQ(tail->begin(), 0U);
    for (const char c : text) tail->OnBytes({&c, 1});
    tail->EndTurn();
    tail->End();
  }
  const std::vector<std::string> documents = life.Finish();
  ASSERT_THAT(documents, SizeIs(3));
  EXPECT_NE(documents[2].find("\"batchId\":2"), std::string::npos);
  EXPECT_NE(documents[0].find("\"appName\":\"etl\",\"appId\":\"application_1_0002\",\"attempt\":1,"
                              "\"containerId\":\"container_e01_1_0002_01_000001\","
                              "\"deployMode\":\"cluster\""),
            std::string::npos)
      << documents[0];
  EXPECT_NE(documents[0].find("\"path\":\"application_1_0002/container_e01_1_0002_01_000001/"
                              "stderr\""),
            std::string::npos);
  EXPECT_NE(documents[0].find("\"host\":\"worker1\""), std::string::npos);
  EXPECT_EQ(life.cursors().at(0).cursor.order, text.size());
  EXPECT_TRUE(life.cursors().at(0).cursor.ended);
}

// Killed anywhere, the next life makes what is missing, and the same documents.
TEST(YarnStreamsTest, TheNextLifeGoesOn) {
  const std::string text = Records(0, 4);
  Life uncut;
  {
    const auto tail = uncut.streams->MakeTail(Log());
    tail->OnBytes(text);
    tail->End();
  }
  const std::vector<std::string> expected = uncut.Finish();
  for (size_t cut = 0; cut <= text.size(); cut += 37) {
    Life first;
    {
      const auto tail = first.streams->MakeTail(Log());
      tail->OnBytes(text.substr(0, cut));
      tail->EndTurn();
      first.streams->HandOnAll();
    }
    std::vector<std::string> documents = first.Finish();
    Life second(first.cursors());
    EXPECT_THAT(second.streams->Remembered(), ElementsAre(Log()));
    {
      const auto tail = second.streams->MakeTail(Log());
      ASSERT_LE(tail->begin(), cut);
      tail->OnBytes(std::string_view(text).substr(tail->begin()));
      tail->End();
    }
    for (std::string& document : second.Finish()) documents.push_back(std::move(document));
    ASSERT_EQ(documents, expected) << cut;
  }
}

TEST(YarnStreamsTest, TheSinksAreToldOfALogAtOnce) {
  Life life;
  const auto tail = life.streams->MakeTail(Log());
  life.Finish();
  ASSERT_THAT(life.cursors(), SizeIs(1));
  EXPECT_EQ(life.cursors()[0].cursor.order, 0U);
  Life next(life.cursors());
  EXPECT_THAT(next.streams->Remembered(), ElementsAre(Log()));
}

TEST(YarnStreamsTest, WhatHasEndedIsNotReadAgain) {
  Life life;
  life.streams->MakeTail(Log())->End();
  life.Finish();
  Life next(life.cursors());
  EXPECT_EQ(next.streams->MakeTail(Log()), nullptr);
  EXPECT_THAT(next.streams->Remembered(), IsEmpty());
}

TEST(YarnStreamsTest, OldEventsArePassedOver) {
  Life life;
  {
    const auto tail = life.streams->MakeTail(Log(/*since_ms=*/1'900'000'000'000));
    tail->OnBytes(Records(0, 3));
    tail->End();
  }
  EXPECT_THAT(life.Finish(), IsEmpty());
}

// `sparktail offsets set` moved the cursor of a log that had ended.
TEST(YarnStreamsTest, AMovedCursorIsReadOnFromThere) {
  const std::string text = Records(0, 4);
  Life first;
  {
    const auto tail = first.streams->MakeTail(Log(absl::ToUnixMillis(absl::FromUnixSeconds(1))));
    tail->OnBytes(text);
    tail->End();
  }
  const std::vector<std::string> expected = first.Finish();
  ASSERT_THAT(expected, SizeIs(4));
  std::vector<StreamCursor> cursors = first.cursors();
  Cursor& cursor = cursors.at(0).cursor;
  const uint64_t begin = Records(0, 2).size();
  ASSERT_TRUE(MoveYarnCursor(begin, nullptr, &cursor).ok());
  cursor.order = begin;
  cursor.ended = false;
  Life second(cursors);
  const std::vector<YarnLog> logs = second.streams->Remembered();
  ASSERT_THAT(logs, SizeIs(1));
  EXPECT_EQ(logs[0].name, Log().name);
  {
    const auto tail = second.streams->MakeTail(logs[0]);
    ASSERT_NE(tail, nullptr);
    EXPECT_EQ(tail->begin(), begin);
    tail->OnBytes(text.substr(begin));
    tail->End();
  }
  EXPECT_THAT(second.Finish(), ElementsAre(expected[2], expected[3]));
}

TEST(YarnStreamsTest, JobsComeInOrderAndTheNextLifeGoesOn) {
  const auto job = [](int64_t id, int64_t at_ms) {
    FinishedJob one;
    one.job.id = id;
    one.job.json = "{\"jobId\":" + std::to_string(id) + "}";
    one.job.completed = absl::FromUnixMillis(at_ms);
    return one;
  };
  YarnOrigin origin = Log().origin;
  origin.attempt.clear();
  Life life;
  EXPECT_EQ(life.streams->NextJobKey(origin), 0U);
  life.streams->OnJobs(origin, {job(1, 100), job(0, 200)});
  EXPECT_EQ(life.streams->NextJobKey(origin), JobKey(job(0, 200).job) + 1);
  EXPECT_EQ(life.streams->stats().events[static_cast<size_t>(EventKind::kJob)], 2U);
  EXPECT_THAT(life.Finish(), SizeIs(2));
  Life next(life.cursors());
  EXPECT_EQ(next.streams->NextJobKey(origin), JobKey(job(0, 200).job) + 1);
  // Told again, they are not delivered again.
  next.streams->OnJobs(origin, {job(1, 100), job(0, 200), job(2, 300)});
  EXPECT_THAT(next.Finish(), SizeIs(1));
}

TEST(YarnStreamsTest, OfManyDriversTheOneUnusedForLongestIsForgotten) {
  const auto origin = [](size_t n) {
    YarnOrigin one = Log().origin;
    one.application = "application_1_" + std::to_string(10'000 + n);
    one.attempt.clear();
    return one;
  };
  FinishedJob job;
  job.job.id = 1;
  job.job.json = "{\"jobId\":1}";
  job.job.completed = absl::FromUnixMillis(100);
  Life life;
  for (size_t n = 0; n < 10'000; ++n) life.streams->OnJobs(origin(n), {job});
  EXPECT_THAT(life.streams->Streams(), SizeIs(10'000));
  life.streams->OnJobs(origin(0), {job});
  EXPECT_THAT(life.streams->Streams(), SizeIs(10'000)) << "it was known";
  life.streams->OnJobs(origin(10'000), {job});
  EXPECT_THAT(life.streams->Streams(), SizeIs(10'000));
  EXPECT_EQ(life.streams->NextJobKey(origin(0)), JobKey(job.job) + 1);
  EXPECT_EQ(life.streams->NextJobKey(origin(1)), 0U);
  EXPECT_EQ(life.streams->NextJobKey(origin(2)), JobKey(job.job) + 1);
}

TEST(YarnStreamsTest, ReportsAreAStreamOfTheirOwn) {
  AppReport report;
  report.name = "a";
  Life life;
  EXPECT_EQ(life.streams->Reported(), absl::InfinitePast());
  life.streams->OnReports(absl::FromUnixSeconds(1000), {report});
  life.streams->OnReports(absl::FromUnixSeconds(1060), {report});
  EXPECT_THAT(life.Finish(), SizeIs(2));
  Life next(life.cursors());
  EXPECT_EQ(next.streams->Reported(), absl::FromUnixSeconds(1060));
}

}  // namespace
}  // namespace sparktail
