#include "ingest/delivery/distributor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/fake_sink.h"
#include "tests/support/recording_log.h"
#include "tests/support/stream_keys.h"

namespace sparktail {
namespace {

using ::sparktail::testing::FakeSink;
using ::sparktail::testing::MakeBatch;
using ::sparktail::testing::RecordingLog;
using ::sparktail::testing::SinkWorld;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

StreamCursor At(std::string_view stream, uint64_t offset, bool ended = false) {
  StreamCursor cursor;
  cursor.stream = StreamKey(stream);
  cursor.cursor.order = offset;
  cursor.cursor.context = std::make_shared<const std::string>("{}");
  cursor.cursor.ended = ended;
  return cursor;
}

// A distributor over workers that stand at the given cursors.
class DistributorTest : public ::testing::Test {
 protected:
  void Make(std::vector<std::vector<StreamCursor>> cursors, uint64_t queue_bytes = 1 << 20) {
    std::vector<SinkWorker*> sinks;
    for (size_t i = 0; i < cursors.size(); ++i) {
      worlds_.push_back(std::make_unique<SinkWorld>());
      SinkWorker::Parts parts;
      parts.os = &os_;
      parts.log = &log_;
      parts.name = "sink" + std::to_string(i);
      parts.options.commit_bytes = 1;
      parts.options.queue_bytes = queue_bytes;
      parts.sink = std::make_unique<FakeSink>(worlds_.back().get());
      workers_.push_back(std::make_unique<SinkWorker>(std::move(parts), [] {}));
      sinks.push_back(workers_.back().get());
    }
    distributor_ = std::make_unique<Distributor>(sinks, std::move(cursors));
  }

  void Emit(const std::vector<std::shared_ptr<const Batch>>& batches) {
    distributor_->Emit(batches);
  }
  void Deliver() {
    for (const auto& worker : workers_) {
      worker->Start();
      worker->Finish();
    }
    for (const auto& worker : workers_) {
      ASSERT_TRUE(worker->Join(absl::Now() + absl::Seconds(120)));
    }
  }
  std::vector<std::string> DocumentsOf(size_t sink) const { return worlds_[sink]->documents(); }
  // "a:3 b:4|a:5": the commits of one sink.
  std::string CommitsOf(size_t sink) const {
    std::string text;
    for (const SinkWorld::Commit& commit : worlds_[sink]->commits()) {
      if (!text.empty()) text += "|";
      for (size_t i = 0; i < commit.cursors.size(); ++i) {
        text += (i > 0 ? " " : "") + commit.cursors[i].stream.text() + ":" +
                std::to_string(commit.cursors[i].cursor.order);
      }
    }
    return text;
  }

