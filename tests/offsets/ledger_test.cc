#include "offsets/ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using testing::Scale;
using testing::Seed;

std::shared_ptr<const Cursor> At(uint64_t offset) {
  return std::make_shared<const Cursor>(
      Cursor{offset, "", std::make_shared<const std::string>("{}"), false});
}

// Streams and offsets that have moved.
std::map<StreamKey, uint64_t> Take(Ledger* ledger) {
  std::map<StreamKey, uint64_t> taken;
  for (const Ledger::Moved& moved : ledger->TakeMoved()) {
    EXPECT_TRUE(taken.emplace(moved.stream, moved.cursor->offset).second) << "twice";
  }
  return taken;
}

using Moved = std::map<StreamKey, uint64_t>;

TEST(LedgerTest, TheCursorFollowsAcknowledgementsInOrder) {
  Ledger ledger;
  EXPECT_TRUE(ledger.TakeMoved().empty());
  Acknowledgement first = ledger.Register("a", At(10));
  Acknowledgement second = ledger.Register("a", At(20));
  EXPECT_TRUE(first.pending());
  EXPECT_EQ(ledger.pending(), 2U);
  EXPECT_FALSE(ledger.IsSettled("a"));
  std::move(first).Settle();
  EXPECT_EQ(Take(&ledger), (Moved{{"a", 10}}));
  EXPECT_TRUE(Take(&ledger).empty());
  std::move(second).Settle();
  EXPECT_EQ(Take(&ledger), (Moved{{"a", 20}}));
  EXPECT_TRUE(ledger.IsSettled("a"));
  EXPECT_EQ(ledger.pending(), 0U);
}

TEST(LedgerTest, TheCursorNeverPassesWhatIsOpen) {
  Ledger ledger;
  Acknowledgement first = ledger.Register("a", At(10));
  Acknowledgement second = ledger.Register("a", At(20));
  Acknowledgement third = ledger.Register("a", At(30));
  std::move(third).Settle();
  std::move(second).Settle();
  EXPECT_EQ(ledger.pending(), 1U);
  EXPECT_TRUE(Take(&ledger).empty());
  std::move(first).Settle();
  EXPECT_EQ(Take(&ledger), (Moved{{"a", 30}}));
}

// F46. Discarded events acknowledged: only what says that it is done moves the cursor.
TEST(LedgerTest, F46_ADroppedAcknowledgementHoldsTheCursorBackForEver) {
  Ledger ledger;
  { const Acknowledgement dropped = ledger.Register("a", At(10)); }
  for (uint64_t offset = 20; offset < 100; offset += 10) ledger.Register("a", At(offset)).Settle();
  ledger.Register("b", At(7)).Settle();
  EXPECT_EQ(Take(&ledger), (Moved{{"b", 7}}));
  EXPECT_EQ(ledger.abandoned(), 1U);
  EXPECT_EQ(ledger.pending(), 1U);
  EXPECT_FALSE(ledger.IsSettled("a"));
  ledger.Forget("a");
  EXPECT_FALSE(ledger.IsSettled("a"));
}

TEST(LedgerTest, F46_AnAcknowledgementThatIsWrittenOverIsDropped) {
  Ledger ledger;
  Acknowledgement first = ledger.Register("a", At(10));
  first = ledger.Register("a", At(20));
  std::move(first).Settle();
  EXPECT_EQ(ledger.abandoned(), 1U);
  EXPECT_TRUE(Take(&ledger).empty());
}

