#include "ingest/delivery/sink_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/fake_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/memory_cursor_store.h"
#include "tests/support/recording_log.h"
#include "tests/support/stream_keys.h"

namespace sparktail {
namespace {

using ::sparktail::testing::Eventually;
using ::sparktail::testing::FakeSink;
using ::sparktail::testing::FaultyOs;
using ::sparktail::testing::MakeBatch;
using ::sparktail::testing::MemoryCursorStore;
using ::sparktail::testing::RecordingLog;
using ::sparktail::testing::SinkWorld;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Step = SinkWorld::Step;

constexpr absl::Duration kLong = absl::Seconds(120);

std::vector<std::string> Names(size_t begin, size_t end) {
  std::vector<std::string> names;
  for (size_t n = begin; n < end; ++n) names.push_back("d" + std::to_string(n));
  return names;
}

// "a:3 b:5", in their order.
std::string CursorsOf(const SinkWorld::Commit& commit) {
  std::string text;
  for (const StreamCursor& cursor : commit.cursors) {
    text += (text.empty() ? "" : " ") + cursor.stream.text() + ":" +
            std::to_string(cursor.cursor.order);
  }
  return text;
}

// One worker over one fake sink.
class Rig {
 public:
  explicit Rig(const DeliveryOptions& options = Often(), CursorStore* mirror = nullptr) {
    SinkWorker::Parts parts;
    parts.os = &os;
    parts.log = &log;
    parts.name = "out";
    parts.kind = "fake";
    parts.options = options;
    parts.sink = std::make_unique<FakeSink>(&world);
    parts.mirror = mirror;
    parts.dead_letters = [] { return uint64_t{7}; };
    worker = std::make_unique<SinkWorker>(std::move(parts), [this] { ++wakes; });
  }
  ~Rig() { world.Open(); }

  static DeliveryOptions Often() {
    DeliveryOptions options;
    options.commit_interval = absl::Milliseconds(1);
    return options;
  }
  // Only because of commit_bytes or at the end.
  static DeliveryOptions Seldom() {
    DeliveryOptions options;
    options.commit_interval = absl::InfiniteDuration();
    return options;
  }

  // Batches of one document, each of one byte of stream "a".
  void Push(size_t begin, size_t end) {
    for (size_t n = begin; n < end; ++n) worker->Push(MakeBatch("a", n + 1, Names(n, n + 1)), 0);
  }
  bool Delivers() {
    return Eventually([&] { return worker->IsIdle(); });
  }
  bool Ends() {
    worker->Finish();
    return worker->Join(absl::Now() + kLong);
  }

