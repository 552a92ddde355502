#include "ingest/streams/content_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/corpus.h"
#include "tests/support/faulty_os.h"
#include "tests/support/spark_log.h"
#include "tests/support/stream_keys.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::FaultyOs;
using ::sparktail::testing::NoiseLine;
using ::sparktail::testing::Numbers;
using ::sparktail::testing::NumbersOf;
using ::sparktail::testing::ProgressRecord;
using ::sparktail::testing::ReadFile;
using ::sparktail::testing::Records;
using ::sparktail::testing::Scale;
using ::sparktail::testing::Seed;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::Duration kRecordTimeout = absl::Seconds(5);

// A driver's log that ends with an open stack trace.
std::string WithOpenTrace() {
  const std::string text = ReadFile(DataPath("3.5.9/fail.default.log"));
  size_t end = text.find("] terminated with error");
  while ((end = text.find('\n', end) + 1) < text.size() && text.compare(end, 6, "26/11/") != 0) {
  }
  return text.substr(0, end);
}

class ContentStreamTest : public ::testing::Test {
 protected:
  using Documents = std::vector<std::string>;

  ContentStreamTest() {
    os_.SetNow(absl::FromUnixSeconds(1'800'000'000));
    share_.record_timeout = kRecordTimeout;
  }

  static StreamFacts Facts() {
    StreamFacts facts;
    facts.environment = "test";
    return facts;
  }
  std::unique_ptr<ContentStream> Make(const ParsePosition& from = {}) {
    return std::make_unique<ContentStream>(&share_, StreamKey("src", "a"), Facts(), from);
  }

  size_t Random(size_t most) { return std::uniform_int_distribution<size_t>(0, most)(random_); }
  // Adds bytes in one of the three ways.
  void Add(std::string_view bytes, ContentStream* stream) {
    const size_t way = Random(2);
    if (way == 0) return stream->Append(bytes);
    if (way == 1) {
      StreamBuffer buffer(&share_.buffers);
      buffer.Append(bytes);
      return stream->TakeAll(&buffer);
    }
    while (!bytes.empty()) {
      const std::span<char> room = stream->Room();
      const size_t size = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), size);
      stream->Commit(size);
      bytes.remove_prefix(size);
    }
  }
  // Adds all of `text` in pieces and turns of random size.
  void AddCut(std::string_view text, size_t largest, ContentStream* stream) {
    while (!text.empty()) {
      const size_t size = std::min(text.size(), 1 + Random(largest));
      Add(text.substr(0, size), stream);
      text.remove_prefix(size);
      if (Random(2) > 0) stream->Parse();
      if (Random(3) == 0 && stream->EndTurn()) Take(stream);
    }
    stream->Parse();
  }
  std::shared_ptr<const Batch> Take(ContentStream* stream) {
    batches_.push_back(stream->TakeBatch("{\"at\":" + std::to_string(stream->end()) + "}"));
    return batches_.back();
  }

  static void AddDocuments(const Batch& batch, Documents* documents) {
    for (const EventRef& event : batch.events.events) {
      documents->emplace_back(batch.events.document(event));
    }
  }
  Documents documents() const {
    Documents all;
    for (const auto& batch : batches_) AddDocuments(*batch, &all);
    return all;
  }
  std::vector<size_t> numbers() const {
    std::string lines;
    for (const std::string& document : documents()) lines += document + "\n";
    return NumbersOf(lines);
  }
  // The documents of the whole text, read at once.
  Documents Whole(std::string_view text) {
    const auto stream = Make();
    stream->Append(text);
    stream->Finish();
    Documents all;
    AddDocuments(*stream->TakeBatch("{}"), &all);
    return all;
  }

  FaultyOs os_;
  ContentShare share_{&os_, ParserOptions()};
  std::vector<std::shared_ptr<const Batch>> batches_;
  std::mt19937_64 random_{Seed()};
};