TEST(LedgerTest, AnAcknowledgementCountsOnce) {
  Ledger ledger;
  Acknowledgement none;
  EXPECT_FALSE(none.pending());
  std::move(none).Settle();
  {
    Acknowledgement first = ledger.Register("a", At(10));
    Acknowledgement second = ledger.Register("a", At(20));
    Acknowledgement moved = std::move(first);
    EXPECT_FALSE(first.pending());  // NOLINT(bugprone-use-after-move): that is the question
    std::move(first).Settle();
    EXPECT_TRUE(Take(&ledger).empty());
    std::move(moved).Settle();
    std::move(moved).Settle();
    EXPECT_EQ(Take(&ledger), (Moved{{"a", 10}}));
    EXPECT_EQ(ledger.pending(), 1U);
    std::move(second).Settle();
  }  // all three are destroyed
  EXPECT_EQ(ledger.abandoned(), 0U);
  EXPECT_EQ(ledger.pending(), 0U);
  EXPECT_EQ(Take(&ledger), (Moved{{"a", 20}}));
}

TEST(LedgerTest, WhatWasNotStoredIsGivenBack) {
  Ledger ledger;
  ledger.Register("a", At(10)).Settle();
  ledger.Register("b", At(5)).Settle();
  const std::vector<Ledger::Moved> moved = ledger.TakeMoved();
  ledger.Register("a", At(20)).Settle();
  ledger.Restore(moved);
  EXPECT_EQ(Take(&ledger), (Moved{{"a", 20}, {"b", 5}}));
}

// The reader forgets a stream that has ended while its last cursor is being stored.
TEST(LedgerTest, WhatWasNotStoredIsGivenBackAfterItsStreamWasForgotten) {
  Ledger ledger;
  ledger.Register("a", At(10)).Settle();
  const std::vector<Ledger::Moved> moved = ledger.TakeMoved();
  ledger.Forget("a");
  ledger.Restore(moved);
  EXPECT_EQ(Take(&ledger), (Moved{{"a", 10}}));

  ledger.Forget("a");
  Acknowledgement again = ledger.Register("a", At(30));
  ledger.Restore(moved);
  EXPECT_EQ(Take(&ledger), (Moved{{"a", 10}}));
  std::move(again).Settle();
  EXPECT_EQ(Take(&ledger), (Moved{{"a", 30}}));
}

TEST(LedgerTest, AStreamIsForgottenWhenAllOfItIsTaken) {
  Ledger ledger;
  EXPECT_TRUE(ledger.IsSettled("a"));
  ledger.Forget("a");
  Acknowledgement first = ledger.Register("a", At(10));
  ledger.Forget("a");
  EXPECT_FALSE(ledger.IsSettled("a"));
  std::move(first).Settle();
  ledger.Forget("a");
  EXPECT_EQ(Take(&ledger), (Moved{{"a", 10}}));
  ledger.Forget("a");
  // Of a stream that is known, this would be before the end of the last batch.
  ledger.Register("a", At(3)).Settle();
  EXPECT_EQ(Take(&ledger), (Moved{{"a", 3}}));
}

// The same in the plainest way.
class Model {
 public:
  struct Stream {
    std::vector<std::pair<uint64_t, bool>> batches;  // where it ends, whether it is settled
    std::optional<uint64_t> stored;                  // given back by Restore()
    bool moved = false;

    // Settled ones at the front.
    size_t done() const {
      const auto open = std::find_if(batches.begin(), batches.end(),
                                     [](const auto& batch) { return !batch.second; });
      return static_cast<size_t>(open - batches.begin());
    }
    std::optional<uint64_t> cursor() const {
      return done() == 0 ? stored : batches[done() - 1].first;
    }
  };