  FaultyOs os;
  RecordingLog log;
  SinkWorld world;
  std::atomic<size_t> wakes = 0;
  std::unique_ptr<SinkWorker> worker;
};

TEST(SinkWorkerTest, WritesInOrderAndCommitsTheLastCursorOfEachStream) {
  Rig rig(Rig::Seldom());
  rig.worker->Push(MakeBatch("a", 1, {"d0"}), 0);
  rig.worker->Push(MakeBatch("b", 2, {"d1", "d2"}), 0);
  rig.worker->Push(MakeBatch("a", 3, {"d3", "d4"}), 0);
  rig.worker->Push(MakeBatch("b", 9, {}), 0);
  rig.worker->Start();
  ASSERT_TRUE(rig.Ends());
  EXPECT_EQ(rig.world.documents(), Names(0, 5));
  ASSERT_FALSE(rig.world.commits().empty());
  EXPECT_EQ(CursorsOf(rig.world.commits().back()), "a:3 b:9");
  EXPECT_EQ(rig.world.calls(Step::kWrite), 3U) << "a batch without events was written";
  EXPECT_TRUE(rig.worker->failure().ok());
}

TEST(SinkWorkerTest, WritesOnlyWhatTheSinkLacks) {
  Rig rig;
  rig.worker->Start();
  rig.worker->Push(MakeBatch("a", 3, {"x", "y", "d0"}), 2);
  rig.worker->Push(MakeBatch("a", 5, {"x", "y"}), 2);
  ASSERT_TRUE(rig.Ends());
  EXPECT_EQ(rig.world.documents(), Names(0, 1));
  EXPECT_EQ(CursorsOf(rig.world.commits().back()), "a:5");
  EXPECT_EQ(rig.worker->status().events, 1U);
  EXPECT_EQ(rig.worker->status().queue_events, 0U);
}

TEST(SinkWorkerTest, CommitsWhatGoesTogetherAtOnce) {
  DeliveryOptions options = Rig::Often();
  options.commit_bytes = 1;
  Rig rig(options);
  rig.worker->Start();
  for (size_t n = 0; n < 20; ++n) {
    rig.worker->Push(MakeBatch("a", n + 1, {"a"}), 0, /*more=*/true);
    rig.worker->Push(MakeBatch("b", n + 1, {"b"}), 0, /*more=*/true);
    rig.worker->Push(MakeBatch("c", n + 1, {"c"}), 0);
  }
  ASSERT_TRUE(rig.Ends());
  const std::vector<SinkWorld::Commit> commits = rig.world.commits();
  ASSERT_EQ(commits.size(), 20U);
  for (size_t n = 0; n < commits.size(); ++n) {
    const std::string at = std::to_string(n + 1);
    EXPECT_EQ(CursorsOf(commits[n]), "a:" + at + " b:" + at + " c:" + at);
    EXPECT_THAT(commits[n].documents, ElementsAre("a", "b", "c"));
  }
}

TEST(SinkWorkerTest, HoldsCommitBackUntilTheRestHasCome) {
  DeliveryOptions options = Rig::Often();
  options.commit_bytes = 1;
  Rig rig(options);
  rig.worker->Start();
  rig.worker->Push(MakeBatch("a", 1, {"a"}), 0, /*more=*/true);
  ASSERT_TRUE(Eventually([&] { return rig.world.calls(Step::kWrite) == 1; }));
  EXPECT_EQ(rig.world.calls(Step::kCommit), 0U);
  rig.worker->Push(MakeBatch("b", 1, {"b"}), 0);
  ASSERT_TRUE(rig.Delivers());
  ASSERT_EQ(rig.world.commits().size(), 1U);
  EXPECT_EQ(CursorsOf(rig.world.commits()[0]), "a:1 b:1");
}

TEST(SinkWorkerTest, WritesAgainAllSinceTheLastCommit) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted}) {
    Rig rig(Rig::Seldom());
    rig.world.Behave([code](Step step, size_t n) {
      const bool fails = step == Step::kWrite && (n == 4 || n == 7);
      return fails ? absl::Status(code, "not now") : absl::OkStatus();
    });
    // The first commit is made at once, of however much there is: of all.
    rig.Push(0, 5);
    rig.worker->Start();
    ASSERT_TRUE(rig.Ends());
    EXPECT_EQ(rig.world.documents(), Names(0, 5));
    EXPECT_THAT(rig.world.written(),
                ElementsAre("d0", "d1", "d2", "d0", "d1", "d0", "d1", "d2", "d3", "d4"));
    EXPECT_EQ(rig.world.calls(Step::kRollback), 2U);
    EXPECT_EQ(rig.worker->status().errors, 2U);
    EXPECT_EQ(rig.worker->status().events, 5U);
    EXPECT_EQ(rig.worker->status().state, SinkStatus::State::kRunning);
    EXPECT_EQ(rig.worker->status().why, "");
    EXPECT_TRUE(rig.log.Has("is paused: not now"));
    EXPECT_EQ(rig.log.Has("when there is room"), code == absl::StatusCode::kResourceExhausted);
  }
}

