#include "ingest/sources/kafka/kafka_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/delivery/distributor.h"
#include "ingest/delivery/sink_worker.h"
#include "tests/support/corpus.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"
#include "tests/support/spark_log.h"
#include "tests/support/stream_keys.h"
#include "tests/support/wrap.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::FakeSink;
using ::sparktail::testing::FaultyOs;
using ::sparktail::testing::NoiseLine;
using ::sparktail::testing::Numbers;
using ::sparktail::testing::NumbersOf;
using ::sparktail::testing::ProgressRecord;
using ::sparktail::testing::ReadFile;
using ::sparktail::testing::RecordingLog;
using ::sparktail::testing::Records;
using ::sparktail::testing::Scale;
using ::sparktail::testing::Seed;
using ::sparktail::testing::SinkWorld;
using ::sparktail::testing::Wrap;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Documents = std::vector<std::string>;
using Cursors = std::vector<std::vector<StreamCursor>>;  // by sink

const KafkaPartition kZero = {"raw", 0};

struct Message {
  std::string key;
  std::string value;
};
using Messages = std::vector<Message>;

// Cursors of a sink that others move too.
class FakeSharedCursors : public SharedCursors {
 public:
  absl::Status Begin() override {
    ++begun;
    return begin;
  }
  absl::StatusOr<bool> ReadOn() override { return is_read; }
  std::vector<StreamCursor> cursors() const override { return stored; }

  absl::Status begin;
  bool is_read = true;
  int begun = 0;
  std::vector<StreamCursor> stored;
};