  PosixOs os_;
  RecordingLog log_;
  std::vector<std::unique_ptr<SinkWorld>> worlds_;
  std::vector<std::unique_ptr<SinkWorker>> workers_;
  std::unique_ptr<Distributor> distributor_;
};

TEST_F(DistributorTest, EachSinkGetsOnlyWhatItLacks) {
  Make({{}, {At("a", 2)}, {At("a", 3)}, {At("a", 4)}});
  Emit({MakeBatch("a", 3, {"0", "1", "2"})});
  Emit({MakeBatch("a", 5, {"3", "4"})});
  Deliver();
  EXPECT_THAT(DocumentsOf(0), ElementsAre("0", "1", "2", "3", "4"));
  EXPECT_THAT(DocumentsOf(1), ElementsAre("2", "3", "4"));
  EXPECT_THAT(DocumentsOf(2), ElementsAre("3", "4"));
  EXPECT_THAT(DocumentsOf(3), ElementsAre("4"));
  for (size_t sink = 0; sink < 4; ++sink) {
    EXPECT_TRUE(CommitsOf(sink).ends_with("a:5")) << sink << " " << CommitsOf(sink);
  }
}

TEST_F(DistributorTest, ACursorNeverGoesBack) {
  Make({{At("a", 10)}, {At("a", 2)}});
  Emit({MakeBatch("a", 4, {"2", "3"})});
  Emit({MakeBatch("a", 9, {})});
  Emit({MakeBatch("a", 11, {"10"})});
  Deliver();
  EXPECT_EQ(CommitsOf(0), "a:11");
  EXPECT_THAT(DocumentsOf(0), ElementsAre("10"));
  EXPECT_THAT(DocumentsOf(1), ElementsAre("2", "3", "10"));
}

TEST_F(DistributorTest, AnEndIsToldOnceToThoseThatDoNotKnowIt) {
  Make({{At("a", 5, /*ended=*/true)}, {At("a", 5)}, {At("a", 6)}});
  Emit({MakeBatch("a", 5, {"4"}, /*ended=*/true)});
  Deliver();
  EXPECT_EQ(CommitsOf(0), "");
  EXPECT_EQ(CommitsOf(1), "a:5");
  EXPECT_TRUE(worlds_[1]->commits()[0].cursors[0].cursor.ended);
  EXPECT_EQ(CommitsOf(2), "");
  EXPECT_THAT(DocumentsOf(1), IsEmpty());
}

TEST_F(DistributorTest, StreamsOfOneFileAreCommittedTogether) {
  Make({{}, {At("b", 4)}, {At("a", 4), At("b", 4)}});
  Emit({MakeBatch("a", 2, {"a0", "a1"}), MakeBatch("b", 3, {"b2"})});
  Emit({MakeBatch("a", 5, {"a4"}), MakeBatch("b", 6, {"b5"})});
  Deliver();
  EXPECT_EQ(CommitsOf(0), "a:2 b:3|a:5 b:6");
  EXPECT_EQ(CommitsOf(1), "a:2|a:5 b:6");
  EXPECT_EQ(CommitsOf(2), "a:5 b:6");
  EXPECT_THAT(DocumentsOf(0), ElementsAre("a0", "a1", "b2", "a4", "b5"));
  EXPECT_THAT(DocumentsOf(1), ElementsAre("a0", "a1", "a4", "b5"));
}

TEST_F(DistributorTest, StartsWhereTheFirstSinkStands) {
  Make({{At("a", 7), At("b", 1)}, {At("a", 3)}});
  EXPECT_EQ(distributor_->StartOf(StreamKey("a"))->order, 3U);
  EXPECT_EQ(distributor_->NewestOf(StreamKey("a"))->order, 7U);
  EXPECT_EQ(distributor_->StartOf(StreamKey("b")), nullptr);
  EXPECT_EQ(distributor_->NewestOf(StreamKey("b"))->order, 1U);
  EXPECT_EQ(distributor_->StartOf(StreamKey("c")), nullptr);
  EXPECT_EQ(distributor_->NewestOf(StreamKey("c")), nullptr);
  EXPECT_THAT(distributor_->Streams(), UnorderedElementsAre("a", "b"));
}

TEST_F(DistributorTest, ANewSinkStartsWhereTheFirstOfTheOthersStands) {
  Make({{At("a", 7)}, {At("a", 3), At("b", 2)}, {}});
  distributor_->StartNewSinksAtOthers();
  EXPECT_EQ(distributor_->StartOf(StreamKey("a"))->order, 3U);
  EXPECT_EQ(distributor_->StartOf(StreamKey("b")), nullptr)
      << "the first sink knows another stream";
  Emit({MakeBatch("a", 8, {"3", "4", "5", "6", "7"})});
  Emit({MakeBatch("b", 3, {"0", "1", "2"})});
  Emit({MakeBatch("c", 1, {"new"})});
  Deliver();
  EXPECT_THAT(DocumentsOf(0), ElementsAre("7", "0", "1", "2", "new"));
  EXPECT_THAT(DocumentsOf(1), ElementsAre("3", "4", "5", "6", "7", "2", "new"));
  // Its header says: where the first of the others stands.
  EXPECT_THAT(DocumentsOf(2), ElementsAre("3", "4", "5", "6", "7", "2", "new"));
}

TEST_F(DistributorTest, NewSinksAreNoMatterWhenAllAreNew) {
  Make({{}, {}});
  distributor_->StartNewSinksAtOthers();
  EXPECT_THAT(distributor_->Streams(), IsEmpty());
  Emit({MakeBatch("a", 1, {"0"})});
  Deliver();
  EXPECT_THAT(DocumentsOf(0), ElementsAre("0"));
  EXPECT_THAT(DocumentsOf(1), ElementsAre("0"));
}

TEST_F(DistributorTest, HasRoomIfAllHave) {
  Make({{At("a", 9)}, {}}, /*queue_bytes=*/1);
  EXPECT_TRUE(distributor_->HasRoom());
  Emit({MakeBatch("a", 1, {"0"})});
  EXPECT_FALSE(distributor_->HasRoom());
  EXPECT_TRUE(workers_[0]->HasRoom());
  EXPECT_FALSE(workers_[1]->HasRoom());
}

TEST_F(DistributorTest, LearnsAnewWhereASinkStandsInSharedStreams) {
  Make({{At("p/a", 3), At("q/a", 4)}, {At("p/a", 5)}});
  const auto of_p = [](const StreamKey& stream) { return stream.source() == "p"; };
  distributor_->Learn(0, of_p, {At("p/a", 8), At("p/b", 2), At("q/a", 9)});
  EXPECT_EQ(distributor_->StartOf(StreamKey("p/a"))->order, 5U);
  EXPECT_EQ(distributor_->CommittedOf(0, StreamKey("p/a"))->order, 8U);
  EXPECT_EQ(distributor_->CommittedOf(0, StreamKey("q/a"))->order, 4U) << "it was not asked for";
  EXPECT_EQ(distributor_->CommittedOf(1, StreamKey("p/b")), nullptr);
  distributor_->StartAtOthers(1, of_p);
  EXPECT_EQ(distributor_->CommittedOf(1, StreamKey("p/b"))->order, 2U);
  distributor_->Learn(0, of_p, {});
  distributor_->Learn(1, of_p, {});
  EXPECT_THAT(distributor_->Streams(), ElementsAre("q/a"));
}

TEST_F(DistributorTest, KnowsWhatTheSinksHaveCommitted) {
  Make({{}, {}});
  std::atomic<size_t> wakes = 0;
  distributor_->WatchCommits("src", [&] { ++wakes; });
  const auto batch = MakeBatch("src/a", 2, {"d0", "d1"});
  Emit({batch, MakeBatch("other/a", 1, {"d2"})});
  distributor_->TakeCommitted();
  EXPECT_EQ(distributor_->CommittedOf(0, StreamKey("src/a")), nullptr);
  Deliver();
  EXPECT_EQ(wakes, 2U);
  distributor_->TakeCommitted();
  EXPECT_EQ(distributor_->CommittedOf(0, StreamKey("src/a")), batch->end);
  EXPECT_EQ(distributor_->CommittedOf(1, StreamKey("src/a")), batch->end);
  EXPECT_EQ(distributor_->CommittedOf(1, StreamKey("other/a")), nullptr);
  distributor_->Forget(StreamKey("src/a"));
  EXPECT_EQ(distributor_->StartOf(StreamKey("src/a")), nullptr);
}

}  // namespace
}  // namespace sparktail