TEST(SinkWorkerTest, WritesAgainWhenACommitFailsButNotWhatWasCommittedBefore) {
  Rig rig;
  rig.world.Behave([](Step step, size_t n) {
    const bool fails =
        (step == Step::kCommit && (n == 2 || n == 3)) || (step == Step::kRollback && n == 1);
    return fails ? absl::UnavailableError("not now") : absl::OkStatus();
  });
  rig.worker->Start();
  rig.Push(0, 1);
  ASSERT_TRUE(rig.Delivers());
  rig.Push(1, 2);
  ASSERT_TRUE(rig.Delivers());
  EXPECT_EQ(rig.world.documents(), Names(0, 2));
  EXPECT_THAT(rig.world.written(), ElementsAre("d0", "d1", "d1", "d1"));
  EXPECT_EQ(rig.world.calls(Step::kRollback), 3U);
  EXPECT_EQ(rig.worker->status().errors, 3U);
}

TEST(SinkWorkerTest, DoesNotWriteAgainWhatAFailedCommitDelivered) {
  Rig rig;
  rig.world.FailedCommitsTakeEffect();
  rig.world.Behave([](Step step, size_t n) {
    const bool fails = step == Step::kCommit && n == 1;
    return fails ? absl::UnavailableError("the answer was lost") : absl::OkStatus();
  });
  rig.Push(0, 3);
  rig.worker->Start();
  ASSERT_TRUE(rig.Delivers());
  rig.Push(3, 4);
  ASSERT_TRUE(rig.Ends());
  EXPECT_EQ(rig.world.documents(), Names(0, 4));
  EXPECT_EQ(rig.world.written(), Names(0, 4));
  EXPECT_EQ(rig.worker->status().events, 4U);
  EXPECT_EQ(rig.worker->status().queue_bytes, 0U);
  EXPECT_EQ(rig.worker->status().state, SinkStatus::State::kRunning);
}

TEST(SinkWorkerTest, ASmallQueueStopsTheReaderAndWakesIt) {
  DeliveryOptions options = Rig::Often();
  options.queue_bytes = 2 * MakeBatch("a", 1, Names(0, 1))->cost();
  Rig rig(options);
  rig.world.Close();
  rig.worker->Start();
  EXPECT_TRUE(rig.worker->HasRoom());
  rig.Push(0, 1);
  EXPECT_TRUE(rig.worker->HasRoom());
  rig.Push(1, 2);
  EXPECT_FALSE(rig.worker->HasRoom());
  EXPECT_EQ(rig.wakes, 0U);
  EXPECT_EQ(rig.worker->status().queue_bytes, options.queue_bytes);
  EXPECT_EQ(rig.worker->status().queue_events, 2U);
  rig.world.Open();
  ASSERT_TRUE(Eventually([&] { return rig.wakes == 1; }));
  EXPECT_TRUE(rig.worker->HasRoom());
  // Nobody waits: nobody is woken.
  ASSERT_TRUE(rig.Delivers());
  rig.Push(2, 3);
  ASSERT_TRUE(rig.Delivers());
  EXPECT_EQ(rig.wakes, 1U);
  ASSERT_TRUE(rig.Ends());
  EXPECT_TRUE(Eventually([&] { return rig.wakes == 2; })) << "not told that it ended";
  EXPECT_FALSE(rig.worker->HasRoom());
}

TEST(SinkWorkerTest, AReaderThatWaitsGetsAllThroughASmallQueue) {
  DeliveryOptions options = Rig::Often();
  options.queue_bytes = 1;
  Rig rig(options);
  rig.worker->Start();
  for (size_t n = 0; n < 50; ++n) {
    ASSERT_TRUE(Eventually([&] { return rig.worker->HasRoom(); })) << n;
    rig.Push(n, n + 1);
  }
  ASSERT_TRUE(rig.Ends());
  EXPECT_EQ(rig.world.documents(), Names(0, 50));
}

TEST(SinkWorkerTest, IsLeftWhenItFailsForEver) {
  Rig rig;
  rig.world.Behave([](Step step, size_t) {
    return step == Step::kCommit ? absl::UnavailableError("no route") : absl::OkStatus();
  });
  rig.worker->Start();
  rig.Push(0, 2);
  ASSERT_TRUE(Eventually([&] { return rig.worker->status().errors > 0; }));
  EXPECT_EQ(rig.worker->status().state, SinkStatus::State::kPaused);
  EXPECT_EQ(rig.worker->status().why, "no route");
  EXPECT_FALSE(rig.worker->IsIdle());
  rig.worker->Finish();
  EXPECT_FALSE(rig.worker->Join(absl::Now() + absl::Milliseconds(50)));
  EXPECT_TRUE(rig.worker->failure().ok()) << "it may work later";
  EXPECT_EQ(rig.worker->status().queue_events, 2U);
  const absl::Time before = absl::Now();
  rig.worker.reset();
  EXPECT_LT(absl::Now() - before, absl::Seconds(10));
  EXPECT_THAT(rig.world.documents(), IsEmpty());
}

