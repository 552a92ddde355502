#include "ingest/sources/kafka/partition_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/corpus.h"
#include "tests/support/kafka_life.h"
#include "tests/support/spark_log.h"
#include "tests/support/stream_keys.h"
#include "tests/support/wrap.h"

namespace sparktail {
namespace {

using testing::Cursors;
using testing::CursorsOf;
using testing::DataPath;
using testing::Documents;
using testing::kZero;
using testing::Message;
using testing::Messages;
using testing::NoiseLine;
using testing::Numbers;
using testing::NumbersOf;
using testing::OffsetIn;
using testing::ProgressRecord;
using testing::ReadFile;
using testing::Records;
using testing::Scale;
using testing::Seed;
using testing::SinkWorld;
using testing::ValuesOf;
using testing::Wrap;
using Life = testing::KafkaLife;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

// Cuts the text of a driver into messages of one to four lines.
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

size_t CountOf(const Documents& documents, std::string_view text) {
  return static_cast<size_t>(
      std::count_if(documents.begin(), documents.end(),
                    [&](const std::string& one) { return one.find(text) != std::string::npos; }));
}

class PartitionStreamsTest : public ::testing::Test {
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

TEST_F(PartitionStreamsTest, InterleavedDriversAreParsedApart) {
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

TEST_F(PartitionStreamsTest, GoesOnExactlyFromEveryCommit) {
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

TEST_F(PartitionStreamsTest, GoesOnExactlyInWhatARuntimeHasWrapped) {
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

// A whole line of noise is followed by a part of a line.
TEST_F(PartitionStreamsTest, WhatTheGroupsOffsetHasPassedIsInTheCursors) {
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

TEST_F(PartitionStreamsTest, ATraceEndsWithSilenceAndProgressIsGivenUpLater) {
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

TEST_F(PartitionStreamsTest, WhatIsOpenOverTooMuchOfThePartitionIsGivenUp) {
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

TEST_F(PartitionStreamsTest, ResumesAlsoWhereSomethingWasGivenUp) {
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

TEST_F(PartitionStreamsTest, WhatIsGoneFromTheTopicIsNotWaitedFor) {
  Life first;
  first.Begin();
  first.Take(0, {"a", NoiseLine() + ProgressRecord(1).substr(0, 300)});
  first.Take(1, {"b", ProgressRecord(2)});
  first.streams->EndTurn();
  std::map<StreamKey, StreamCursor> cursors = CursorsOf(first.Finish().commits());
  ASSERT_EQ(OffsetIn(cursors), 0);
  Life life(Cursors{ValuesOf(cursors)});
  life.Begin(0);
  life.Take(5, {"a", Records(3, 4)});
  life.streams->EndTurn();
  EXPECT_EQ(NumbersOf(life.Finish().documents().at(0)), std::vector<size_t>{3});
}

TEST_F(PartitionStreamsTest, IdleStreamsAreLetGoAndComeBackWhereTheyWere) {
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

TEST_F(PartitionStreamsTest, FactsAreThoseOfTheEnvelope) {
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

}  // namespace
}  // namespace sparktail