  void Register(const StreamKey& stream, uint64_t end) {
    streams_[stream].batches.emplace_back(end, false);
  }
  uint64_t EndOf(const StreamKey& stream) const {
    const auto found = streams_.find(stream);
    if (found == streams_.end() || found->second.batches.empty()) return 0;
    return found->second.batches.back().first;
  }
  void Settle(const StreamKey& stream, uint64_t end) {
    Stream& known = streams_[stream];
    const size_t before = known.done();
    for (auto& [at, settled] : known.batches) settled = settled || at == end;
    known.moved = known.moved || known.done() != before;
  }
  std::map<StreamKey, uint64_t> Take() {
    std::map<StreamKey, uint64_t> taken;
    for (auto& [key, stream] : streams_) {
      if (stream.moved) taken[key] = *stream.cursor();
      stream.moved = false;
    }
    return taken;
  }
  void Restore(const std::map<StreamKey, uint64_t>& moved) {
    for (const auto& [key, offset] : moved) {
      Stream& stream = streams_[key];
      if (!stream.cursor()) stream.stored = offset;
      stream.moved = true;
    }
  }
  bool IsSettled(const StreamKey& key) const {
    const auto found = streams_.find(key);
    if (found == streams_.end()) return true;
    return found->second.done() == found->second.batches.size();
  }
  void Forget(const StreamKey& key) {
    if (IsSettled(key) && !(streams_.contains(key) && streams_[key].moved)) streams_.erase(key);
  }
  size_t pending() const {
    size_t count = 0;
    for (const auto& [_, stream] : streams_) {
      for (const auto& [_end, settled] : stream.batches) count += settled ? 0 : 1;
    }
    return count;
  }

 private:
  std::map<StreamKey, Stream> streams_;
};

// Does the same to a ledger and to the model.
class Pair {
 public:
  explicit Pair(uint64_t seed) : random_(seed) {}

  void Step() {
    switch (Below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return Register();
      case 4:
      case 5:
      case 6:
      case 7:
        return Settle(Below(3) == 0 ? 0 : Below(open_.size() + 1));
      case 8:
        return Rarely() ? Drop() : Move();
      case 9:
        return Take();
      case 10:
        return Restore();
      default:
        return Forget();
    }
  }

  void Check() {
    EXPECT_EQ(ledger_.pending(), model_.pending());
    EXPECT_EQ(ledger_.abandoned(), dropped_);
    for (int i = 0; i < kStreams; ++i) {
      EXPECT_EQ(ledger_.IsSettled(Name(i)), model_.IsSettled(Name(i)));
    }
  }

  void Finish() {
    while (!open_.empty()) Settle(0);
    Take();
    Check();
  }

 private:
  static constexpr int kStreams = 6;
  struct Open {
    StreamKey stream;
    uint64_t end;
    Acknowledgement acknowledgement;
  };

  size_t Below(size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(random_);
  }
  bool Rarely() { return Below(200) == 0; }
  static StreamKey Name(size_t i) { return "stream-" + std::to_string(i); }

  void Register() {
    const StreamKey stream = Name(Below(kStreams));
    // Also many of a few streams, and ends that are alike in several.
    const uint64_t end = model_.EndOf(stream) + 1 + Below(5);
    model_.Register(stream, end);
    open_.push_back({stream, end, ledger_.Register(stream, At(end))});
  }
  void Settle(size_t i) {
    if (i >= open_.size()) return;
    model_.Settle(open_[i].stream, open_[i].end);
    std::move(open_[i].acknowledgement).Settle();
    if (Below(4) == 0) std::move(open_[i].acknowledgement).Settle();  // doubled
    EXPECT_FALSE(open_[i].acknowledgement.pending());
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  void Drop() {
    if (open_.empty()) return;
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(Below(open_.size())));
    ++dropped_;
  }
  void Move() {
    if (open_.empty()) return;
    Acknowledgement& from = open_[Below(open_.size())].acknowledgement;
    Acknowledgement to = std::move(from);
    std::move(from).Settle();  // NOLINT(bugprone-use-after-move): must do nothing
    EXPECT_TRUE(to.pending());
    from = std::move(to);
  }
  void Take() {
    taken_ = ledger_.TakeMoved();
    std::map<StreamKey, uint64_t> moved;
    for (const Ledger::Moved& stream : taken_) moved[stream.stream] = stream.cursor->offset;
    EXPECT_EQ(moved.size(), taken_.size());
    EXPECT_EQ(moved, model_.Take());
  }
  void Restore() {
    std::map<StreamKey, uint64_t> moved;
    for (const Ledger::Moved& stream : taken_) moved[stream.stream] = stream.cursor->offset;
    ledger_.Restore(taken_);
    model_.Restore(moved);
    taken_.clear();
  }
  void Forget() {
    const StreamKey stream = Name(Below(kStreams));
    ledger_.Forget(stream);
    model_.Forget(stream);
  }