TEST(SinkWorkerTest, EndsWhenTheReaderOfStandardOutputIsGone) {
  Rig rig;
  rig.world.Behave([](Step, size_t) { return absl::CancelledError("closed"); });
  rig.worker->Start();
  rig.Push(0, 2);
  ASSERT_TRUE(rig.worker->Join(absl::Now() + kLong));
  EXPECT_TRUE(absl::IsCancelled(rig.worker->failure()));
  EXPECT_EQ(rig.worker->status().state, SinkStatus::State::kStopped);
  EXPECT_THAT(rig.log.lines(), IsEmpty());
  EXPECT_TRUE(Eventually([&] { return rig.wakes == 1; }));
}

TEST(SinkWorkerTest, EndsAtAHardErrorAndSaysWhy) {
  Rig rig;
  rig.world.Behave([](Step step, size_t) {
    return step == Step::kWrite ? absl::DataLossError("damaged") : absl::OkStatus();
  });
  rig.worker->Start();
  rig.Push(0, 2);
  ASSERT_TRUE(rig.worker->Join(absl::Now() + kLong));
  EXPECT_TRUE(absl::IsDataLoss(rig.worker->failure()));
  EXPECT_EQ(rig.worker->status().state, SinkStatus::State::kStopped);
  EXPECT_EQ(rig.worker->status().why, "damaged");
  EXPECT_FALSE(rig.worker->IsIdle());
  EXPECT_FALSE(rig.worker->HasRoom());
  EXPECT_THAT(rig.log.lines(), ElementsAre("E sink out stopped: damaged"));
  EXPECT_EQ(rig.world.calls(Step::kCommit), 0U);
}

TEST(SinkWorkerTest, AHardErrorOfRollbackEndsItToo) {
  Rig rig;
  rig.world.Behave([](Step step, size_t) {
    if (step == Step::kWrite) return absl::UnavailableError("not now");
    return step == Step::kRollback ? absl::DataLossError("damaged") : absl::OkStatus();
  });
  rig.worker->Start();
  rig.Push(0, 1);
  ASSERT_TRUE(rig.worker->Join(absl::Now() + kLong));
  EXPECT_TRUE(absl::IsDataLoss(rig.worker->failure()));
}

TEST(SinkWorkerTest, AStuckWorkerDoesNotHoldUpAnother) {
  Rig stuck;
  Rig healthy;
  stuck.world.Close();
  stuck.worker->Start();
  healthy.worker->Start();
  stuck.Push(0, 30);
  healthy.Push(0, 30);
  ASSERT_TRUE(healthy.Delivers());
  EXPECT_EQ(healthy.world.documents(), Names(0, 30));
  ASSERT_TRUE(healthy.Ends());
  stuck.worker->Finish();
  EXPECT_FALSE(stuck.worker->Join(absl::Now() + absl::Milliseconds(20)));
  EXPECT_THAT(stuck.world.documents(), IsEmpty());
  stuck.world.Open();
  ASSERT_TRUE(stuck.Ends());
  EXPECT_EQ(stuck.world.documents(), Names(0, 30));
}

TEST(SinkWorkerTest, ASlowSinkGetsAllInOrder) {
  Rig rig;
  rig.world.Behave([](Step, size_t) {
    absl::SleepFor(absl::Microseconds(300));
    return absl::OkStatus();
  });
  rig.worker->Start();
  rig.Push(0, 200);
  ASSERT_TRUE(rig.Ends());
  EXPECT_EQ(rig.world.documents(), Names(0, 200));
  EXPECT_EQ(CursorsOf(rig.world.commits().back()), "a:200");
}