TEST_F(ContentStreamTest, MayBeCutAnywhere) {
  for (const char* name : {"3.5.9/basic.default.log", "3.5.9/fail.default.log"}) {
    const std::string text = ReadFile(DataPath(name));
    const Documents expected = Whole(text);
    ASSERT_FALSE(expected.empty());
    for (int round = 0; round < 4 * Scale(); ++round) {
      batches_.clear();
      const auto stream = Make();
      AddCut(text, round % 2 == 0 ? 700 : 20'000, stream.get());
      stream->Finish();
      Take(stream.get());
      ASSERT_EQ(documents(), expected);
      EXPECT_EQ(batches_.back()->stream, "src/a");
      EXPECT_EQ(batches_.back()->end->order, text.size());
      EXPECT_EQ(batches_.back()->end->position, "{\"at\":" + std::to_string(text.size()) + "}");
      for (const auto& batch : batches_) {
        EXPECT_EQ(batch->end->ended, batch == batches_.back());
      }
    }
  }
}

TEST_F(ContentStreamTest, ResumesFromEachBatch) {
  const std::string text = ReadFile(DataPath("3.5.9/fail.default.log"));
  {
    const auto stream = Make();
    AddCut(text, 5'000, stream.get());
    stream->Finish();
    Take(stream.get());
  }
  ASSERT_GT(batches_.size(), 3U);
  const Documents all = documents();
  size_t delivered = 0;
  for (const auto& batch : batches_) {
    delivered += batch->events.events.size();
    const auto context = ParserContext::FromJson(*batch->end->context);
    ASSERT_TRUE(context.has_value());
    const auto next = Make({batch->end->order, *context});
    EXPECT_EQ(next->end(), batch->end->order);
    next->Append(std::string_view(text).substr(batch->end->order));
    next->Finish();
    Documents rest;
    AddDocuments(*next->TakeBatch("{}"), &rest);
    ASSERT_EQ(rest, Documents(all.begin() + static_cast<ptrdiff_t>(delivered), all.end()));
  }
}

TEST_F(ContentStreamTest, SkipsRecordsBeforeAnOffset) {
  const std::string text = Records(0, 6);
  const auto stream = Make();
  stream->SkipBefore(UINT64_MAX);
  Add(text.substr(0, Records(0, 2).size()), stream.get());
  stream->Parse();
  EXPECT_FALSE(stream->has_events());
  stream->SkipBefore(Records(0, 3).size());
  Add(text.substr(Records(0, 2).size()), stream.get());
  stream->Parse();
  Take(stream.get());
  EXPECT_EQ(numbers(), Numbers(3, 6));
  EXPECT_EQ(stream->stats().total(), 6U) << "they are read";
}

TEST_F(ContentStreamTest, SkipsOldEvents) {
  const auto stream = Make();
  stream->Append(Records(0, 2));
  stream->Parse();
  stream->SkipOlderThan(INT64_MAX);
  stream->Append(Records(2, 4));
  stream->Parse();
  EXPECT_FALSE(stream->has_events());
  stream->SkipOlderThan(INT64_MIN);
  stream->Append(Records(4, 5));
  stream->Parse();
  Take(stream.get());
  EXPECT_EQ(numbers(), Numbers(4, 5));
}

TEST_F(ContentStreamTest, HandsOnEventsWithTheTurnAndNoiseLater) {
  const auto stream = Make();
  EXPECT_FALSE(stream->EndTurn());
  EXPECT_FALSE(stream->HasNews());
  stream->Append(Records(0, 1));
  stream->Parse();
  EXPECT_TRUE(stream->EndTurn());
  Take(stream.get());
  EXPECT_FALSE(stream->WaitsForTime());

  for (size_t n = 0; n < 10; ++n) stream->Append(NoiseLine(n));
  stream->Parse();
  EXPECT_FALSE(stream->EndTurn());
  EXPECT_TRUE(stream->HasNews());
  EXPECT_TRUE(stream->WaitsForTime());
  EXPECT_FALSE(stream->IsDue(os_.Now()));
  os_.Advance(NoiseTimer::kInterval);
  stream->EndTurn();
  EXPECT_TRUE(stream->IsDue(os_.Now())) << "the first move counts, not the last one";
  Take(stream.get());
  EXPECT_FALSE(stream->IsDue(os_.Now()));
  EXPECT_FALSE(stream->HasNews());
  EXPECT_GT(batches_.back()->end->order, batches_.front()->end->order);
}

TEST_F(ContentStreamTest, MuchNoiseDoesNotWait) {
  const auto stream = Make();
  std::string noise;
  while (noise.size() < size_t{1} << 20) noise += NoiseLine(noise.size());
  while (stream->end() <= NoiseTimer::kBytes + noise.size()) {
    stream->Append(noise);
    stream->Parse();
  }
  EXPECT_TRUE(stream->EndTurn());
}

TEST_F(ContentStreamTest, SilenceEndsATrace) {
  const std::string text = WithOpenTrace();
  const auto stream = Make();
  AddCut(text, 5'000, stream.get());
  Take(stream.get());
  EXPECT_TRUE(stream->CanExpire());
  EXPECT_TRUE(stream->WaitsForTime());
  os_.Advance(kRecordTimeout - absl::Milliseconds(1));
  EXPECT_FALSE(stream->IsSilent(os_.Now()));
  os_.Advance(absl::Milliseconds(1));
  EXPECT_TRUE(stream->IsSilent(os_.Now()));
  stream->Expire();
  EXPECT_FALSE(stream->CanExpire());
  EXPECT_TRUE(stream->EndTurn());
  Take(stream.get());
  EXPECT_THAT(batches_.back()->events.events, SizeIs(1));
  EXPECT_EQ(batches_.back()->end->order, text.size());
  EXPECT_FALSE(batches_.back()->end->ended);
}

TEST_F(ContentStreamTest, NewBytesEndASilence) {
  const std::string text = WithOpenTrace();
  const auto stream = Make();
  stream->Append(text);
  stream->Parse();
  os_.Advance(kRecordTimeout);
  Add("\tat more.of.it(A.scala:1)\n", stream.get());
  stream->Parse();
  EXPECT_EQ(stream->grown(), os_.Now());
  EXPECT_FALSE(stream->IsSilent(os_.Now()));
}

TEST_F(ContentStreamTest, AnOpenEventIsGivenUpAndTheNextOneRead) {
  const std::string open = ProgressRecord(0).substr(0, 200);
  const auto stream = Make();
  stream->Append(Records(7, 8) + open);
  stream->Parse();
  EXPECT_FALSE(stream->CanExpire());
  EXPECT_FALSE(stream->IsWhole());
  stream->GiveUp(Facts());
  EXPECT_TRUE(stream->IsWhole());
  EXPECT_EQ(stream->settled(), stream->end());
  EXPECT_EQ(stream->text(), "");
  Take(stream.get());
  EXPECT_THAT(batches_.back()->events.events, SizeIs(2)) << "the event before, and a signal";
  EXPECT_FALSE(batches_.back()->end->ended);
  stream->Append(ProgressRecord(1));
  stream->Parse();
  Take(stream.get());
  EXPECT_THAT(batches_.back()->events.events, SizeIs(1));
  EXPECT_EQ(batches_.back()->end->order, stream->end());
}

TEST_F(ContentStreamTest, WhatIsGivenUpIsSkippedToo) {
  const auto stream = Make();
  stream->SkipOlderThan(INT64_MAX);
  stream->Append(ProgressRecord(0).substr(0, 200));
  stream->Parse();
  stream->GiveUp(Facts());
  EXPECT_FALSE(stream->has_events());
}

TEST_F(ContentStreamTest, SettlesWhatIsWhole) {
  const auto stream = Make();
  stream->Append(Records(0, 1) + NoiseLine());
  EXPECT_FALSE(stream->SettleWhole()) << "not parsed yet";
  stream->Parse();
  ASSERT_LT(stream->settled(), stream->end());
  EXPECT_TRUE(stream->SettleWhole());
  const uint64_t end = stream->end();
  EXPECT_EQ(stream->settled(), end);
  stream->Append("26/11/21 15");
  stream->Parse();
  EXPECT_FALSE(stream->SettleWhole());
  EXPECT_EQ(stream->settled(), end) << "it stays settled";
}

TEST_F(ContentStreamTest, TheContextIsSharedWhileItIsUnchanged) {
  const auto stream = Make();
  stream->Append(Records(0, 1));
  stream->Parse();
  Take(stream.get());
  stream->Append(NoiseLine() + NoiseLine());
  stream->Parse();
  Take(stream.get());
  EXPECT_EQ(batches_[0]->end->context, batches_[1]->end->context);
  stream->Append(std::string(testing::kLogStamp) + "SparkContext: Running Spark version 3.5.9\n" +
                 NoiseLine());
  stream->Parse();
  Take(stream.get());
  EXPECT_NE(*batches_[1]->end->context, *batches_[2]->end->context);
}

TEST_F(ContentStreamTest, CursorsStayBeforeWhatIsLent) {
  const std::string record = ProgressRecord(0);
  const auto stream = Make();
  stream->Append(record.substr(0, 100));
  stream->LimitCursor(stream->end());
  stream->Append(record.substr(100));
  stream->Parse();
  Take(stream.get());
  EXPECT_EQ(numbers(), Numbers(0, 1));
  EXPECT_EQ(batches_.back()->end->order, 100U);
  EXPECT_FALSE(stream->HasNews());
}

TEST_F(ContentStreamTest, ShowsTheTextBeforeItIsDropped) {
  const std::string text = Records(0, 3);
  const auto stream = Make();
  std::string dropped;
  stream->SetOnParsed([&](std::string_view window, size_t done) {
    EXPECT_EQ(window, text.substr(dropped.size(), stream->end() - dropped.size()));
    dropped += window.substr(0, done);
    EXPECT_EQ(stream->offset(), dropped.size());
  });
  AddCut(text, 300, stream.get());
  EXPECT_EQ(dropped + std::string(stream->text()), text);
}

TEST_F(ContentStreamTest, ALogWithoutEventsIsDiagnosedByItsBeginning) {
  std::string text;
  while (text.size() < size_t{300} << 10) text += "26/11/21 15:00:00 WARN Net: slow\n";
  const auto stream = Make();
  stream->StartDiagnosis(/*now_and_again=*/false);
  AddCut("26/11/21 15:00:00 WARN SparkContext: odd\n", 10, stream.get());
  EXPECT_EQ(stream->TakeDiagnosis(), nullptr) << "too little was seen";
  AddCut(text, 20'000, stream.get());
  EXPECT_NE(stream->TakeDiagnosis(), nullptr);
  EXPECT_EQ(stream->TakeDiagnosis(), nullptr) << "once";
}

TEST_F(ContentStreamTest, AShortLogIsDiagnosedAtItsEnd) {
  for (const bool now_and_again : {false, true}) {
    const auto stream = Make();
    stream->StartDiagnosis(now_and_again);
    stream->Append("hello\n");
    stream->Parse();
    EXPECT_EQ(stream->TakeDiagnosis(), nullptr);
    stream->Finish();
    const auto diagnosis = stream->TakeDiagnosis();
    ASSERT_NE(diagnosis, nullptr);
    EXPECT_THAT(diagnosis->WhyNoEvents(false), ::testing::HasSubstr("hello"));
  }
}

TEST_F(ContentStreamTest, CountsAndShowsWhatIsHandedOn) {
  std::vector<size_t> seen;
  share_.observe = [&](const EventBuffer& events) { seen.push_back(events.events.size()); };
  {
    const auto stream = Make();
    stream->Append(Records(0, 3));
    stream->Parse();
    Take(stream.get());
    stream->Finish();
    Take(stream.get());
    EXPECT_THAT(seen, ElementsAre(3, 0));
    EXPECT_EQ(share_.ended.total(), 0U);
  }
  EXPECT_EQ(share_.ended.total(), 3U);
}

TEST_F(ContentStreamTest, AnEmptyStreamEnds) {
  const auto stream = Make();
  EXPECT_TRUE(stream->IsWhole());
  stream->Finish();
  EXPECT_TRUE(stream->has_ended());
  Take(stream.get());
  EXPECT_EQ(batches_[0]->end->order, 0U);
  EXPECT_TRUE(batches_[0]->end->ended);
  EXPECT_THAT(batches_[0]->events.events, IsEmpty());
}

TEST(MakePlainBatchTest, HasAnEmptyContext) {
  const auto batch = MakePlainBatch(StreamKey("src", "reports"), 7, "{}");
  EXPECT_EQ(batch->stream, "src/reports");
  EXPECT_EQ(batch->end->order, 7U);
  EXPECT_EQ(*batch->end->context, "{}");
  EXPECT_FALSE(batch->end->ended);
}

}  // namespace
}  // namespace sparktail