  std::mt19937_64 random_;
  Ledger ledger_;  // before what must not outlive it
  Model model_;
  std::vector<Open> open_;
  std::vector<Ledger::Moved> taken_;
  size_t dropped_ = 0;
};

TEST(LedgerTest, DoesAsTheNaiveModelOverRandomSteps) {
  std::mt19937_64 seeds(Seed());
  for (int run = 0; run < 20 * Scale(); ++run) {
    Pair pair(seeds());
    for (int step = 0; step < 2000; ++step) {
      pair.Step();
      if (step % 10 == 0) pair.Check();
      if (::testing::Test::HasFailure()) FAIL() << "run " << run << ", step " << step;
    }
    pair.Finish();
  }
}

// One thread registers, others settle in any order, one takes and now and then gives back.
TEST(LedgerTest, ThreadsSettleInAnyOrder) {
  constexpr size_t kStreams = 4;
  constexpr size_t kSettlers = 3;
  const uint64_t batches = 4000 * static_cast<uint64_t>(Scale());
  Ledger ledger;
  absl::Mutex mutex;
  std::vector<Acknowledgement> queue;
  bool done = false;
  const uint64_t seed = Seed();

  std::vector<std::thread> settlers;
  for (size_t i = 0; i < kSettlers; ++i) {
    settlers.emplace_back([&, i] {
      std::mt19937_64 random(seed + i);
      while (true) {
        Acknowledgement mine;
        {
          const absl::MutexLock lock(&mutex);
          const auto ready = [&] { return done || !queue.empty(); };
          mutex.Await(absl::Condition(&ready));
          if (queue.empty()) return;
          std::swap(queue[random() % queue.size()], queue.back());
          mine = std::move(queue.back());
          queue.pop_back();
        }
        std::move(mine).Settle();
      }
    });
  }
  std::map<StreamKey, uint64_t> stored;
  std::thread taker([&] {
    std::mt19937_64 random(seed + kSettlers);
    const auto all_stored = [&] {
      return std::all_of(stored.begin(), stored.end(),
                         [&](const auto& stream) { return stream.second == batches; });
    };
    while (stored.size() < kStreams || !all_stored()) {
      const std::vector<Ledger::Moved> moved = ledger.TakeMoved();
      if (moved.empty()) std::this_thread::yield();
      if (random() % 4 == 0) {
        ledger.Restore(moved);
        continue;
      }
      for (const Ledger::Moved& stream : moved) {
        EXPECT_GE(stream.cursor->offset, stored[stream.stream]) << "went back";
        stored[stream.stream] = stream.cursor->offset;
      }
    }
  });
  for (uint64_t n = 1; n <= batches; ++n) {
    for (size_t stream = 0; stream < kStreams; ++stream) {
      Acknowledgement mine = ledger.Register(std::to_string(stream), At(n));
      const absl::MutexLock lock(&mutex);
      queue.push_back(std::move(mine));
    }
  }
  {
    const absl::MutexLock lock(&mutex);
    done = true;
  }
  for (std::thread& settler : settlers) settler.join();
  taker.join();
  EXPECT_EQ(ledger.pending(), 0U);
  EXPECT_EQ(ledger.abandoned(), 0U);
  for (size_t stream = 0; stream < kStreams; ++stream) {
    EXPECT_TRUE(ledger.IsSettled(std::to_string(stream)));
  }
}

}  // namespace
}  // namespace sparktail