TEST(SinkWorkerTest, SaysHowOldTheOldestIs) {
  Rig rig;
  rig.os.SetNow(absl::FromUnixSeconds(1000));
  rig.world.Close();
  rig.worker->Start();
  EXPECT_EQ(rig.worker->status().oldest, absl::ZeroDuration());
  rig.Push(0, 1);
  rig.os.Advance(absl::Seconds(30));
  rig.Push(1, 2);
  rig.os.Advance(absl::Seconds(12));
  SinkStatus status = rig.worker->status();
  EXPECT_EQ(status.name, "out");
  EXPECT_EQ(status.kind, "fake");
  EXPECT_EQ(status.dead_letters, 7U);
  EXPECT_EQ(status.lost_bytes, FakeSink::kLostBytes);
  EXPECT_EQ(status.oldest, absl::Seconds(42));
  EXPECT_EQ(status.cursor_age, absl::Seconds(42));
  rig.world.Open();
  ASSERT_TRUE(rig.Ends());
  status = rig.worker->status();
  EXPECT_EQ(status.oldest, absl::ZeroDuration());
  EXPECT_EQ(status.cursor_age, absl::ZeroDuration());
  EXPECT_EQ(status.events, 2U);
  EXPECT_EQ(status.bytes, 4U);
  EXPECT_EQ(status.queue_bytes, 0U);
}

TEST(SinkWorkerTest, AfterAFailedTidyItIsNotPausedForLong) {
  Rig rig;
  rig.world.Behave([](Step step, size_t n) {
    return step == Step::kTidy && n == 1 ? absl::UnavailableError("not now") : absl::OkStatus();
  });
  rig.worker->Start();
  ASSERT_TRUE(Eventually([&] { return rig.world.calls(Step::kRollback) == 1; }));
  EXPECT_TRUE(rig.worker->IsIdle());
  EXPECT_TRUE(Eventually([&] { return rig.worker->status().state == SinkStatus::State::kRunning; },
                         absl::Seconds(20)));
}

TEST(SinkWorkerTest, CopiesCursorsToTheMirror) {
  MemoryCursorStore store;
  Rig rig(Rig::Often(), &store);
  rig.worker->Start();
  rig.Push(0, 3);
  rig.worker->Push(MakeBatch("b", 5, {}, /*ended=*/true), 0);
  ASSERT_TRUE(rig.Ends());
  const absl::StatusOr<std::vector<StreamCursor>> cursors = store.Load("out");
  ASSERT_TRUE(cursors.ok());
  ASSERT_EQ(cursors->size(), 2U);
  EXPECT_EQ((*cursors)[0].cursor.order, 3U);
  EXPECT_EQ((*cursors)[1].cursor.order, 5U);
  EXPECT_TRUE((*cursors)[1].cursor.ended);
}

TEST(SinkWorkerTest, AMirrorThatFailsHoldsNothingUp) {
  MemoryCursorStore store;
  store.Fail({.from_then_on = true});
  Rig rig(Rig::Often(), &store);
  rig.worker->Start();
  rig.Push(0, 3);
  ASSERT_TRUE(rig.Ends());
  EXPECT_EQ(rig.world.documents(), Names(0, 3));
  EXPECT_TRUE(rig.worker->failure().ok());
  EXPECT_TRUE(rig.log.Has("cannot copy the cursors of sink out"));
}

// The cursors do not wait for the queue to be empty.
TEST(SinkWorkerTest, ASlowSinkIsCommittedEachInterval) {
  Rig rig(DeliveryOptions{});
  rig.os.SetNow(absl::FromUnixSeconds(1000));
  rig.world.Behave([&](Step step, size_t) {
    if (step == Step::kWrite) rig.os.Advance(absl::Milliseconds(100));
    return absl::OkStatus();
  });
  rig.Push(0, 100);
  rig.worker->Start();
  ASSERT_TRUE(rig.Ends());
  EXPECT_EQ(rig.world.documents(), Names(0, 100));
  EXPECT_GE(rig.world.commits().size(), 9U);
  EXPECT_LE(rig.world.commits().size(), 12U);
}

