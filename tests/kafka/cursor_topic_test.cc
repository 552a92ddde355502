#include "ingest/kafka/cursor_topic.h"

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "tests/support/kafka_mock.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::KafkaMock;
using ::testing::Pair;
using testing::RecordingLog;
using ::testing::SizeIs;

constexpr absl::Duration kTime = absl::Seconds(10);

class CursorTopicTest : public ::testing::Test {
 protected:
  std::unique_ptr<CursorTopicReader> Make(bool is_committed = true) {
    CursorTopicReader::Parts parts;
    parts.options = mock_.Options();
    parts.log = &log_;
    parts.name = "test";
    parts.topic = "cursors";
    parts.is_committed = is_committed;
    parts.wants = [](std::string_view key) { return key.starts_with("a/"); };
    auto made = CursorTopicReader::Make(std::move(parts));
    EXPECT_TRUE(made.ok()) << made.status();
    return *std::move(made);
  }

  RecordingLog log_;
  KafkaMock mock_;
};

TEST_F(CursorTopicTest, TheLastValueOfEachKeyIsValid) {
  mock_.MakeTopic("cursors", 3);
  for (int i = 0; i < 5; ++i) {
    mock_.Write("cursors", "a/x", std::to_string(i));
    mock_.Write("cursors", "b/x", std::to_string(i));
    mock_.Write("cursors", "a/y", std::to_string(10 * i));
  }
  for (const bool is_committed : {true, false}) {
    const auto reader = Make(is_committed);
    const absl::Status status = reader->ReadToEnd(kTime);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_THAT(reader->values(), ElementsAre(Pair("a/x", "4"), Pair("a/y", "40")));
  }
}

TEST_F(CursorTopicTest, AnEmptyTopicIsRead) {
  mock_.MakeTopic("cursors", 8);
  const auto reader = Make();
  const absl::Status status = reader->ReadToEnd(kTime);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(reader->values(), IsEmpty());
}

TEST_F(CursorTopicTest, TheNextReadingReadsOnlyNewRecords) {
  mock_.MakeTopic("cursors", 2);
  mock_.Write("cursors", "a/x", "1");
  const auto reader = Make();
  ASSERT_TRUE(reader->ReadToEnd(kTime).ok());
  ASSERT_TRUE(reader->ReadToEnd(kTime).ok());
  EXPECT_THAT(reader->values(), ElementsAre(Pair("a/x", "1")));
  mock_.Write("cursors", "a/x", "2");
  mock_.Write("cursors", "a/y", "3");
  ASSERT_TRUE(reader->ReadToEnd(kTime).ok());
  EXPECT_THAT(reader->values(), ElementsAre(Pair("a/x", "2"), Pair("a/y", "3")));
}

TEST_F(CursorTopicTest, ReadsInPieces) {
  mock_.MakeTopic("cursors", 2);
  for (int i = 0; i < 20; ++i) mock_.Write("cursors", "a/" + std::to_string(i), "v");
  const auto reader = Make();
  ASSERT_TRUE(reader->Begin(kTime).ok());
  const absl::Time deadline = absl::Now() + absl::Minutes(1);
  while (absl::Now() < deadline) {
    const absl::StatusOr<bool> done = reader->ReadOn(absl::Milliseconds(1));
    ASSERT_TRUE(done.ok()) << done.status();
    if (*done) break;
  }
  EXPECT_THAT(reader->values(), SizeIs(20));
}

TEST_F(CursorTopicTest, TransientErrorsAreIgnored) {
  mock_.MakeTopic("cursors", 1);
  mock_.Write("cursors", "a/x", "1");
  mock_.Answer(KafkaMock::kFetch,
               {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR__TRANSPORT});
  const auto reader = Make();
  const absl::Status status = reader->ReadToEnd(kTime);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(reader->values(), SizeIs(1));
}

TEST_F(CursorTopicTest, AMissingRightIsReported) {
  mock_.MakeTopic("cursors", 1);
  mock_.Write("cursors", "a/x", "1");
  const auto reader = Make();
  mock_.AnswerAll(KafkaMock::kFetch, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  const absl::Status status = reader->ReadToEnd(kTime);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              ::testing::AllOf(HasSubstr("read topic cursors"),
                               HasSubstr("Write and Describe on the topic")));
  mock_.AnswerAsUsual(KafkaMock::kFetch);
  EXPECT_TRUE(reader->ReadToEnd(kTime).ok());
  EXPECT_THAT(reader->values(), SizeIs(1));
}

TEST_F(CursorTopicTest, AMissingTopicIsReported) {
  mock_.MakeTopic("cursors", 1);
  mock_.SetTopicError("cursors", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const absl::Status status = Make()->ReadToEnd(kTime);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("offsets_topic cursors"));
}

// The brokers are away, or accept requests and never respond.
TEST_F(CursorTopicTest, TimeOutsAreKept) {
  mock_.MakeTopic("cursors", 1);
  mock_.Write("cursors", "a/x", "1");
  const auto reader = Make();
  ASSERT_TRUE(reader->ReadToEnd(kTime).ok());
  constexpr absl::Duration kShort = absl::Milliseconds(500);
  mock_.Answer(KafkaMock::kListOffsets,
               {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR__TRANSPORT});
  for (const bool is_down : {false, true}) {
    is_down ? mock_.Down() : mock_.Delay(60'000);
    const absl::Time began = absl::Now();
    const absl::Status status = reader->ReadToEnd(kShort);
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_LT(absl::Now() - began, kShort + absl::Seconds(5)) << is_down;
    mock_.Delay(0);
  }
  mock_.Up();
}

TEST_F(CursorTopicTest, PreparesATopicThatCannotBeDescribed) {
  mock_.MakeTopic("cursors", 8);
  KafkaClient::Parts parts;
  parts.options = mock_.Options();
  parts.log = &log_;
  parts.name = "test";
  parts.role = KafkaRole::kReader;
  const auto client = KafkaClient::Make(std::move(parts));
  ASSERT_TRUE(client.ok());
  // The mock can't describe topics.
  const absl::Status status =
      PrepareCursorTopic(client->get(), "cursors", true, absl::Milliseconds(300));
  EXPECT_TRUE(status.ok()) << status;
  mock_.SetTopicError("cursors", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const absl::Status missing =
      PrepareCursorTopic(client->get(), "cursors", false, absl::Milliseconds(300));
  EXPECT_TRUE(absl::IsUnavailable(missing)) << missing;
  EXPECT_THAT(std::string(missing.message()), HasSubstr("create_topics: true"));
}

}  // namespace
}  // namespace sparktail