// One life of a member of the group, with sinks of which each group of batches is a commit.
class Life {
 public:
  explicit Life(Cursors from = Cursors(1), const KafkaSourceOptions& options = {},
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
  ~Life() {
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
      return testing::Eventually([&] { return worker->IsIdle(); });
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

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

// What a driver writes, in messages of one to four lines.
Messages MessagesOf(const std::string& key, std::string_view text, std::mt19937_64* random) {
  Messages messages;
  const std::vector<std::string> lines = Lines(text);
  for (size_t i = 0; i < lines.size();) {
    Message message{key, ""};
    for (size_t n = 1 + (*random)() % 4; n > 0 && i < lines.size(); --n)
      message.value += lines[i++];
    if ((*random)() % 2 == 0) message.value.pop_back();  // it ends its line all the same
    messages.push_back(std::move(message));
  }
  return messages;
}

Messages Interleaved(std::vector<Messages> all, std::mt19937_64* random) {
  Messages joined;
  std::vector<size_t> at(all.size());
  while (true) {
    std::vector<size_t> rest;
    for (size_t i = 0; i < all.size(); ++i) {
      if (at[i] < all[i].size()) rest.push_back(i);
    }
    if (rest.empty()) return joined;
    const size_t i = rest[(*random)() % rest.size()];
    joined.push_back(all[i][at[i]++]);
  }
}

Documents Sorted(Documents documents) {
  std::sort(documents.begin(), documents.end());
  return documents;
}

int64_t OffsetIn(const std::map<StreamKey, StreamCursor>& cursors) {
  const auto found = cursors.find(StreamKey("src", "raw/0"));
  if (found == cursors.end()) return 0;
  const auto position = KafkaPosition::FromJson(found->second.cursor.position);
  EXPECT_TRUE(position && position->group == "sparktail");
  return position->offset;
}

std::vector<StreamCursor> ValuesOf(const std::map<StreamKey, StreamCursor>& cursors) {
  std::vector<StreamCursor> values;
  for (const auto& [stream, cursor] : cursors) values.push_back(cursor);
  return values;
}

size_t CountOf(const Documents& documents, std::string_view text) {
  return static_cast<size_t>(
      std::count_if(documents.begin(), documents.end(),
                    [&](const std::string& one) { return one.find(text) != std::string::npos; }));
}

class KafkaStreamsTest : public ::testing::Test {
 protected:
  // From every commit on, a new life delivers what was behind it, and the same.
  void ExpectResumes(const SinkWorld& world, const Messages& messages,
                     const KafkaSourceOptions& options = {}) {
    const std::vector<SinkWorld::Commit> commits = world.commits();
    const Documents all = world.documents();
    std::map<StreamKey, StreamCursor> cursors;
    size_t delivered = 0;
    const size_t step = 1 + commits.size() / (40 * static_cast<size_t>(Scale()));
    for (size_t k = 0; k < commits.size(); ++k) {
      for (const StreamCursor& cursor : commits[k].cursors) cursors[cursor.stream] = cursor;
      delivered += commits[k].documents.size();
      if (k % step != 0) continue;
      SCOPED_TRACE("commit " + std::to_string(k));
      Life life(Cursors{ValuesOf(cursors)}, options);
      const int64_t from = OffsetIn(cursors);
      life.Begin(from);
      life.TakeAll(messages, from, &random_);
      life.End();
      const Documents expected(all.begin() + static_cast<ptrdiff_t>(delivered), all.end());
      ASSERT_EQ(Sorted(life.Finish().documents()), Sorted(expected));
    }
  }

  std::mt19937_64 random_{Seed()};
};

TEST_F(KafkaStreamsTest, InterleavedDriversAreParsedApart) {
  const Messages messages = Interleaved(
      {MessagesOf("a", Records(0, 30), &random_), MessagesOf("b", Records(100, 130), &random_),
       MessagesOf("", Records(200, 230), &random_)},
      &random_);
  Life life;
  life.Begin();
  life.TakeAll(messages, 0, &random_);
  std::vector<size_t> numbers;
  for (const std::string& document : life.Finish().documents()) {
    for (const size_t n : NumbersOf(document)) numbers.push_back(n);
  }
  for (const size_t begin : {size_t{0}, size_t{100}, size_t{200}}) {
    std::vector<size_t> own;
    std::copy_if(numbers.begin(), numbers.end(), std::back_inserter(own),
                 [&](size_t n) { return n >= begin && n < begin + 100; });
    EXPECT_EQ(own, Numbers(begin, begin + 30));
  }
}

TEST_F(KafkaStreamsTest, GoesOnExactlyFromEveryCommit) {
  const Messages messages = Interleaved(
      {MessagesOf("a", ReadFile(DataPath("3.5.9/basic.default.log")).substr(0, 200'000), &random_),
       MessagesOf("b", ReadFile(DataPath("3.5.9/fail.default.log")).substr(0, 200'000), &random_),
       MessagesOf("c", Records(0, 20), &random_)},
      &random_);
  Life life;
  life.Begin();
  life.TakeAll(messages, 0, &random_);
  life.End();
  const SinkWorld& world = life.Finish();
  ASSERT_GT(world.documents().size(), 20U);
  ExpectResumes(world, messages);
}

TEST_F(KafkaStreamsTest, GoesOnExactlyInWhatARuntimeHasWrapped) {
  std::vector<Messages> pods;
  for (const char* key : {"pod-1", "pod-2"}) {
    const std::string wrapped =
        Wrap(Records(0, 12), Records(50, 62), {.part = 40}, [this] { return random_() % 2 == 0; });
    pods.push_back(MessagesOf(key, wrapped, &random_));
  }
  const Messages messages = Interleaved(std::move(pods), &random_);
  Life life;
  life.Begin();
  life.TakeAll(messages, 0, &random_);
  life.End();
  const SinkWorld& world = life.Finish();
  EXPECT_EQ(world.documents().size(), 48U);
  ExpectResumes(world, messages);
}

// Of noise that is followed by a part of a line.
TEST_F(KafkaStreamsTest, WhatTheGroupsOffsetHasPassedIsInTheCursors) {
  const auto wrapped = [](const std::string& tag, const std::string& text) {
    return "2026-01-01T00:00:00.000000001Z stderr " + tag + " " + text + "\n";
  };
  const std::string noise = NoiseLine(0).substr(0, NoiseLine(0).size() - 1);
  const Messages messages = {{"a", wrapped("F", noise)},
                             {"a", wrapped("P", noise.substr(0, 20))},
                             {"b", ProgressRecord(1)},
                             {"a", wrapped("F", noise.substr(20))},
                             {"a", Wrap(ProgressRecord(2), {.wrapping = Wrapping::kCri})}};
  Life life;
  life.Begin();
  for (size_t n = 0; n < messages.size(); ++n) {
    life.Take(static_cast<int64_t>(n), messages[n]);
    life.streams->EndTurn();
  }
  life.End();
  const SinkWorld& world = life.Finish();
  EXPECT_EQ(world.documents().size(), 2U);
  ExpectResumes(world, messages);
}

TEST_F(KafkaStreamsTest, TheGroupsOffsetStaysBeforeWhatIsOpen) {
  Life life;
  life.Begin();
  const std::string record = ProgressRecord(7);
  life.Take(0, {"a", NoiseLine(0)});
  life.Take(1, {"b", record.substr(0, 300)});
  life.Take(2, {"a", ProgressRecord(1)});
  life.streams->EndTurn();
  life.Start();
  ASSERT_TRUE(life.Delivers());
  life.streams->Tick();
  EXPECT_EQ(life.streams->OffsetToCommit(kZero), 1);
  EXPECT_EQ(life.streams->OffsetToCommit(kZero), std::nullopt) << "it is no news any more";
  life.Take(3, {"b", record.substr(300)});
  life.streams->EndTurn();
  ASSERT_TRUE(life.Delivers());
  life.streams->Tick();
  EXPECT_EQ(life.streams->OffsetToCommit(kZero), 4);
  EXPECT_EQ(life.Finish().documents().size(), 2U);
}

TEST_F(KafkaStreamsTest, TheSlowestSinkHoldsTheGroupsOffset) {
  Life life(Cursors(2));
  life.worlds[1]->Close();
  life.Begin();
  life.Take(0, {"a", ProgressRecord(1)});
  life.streams->EndTurn();
  life.Start();
  ASSERT_TRUE(testing::Eventually([&] { return !life.worlds[0]->commits().empty(); }));
  life.streams->Tick();
  EXPECT_EQ(life.streams->OffsetToCommit(kZero), std::nullopt);
  life.streams->Leave(kZero);
  EXPECT_FALSE(life.streams->HasLeft(kZero));
  life.worlds[1]->Open();
  ASSERT_TRUE(life.Delivers());
  EXPECT_TRUE(life.streams->HasLeft(kZero));
  EXPECT_EQ(life.streams->OffsetToCommit(kZero), 1);
  life.streams->Drop(kZero);
  EXPECT_THAT(life.streams->Streams(), IsEmpty());
  life.Finish();
}

TEST_F(KafkaStreamsTest, ATraceEndsWithSilenceAndProgressIsGivenUpLater) {
  KafkaSourceOptions options;
  Life life(Cursors(1), options);
  life.Begin();
  life.Take(0, {"a", ProgressRecord(1).substr(0, 300)});
  life.Take(1, {"b",
                "26/11/21 15:00:00 ERROR MicroBatchExecution: Query rates [id = "
                "11111111-2222-3333-4444-555555555555, runId = "
                "66666666-7777-8888-9999-000000000000] terminated with error\n"
                "java.lang.IllegalStateException: no\n\tat a.B.c(B.scala:1)\n"});
  life.streams->EndTurn();
  life.os.Advance(options.record_timeout * 2);
  life.streams->Tick();
  EXPECT_EQ(life.streams->stats().total(), 0U) << "more of it may be there";
  life.streams->OnEndReached(kZero, 2);
  life.streams->Tick();
  EXPECT_EQ(life.streams->stats().total(), 1U);
  life.os.Advance(options.open_record_wait);
  life.streams->Tick();
  EXPECT_EQ(life.streams->stats().incomplete, 1U);
  // The stream goes on behind it.
  life.Take(2, {"a", ProgressRecord(1).substr(300) + Records(2, 4)});
  life.streams->EndTurn();
  life.Start();
  ASSERT_TRUE(life.Delivers());
  life.streams->Tick();
  EXPECT_EQ(life.streams->OffsetToCommit(kZero), 3);
  const Documents documents = life.Finish().documents();
  EXPECT_EQ(CountOf(documents, "IllegalStateException"), 1U);
  EXPECT_EQ(CountOf(documents, "end_of_stream"), 1U);
  EXPECT_EQ(CountOf(documents, "\"kind\":\"progress\""), 2U);
}

TEST_F(KafkaStreamsTest, WhatIsOpenOverTooMuchOfThePartitionIsGivenUp) {
  KafkaSourceOptions options;
  options.open_record_bytes = 100'000;
  Life life(Cursors(1), options);
  life.Begin();
  life.Take(0, {"a", ProgressRecord(1).substr(0, 300)});
  for (int64_t offset = 1; offset < 50; ++offset) life.Take(offset, {"b", NoiseLine()});
  life.streams->EndTurn();
  EXPECT_EQ(life.streams->stats().incomplete, 0U);
  for (int64_t offset = 50; offset < 2000; ++offset) life.Take(offset, {"b", NoiseLine()});
  life.streams->EndTurn();
  EXPECT_EQ(life.streams->stats().incomplete, 1U);
  life.Finish();
}

TEST_F(KafkaStreamsTest, ResumesAlsoWhereSomethingWasGivenUp) {
  KafkaSourceOptions options;
  options.open_record_bytes = 20'000;
  Messages messages;
  for (size_t n = 0; n < 20; ++n) {
    const std::string key = "cut-" + std::to_string(n % 3);
    messages.push_back({key, ProgressRecord(n).substr(0, 250)});
    for (const std::string& line : Lines(Records(100 + n, 101 + n) + Records(200 + n, 230 + n))) {
      messages.push_back({"whole", line});
    }
  }
  Life life(Cursors(1), options);
  life.Begin();
  life.TakeAll(messages, 0, &random_);
  life.End();
  const SinkWorld& world = life.Finish();
  EXPECT_EQ(CountOf(world.documents(), "incomplete"), 20U);
  ExpectResumes(world, messages, options);
}

TEST_F(KafkaStreamsTest, WhatIsGoneFromTheTopicIsNotWaitedFor) {
  Life first;
  first.Begin();
  first.Take(0, {"a", NoiseLine() + ProgressRecord(1).substr(0, 300)});
  first.Take(1, {"b", ProgressRecord(2)});
  first.streams->EndTurn();
  std::map<StreamKey, StreamCursor> cursors;
  for (const SinkWorld::Commit& commit : first.Finish().commits()) {
    for (const StreamCursor& cursor : commit.cursors) cursors[cursor.stream] = cursor;
  }
  ASSERT_EQ(OffsetIn(cursors), 0);
  Life life(Cursors{ValuesOf(cursors)});
  life.Begin(0);
  life.Take(5, {"a", Records(3, 4)});
  life.streams->EndTurn();
  EXPECT_EQ(NumbersOf(life.Finish().documents().at(0)), std::vector<size_t>{3});
}

TEST_F(KafkaStreamsTest, ANewSinkBeginsWhereTheGroupStands) {
  Messages messages;
  for (size_t n = 0; n < 10; ++n) messages.push_back({"a", NoiseLine() + ProgressRecord(n)});
  Life first;
  first.Begin();
  first.TakeAll({messages.begin(), messages.begin() + 4}, 0, &random_);
  std::map<StreamKey, StreamCursor> cursors;
  for (const SinkWorld::Commit& commit : first.Finish().commits()) {
    for (const StreamCursor& cursor : commit.cursors) cursors[cursor.stream] = cursor;
  }
  ASSERT_EQ(OffsetIn(cursors), 4);
  Life life(Cursors{ValuesOf(cursors), {}});
  life.Begin(4);
  life.TakeAll(messages, 4, &random_);
  life.Finish();
  EXPECT_EQ(life.worlds[0]->documents().size(), 6U);
  EXPECT_EQ(life.worlds[1]->documents(), life.worlds[0]->documents());
}

// The first sink had committed, the second had not, and so the group had not either.
TEST_F(KafkaStreamsTest, ASinkThatIsBehindGetsWhatItLacks) {
  Messages messages;
  for (size_t n = 0; n < 10; ++n) messages.push_back({"a", NoiseLine() + ProgressRecord(n)});
  Life first;
  first.Begin();
  first.TakeAll({messages.begin(), messages.begin() + 4}, 0, &random_);
  std::map<StreamKey, StreamCursor> cursors;
  for (const SinkWorld::Commit& commit : first.Finish().commits()) {
    for (const StreamCursor& cursor : commit.cursors) cursors[cursor.stream] = cursor;
  }
  Life life(Cursors{ValuesOf(cursors), {}});
  life.Begin(std::nullopt);
  life.TakeAll(messages, 0, &random_);
  life.Finish();
  EXPECT_EQ(life.worlds[0]->documents().size(), 6U);
  EXPECT_EQ(life.worlds[1]->documents().size(), 10U);
}

// The same, where the first sink's transaction has committed the group's offset: where it began,
// for the second one has nothing.
TEST_F(KafkaStreamsTest, ASinkThatHasNothingYetIsNotTakenForANewOne) {
  constexpr int64_t kFirst = 100;
  Life first(Cursors(2));
  first.Begin();
  for (size_t n = 0; n < 4; ++n) {
    first.Take(kFirst + static_cast<int64_t>(n), {"a", ProgressRecord(n)});
  }
  first.streams->EndTurn();
  std::map<StreamKey, StreamCursor> cursors;
  for (const SinkWorld::Commit& commit : first.Finish().commits()) {
    for (const StreamCursor& cursor : commit.cursors) cursors[cursor.stream] = cursor;
  }
  const auto group = first.share->OffsetsOf(0, ValuesOf(cursors), [] {});
  ASSERT_TRUE(group.ok());
  ASSERT_EQ(group->at(kZero), kFirst);
  // Twice, for it may be killed again before the second one has anything.
  for (int lives = 0; lives < 2; ++lives) {
    Life life(Cursors{ValuesOf(cursors), {}});
    life.Begin(kFirst);
    for (size_t n = 0; n < 6; ++n) {
      life.Take(kFirst + static_cast<int64_t>(n), {"a", ProgressRecord(n)});
    }
    life.streams->EndTurn();
    life.Finish();
    EXPECT_EQ(life.worlds[0]->documents().size(), lives == 0 ? 2U : 0U);
    EXPECT_EQ(life.worlds[1]->documents().size(), 6U);
    for (const SinkWorld::Commit& commit : life.worlds[0]->commits()) {
      for (const StreamCursor& cursor : commit.cursors) cursors[cursor.stream] = cursor;
    }
  }
}

TEST_F(KafkaStreamsTest, SharedCursorsAreReadBeforeAPartitionBegins) {
  Life first;
  first.Begin();
  first.Take(0, {"a", Records(0, 2)});
  first.streams->EndTurn();
  FakeSharedCursors shared;
  for (const SinkWorld::Commit& commit : first.Finish().commits()) {
    for (const StreamCursor& cursor : commit.cursors) shared.stored.push_back(cursor);
  }
  Life life(Cursors(1), {}, {&shared});
  shared.begin = absl::UnavailableError("away");
  life.streams->OnAssigned(kZero);
  EXPECT_FALSE(life.streams->IsReady(kZero));
  EXPECT_TRUE(life.log.Has("waits for the cursors of sink out0: away"));
  shared.begin = absl::OkStatus();
  EXPECT_FALSE(life.streams->IsReady(kZero)) << "it does not ask without a pause";
  EXPECT_EQ(shared.begun, 1);
  life.os.Advance(absl::Seconds(2));
  shared.is_read = false;
  EXPECT_FALSE(life.streams->IsReady(kZero));
  EXPECT_FALSE(life.streams->IsReady(kZero));
  EXPECT_EQ(shared.begun, 2);
  shared.is_read = true;
  EXPECT_TRUE(life.streams->IsReady(kZero));
  life.streams->Begin(kZero, 0);
  life.Take(0, {"a", Records(0, 2)});
  life.Take(1, {"a", Records(2, 3)});
  life.streams->EndTurn();
  EXPECT_THAT(life.Finish().documents(), ::testing::SizeIs(1));
}

TEST_F(KafkaStreamsTest, WhatIsLostIsNotDeliveredAndComesBackOnlyWhenNothingHoldsIt) {
  Life life;
  life.Begin();
  life.Take(0, {"a", Records(0, 1)});
  life.streams->EndTurn();
  life.streams->OnLost(kZero);
  life.streams->OnAssigned(kZero);
  EXPECT_FALSE(life.streams->IsReady(kZero)) << "the sink has a batch of it still";
  life.Start();
  ASSERT_TRUE(life.Delivers());
  EXPECT_TRUE(life.streams->IsReady(kZero));
  life.streams->Begin(kZero, 0);
  life.Take(0, {"a", Records(0, 1)});
  life.streams->EndTurn();
  EXPECT_THAT(life.Finish().documents(), ::testing::SizeIs(1));
}

TEST_F(KafkaStreamsTest, StartAtPassesOverOldEventsOfANewGroupOnly) {
  KafkaSourceOptions options;
  options.start_at = {StartAt::Kind::kAge, absl::Hours(1)};
  for (const bool is_new : {true, false}) {
    Life life(Cursors(1), options);
    life.Begin(is_new ? std::nullopt : std::optional<int64_t>(0));
    life.Take(0, {"a", Records(0, 2)});
    life.streams->EndTurn();
    life.streams->HandOnAll();
    EXPECT_EQ(life.Finish().documents().size(), is_new ? 0U : 2U);
  }
}

TEST_F(KafkaStreamsTest, ANewGroupThatStartsAtTheEndSaysSoAtOnce) {
  Life life;
  life.Begin();
  life.streams->OnEndReached(kZero, 42);
  life.streams->EndTurn();
  life.Start();
  ASSERT_TRUE(life.Delivers());
  life.streams->Tick();
  EXPECT_EQ(life.streams->OffsetToCommit(kZero), 42);
  life.Finish();
}

TEST_F(KafkaStreamsTest, IdleStreamsAreLetGoAndComeBackWhereTheyWere) {
  Life life;
  life.Begin();
  life.Take(0, {"a", Records(0, 2)});
  life.streams->EndTurn();
  life.Start();
  ASSERT_TRUE(life.Delivers());
  life.streams->Tick();
  EXPECT_EQ(life.streams->streams(), 1U);
  life.os.Advance(absl::Minutes(20));
  life.streams->Tick();
  EXPECT_EQ(life.streams->streams(), 0U);
  EXPECT_EQ(life.streams->stats().total(), 2U);
  life.Take(1, {"a", NoiseLine() + ProgressRecord(2)});
  life.streams->EndTurn();
  const SinkWorld& world = life.Finish();
  EXPECT_THAT(world.documents().back(),
              HasSubstr("\"offset\":" + std::to_string((Records(0, 2) + NoiseLine()).size())));
}

TEST_F(KafkaStreamsTest, FactsAreThoseOfTheEnvelope) {
  Life life;
  life.Begin();
  std::string text;
  for (const char c : Records(1, 2)) {
    if (c == '\n') {
      text += "\\n";
    } else {
      if (c == '"') text += '\\';
      text += c;
    }
  }
  life.Take(0, {"a", R"({"log":")" + text + R"(","stream":"stderr","kubernetes":{"pod_name":"p",)" +
                         R"("namespace_name":"n","container_name":"c","host":"h"}})"});
  life.streams->EndTurn();
  EXPECT_THAT(life.streams->Streams(), ElementsAre("src/raw/0", "src/raw/0/a#stderr"));
  const Documents documents = life.Finish().documents();
  ASSERT_EQ(documents.size(), 1U);
  EXPECT_THAT(documents[0], HasSubstr("\"host\":\"h\""));
  EXPECT_THAT(documents[0], HasSubstr("\"p\""));
}

TEST_F(KafkaStreamsTest, NothingComesFromWhatLeaves) {
  Life life;
  life.Begin();
  life.streams->Leave(kZero);
  life.Take(0, {"a", Records(0, 1)});
  life.streams->OnEndReached(kZero, 1);
  life.streams->EndTurn();
  EXPECT_TRUE(life.streams->HasLeft(kZero));
  EXPECT_THAT(life.Finish().documents(), IsEmpty());
}

}  // namespace
}  // namespace sparktail