TEST(SinkWorkerTest, JoinGivesUpByTheClockOfItsOs) {
  Rig rig;
  rig.os.SetNow(absl::Now() + absl::Hours(24));
  rig.world.Close();
  rig.Push(0, 1);
  rig.worker->Start();
  rig.worker->Finish();
  EXPECT_FALSE(rig.worker->Join(rig.os.Now() + absl::Milliseconds(1)));
  rig.world.Open();
  EXPECT_TRUE(rig.worker->Join(absl::InfiniteFuture()));
}

// Another process reads it again.
TEST(SinkWorkerTest, WhatIsAbandonedHoldsItsCursorBack) {
  Rig rig;
  rig.worker->Start();
  rig.Push(0, 2);
  ASSERT_TRUE(rig.Delivers());
  rig.world.Behave([](Step step, size_t) {
    return step == Step::kWrite ? absl::UnavailableError("away") : absl::OkStatus();
  });
  rig.Push(2, 5);
  const size_t writes = rig.world.calls(Step::kWrite);
  ASSERT_TRUE(Eventually([&] { return rig.world.calls(Step::kWrite) > writes + 1; }));
  rig.worker = nullptr;
  EXPECT_EQ(rig.world.documents(), Names(0, 2));
  EXPECT_EQ(CursorsOf(rig.world.commits().back()), "a:2");
}

// One is healthy, one fails once, one is stuck, one stops, one fails for ever.
TEST(SinkWorkerTest, EachGoesAtItsOwnPace) {
  Rig healthy;
  Rig hiccup;
  Rig stuck;
  Rig stopped;
  Rig failing;
  const auto fails = [](Rig* rig, Step which, size_t from, size_t until, absl::Status status) {
    rig->world.Behave([=](Step step, size_t n) {
      return step == which && n >= from && n < until ? status : absl::OkStatus();
    });
  };
  fails(&hiccup, Step::kCommit, 1, 2, absl::UnavailableError("once"));
  fails(&stopped, Step::kWrite, 1, SIZE_MAX, absl::InternalError("broken"));
  fails(&failing, Step::kCommit, 1, SIZE_MAX, absl::UnavailableError("for ever"));
  stuck.world.Close();
  for (Rig* rig : {&healthy, &hiccup, &stuck, &stopped, &failing}) {
    rig->Push(0, 20);
    rig->worker->Start();
  }
  ASSERT_TRUE(healthy.Delivers());
  ASSERT_TRUE(hiccup.Delivers());
  EXPECT_EQ(healthy.world.documents(), Names(0, 20));
  EXPECT_EQ(hiccup.world.documents(), Names(0, 20));
  EXPECT_TRUE(stopped.worker->Join(absl::Now() + kLong));
  EXPECT_TRUE(absl::IsInternal(stopped.worker->failure()));
  for (Rig* rig : {&stuck, &stopped, &failing}) {
    EXPECT_TRUE(rig->world.commits().empty());
    EXPECT_FALSE(rig->worker->IsIdle());
  }
  stuck.world.Open();
  failing.world.Behave({});
  ASSERT_TRUE(stuck.Delivers());
  ASSERT_TRUE(failing.Delivers());
  EXPECT_EQ(stuck.world.documents(), Names(0, 20));
  EXPECT_EQ(failing.world.documents(), Names(0, 20));
}

std::shared_ptr<const Batch> Leased(const std::shared_ptr<const Lease>& lease,
                                    const std::shared_ptr<const Batch>& batch) {
  Batch leased{batch->stream, batch->end, {}, lease};
  leased.events.bytes.Append(batch->events.bytes.view());
  leased.events.events = batch->events.events;
  return std::make_shared<const Batch>(std::move(leased));
}

TEST(SinkWorkerTest, TellsWhatItHasCommittedOfWhatIsWatched) {
  Rig rig;
  std::vector<std::string> told;
  rig.worker->WatchCommits("a", [&](const std::vector<StreamMoved>& moved) {
    for (const StreamMoved& one : moved) {
      told.push_back(one.stream.text() + ":" + std::to_string(one.cursor->order));
    }
  });
  rig.Push(0, 3);
  rig.worker->Push(MakeBatch("b", 1, {"x"}), 0);
  rig.worker->Start();
  ASSERT_TRUE(rig.Ends());
  EXPECT_EQ(told.back(), "a:3");
  for (const std::string& one : told) EXPECT_TRUE(one.starts_with("a:")) << one;
}

TEST(SinkWorkerTest, WhatItHasNoLeaseForAnyMoreIsNotWritten) {
  Rig rig(Rig::Seldom());
  auto lost = std::make_shared<Lease>();
  auto kept = std::make_shared<Lease>();
  std::vector<std::string> told;
  rig.worker->WatchCommits("src", [&](const std::vector<StreamMoved>& moved) {
    for (const StreamMoved& one : moved) {
      told.push_back(one.stream.text() + ":" + std::to_string(one.cursor->order));
    }
  });
  rig.worker->Push(Leased(lost, MakeBatch("src/a", 9, {"d0"})), 0);
  rig.worker->Push(Leased(kept, MakeBatch("src/b", 1, {"d1"})), 0);
  lost->Lose();
  rig.worker->Start();
  ASSERT_TRUE(rig.Ends());
  EXPECT_THAT(rig.world.documents(), ElementsAre("d1"));
  EXPECT_THAT(told, ElementsAre("src/b:1"));
  EXPECT_EQ(lost.use_count(), 1) << "something still waits for it";
  EXPECT_EQ(rig.worker->status().queue_events, 0U);
  EXPECT_EQ(rig.worker->status().events, 1U);
}

// One stream, three batches; the lease of the last two is lost before they are written.
TEST(SinkWorkerTest, F46_ACursorStaysAtTheLastBatchThatWasWritten) {
  MemoryCursorStore store;
  Rig rig(Rig::Seldom(), &store);
  auto kept = std::make_shared<Lease>();
  auto lost = std::make_shared<Lease>();
  std::vector<std::string> moved;
  rig.worker->WatchCommits("src", [&](const std::vector<StreamMoved>& streams) {
    for (const StreamMoved& one : streams) {
      moved.push_back(one.stream.text() + ":" + std::to_string(one.cursor->order));
    }
  });
  rig.worker->Push(Leased(kept, MakeBatch("src/a", 2, {"d0"})), 0);
  rig.worker->Push(Leased(lost, MakeBatch("src/a", 5, {"d1"})), 0);
  rig.worker->Push(Leased(lost, MakeBatch("src/a", 9, {"d2"})), 0);
  lost->Lose();
  rig.worker->Start();
  ASSERT_TRUE(rig.Ends());
  EXPECT_THAT(rig.world.documents(), ElementsAre("d0"));
  EXPECT_EQ(CursorsOf(rig.world.commits().back()), "src/a:2");
  EXPECT_THAT(moved, ElementsAre("src/a:2"));
  EXPECT_EQ(store.Load("out").value().at(0).cursor.order, 2U);
}

// Written, not committed, and then the lease is lost while the sink is down.
TEST(SinkWorkerTest, AfterAnErrorWhatWasLostIsLeftOut) {
  Rig rig;
  auto lease = std::make_shared<Lease>();
  rig.world.Behave([&](Step step, size_t n) {
    if (step != Step::kCommit || n > 1) return absl::OkStatus();
    lease->Lose();
    return absl::UnavailableError("away");
  });
  rig.worker->Push(Leased(lease, MakeBatch("a", 9, {"d0"})), 0);
  rig.worker->Start();
  rig.worker->Push(MakeBatch("b", 1, {"d1"}), 0);
  ASSERT_TRUE(rig.Ends());
  EXPECT_THAT(rig.world.documents(), ElementsAre("d1"));
  // The stream may come back at an earlier place.
  EXPECT_EQ(lease.use_count(), 1);
}

}  // namespace
}  // namespace sparktail
