#include "sinks/kafka/kafka_writer.h"

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/faulty_os.h"
#include "tests/support/feed.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::BytesOf;
using ::testing::ElementsAre;
using testing::FaultyOs;
using testing::Feed;
using ::testing::HasSubstr;
using testing::KafkaMock;
using ::testing::Not;
using ::testing::Pair;
using testing::RecordingLog;
using ::testing::SizeIs;
using testing::TempDir;

constexpr absl::Duration kTime = absl::Seconds(30);

class KafkaWriterTest : public ::testing::Test {
 protected:
  KafkaWriterTest() : dead_letters_(&os_, &log_, folder_ / "dead-letter", "kafka", 1 << 20) {
    mock_.MakeTopic("events", 1);
    options_.client = mock_.Options({{"linger.ms", "50"}});
    options_.topic = "events";
    options_.compression = "none";
  }
  void Make() {
    writer_.emplace(KafkaWriter::Parts{&log_, &dead_letters_, "kafka", options_, absl::Seconds(5)});
    MakeProducer();
  }
  void MakeProducer() {
    const absl::Status status = writer_->CreateProducer({});
    ASSERT_TRUE(status.ok()) << status;
  }
  std::string Buried() {
    EXPECT_TRUE(dead_letters_.Sync().ok());
    std::string all;
    if (!std::filesystem::exists(folder_ / "dead-letter/kafka")) return all;
    for (const auto& file : std::filesystem::directory_iterator(folder_ / "dead-letter/kafka")) {
      all += BytesOf(file.path());
    }
    return all;
  }

  TempDir folder_;
  FaultyOs os_;
  RecordingLog log_;
  DeadLetters dead_letters_;
  KafkaMock mock_;
  KafkaSinkOptions options_;
  std::optional<KafkaWriter> writer_;
};

TEST_F(KafkaWriterTest, ContentsOfARecord) {
  EventBuffer events;
  const std::string progress = R"({"kind":"progress","appId":"app","metrics":{"id":"query-1"}})";
  const std::string signal = R"({"kind":"signal","appId":"app","rule":"x"})";
  const std::string bare = R"({"kind":"signal"})";
  Feed::Append(progress, Feed::Id(1), &events);
  events.events.back().time_ms = 1'543'412'886'268;
  Feed::Append(signal, Feed::Id(2), &events);
  events.events.back().kind = EventKind::kSignal;
  Feed::Append(bare, Feed::Id(3), &events);
  events.events.back().kind = EventKind::kSignal;
  Make();
  ASSERT_TRUE(writer_->Put(events, 0).ok());
  ASSERT_TRUE(writer_->Flush(kTime).ok());
  const std::vector<KafkaMock::Record> records = mock_.Read("events");
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_EQ(records[0].value, progress);
  EXPECT_EQ(records[0].key, "query-1");
  EXPECT_EQ(records[0].time_ms, 1'543'412'886'268);
  EXPECT_THAT(records[0].headers,
              ElementsAre(Pair("content-type", "application/json"), Pair("id", Feed::Id(1)),
                          Pair("kind", "progress"), Pair("schema", "sparktail/1")));
  EXPECT_EQ(records[1].key, "app");
  EXPECT_EQ(records[1].headers.at("kind"), "signal");
  EXPECT_EQ(records[2].key, std::nullopt);
}

TEST_F(KafkaWriterTest, EachEventGoesToTheTopicOfItsPattern) {
  options_.topic = "s-{kind}";
  EventBuffer events;
  Feed::Append(R"({"kind":"progress"})", Feed::Id(1), &events);
  Feed::Append(R"({"kind":"query"})", Feed::Id(2), &events);
  Make();
  ASSERT_TRUE(writer_->Put(events, 0).ok());
  ASSERT_TRUE(writer_->Flush(kTime).ok());
  EXPECT_THAT(mock_.Read("s-progress"), SizeIs(1));
  EXPECT_THAT(mock_.Read("s-query"), SizeIs(1));
}

TEST_F(KafkaWriterTest, EventsBeforeTheFirstAreSkipped) {
  const EventBuffer events = Feed::Events(0, 5);
  Make();
  ASSERT_TRUE(writer_->Put(events, 3).ok());
  EXPECT_EQ(writer_->in_flight(), 2U);
  ASSERT_TRUE(writer_->Flush(kTime).ok());
  EXPECT_EQ(writer_->in_flight(), 0U);
  EXPECT_THAT(mock_.Read("events"), SizeIs(2));
}

TEST_F(KafkaWriterTest, InvalidJsonGoesToTheDeadLetters) {
  EventBuffer events = Feed::Events(0, 1);
  Feed::Append("no JSON", Feed::Id(1), &events);
  Make();
  ASSERT_TRUE(writer_->Put(events, 0).ok());
  ASSERT_TRUE(writer_->Flush(kTime).ok());
  EXPECT_THAT(mock_.Read("events"), SizeIs(1));
  EXPECT_THAT(Buried(), HasSubstr("not a valid JSON object"));
}

TEST_F(KafkaWriterTest, ARejectedBatchIsSuspected) {
  const EventBuffer events = Feed::Events(0, 3);
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_NO_ERROR,
                                     RD_KAFKA_RESP_ERR_INVALID_RECORD});
  Make();
  ASSERT_TRUE(writer_->Put(events, 0).ok());
  EXPECT_FALSE(writer_->Flush(kTime).ok());
  EXPECT_TRUE(writer_->must_repeat());
  EXPECT_EQ(Buried(), "");
  writer_->Restart();
  EXPECT_FALSE(writer_->must_repeat());
  // The second one is at fault; nothing is put after it.
  EXPECT_TRUE(absl::IsUnavailable(writer_->Put(events, 0)));
  EXPECT_TRUE(writer_->has_rejections());
  EXPECT_FALSE(writer_->Flush(kTime).ok());
  EXPECT_TRUE(writer_->must_repeat());
  EXPECT_FALSE(writer_->has_rejections());
  EXPECT_THAT(Buried(), HasSubstr(Feed::Document(1)));
  EXPECT_THAT(Buried(), HasSubstr(rd_kafka_err2str(RD_KAFKA_RESP_ERR_INVALID_RECORD)));
  writer_->Restart();
  ASSERT_TRUE(writer_->Put(events, 0).ok());
  ASSERT_TRUE(writer_->Flush(kTime).ok());
  writer_->ForgetDelivered();
  EXPECT_FALSE(writer_->wants_smaller_batches());
}

// A batch was too large, but none of its events is.
TEST_F(KafkaWriterTest, AsksForSmallerBatches) {
  const EventBuffer events = Feed::Events(0, 3);
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE});
  Make();
  ASSERT_TRUE(writer_->Put(events, 0).ok());
  EXPECT_FALSE(writer_->Flush(kTime).ok());
  writer_->Restart();
  ASSERT_TRUE(writer_->Put(events, 0).ok());
  ASSERT_TRUE(writer_->Flush(kTime).ok());
  writer_->ForgetDelivered();
  EXPECT_TRUE(writer_->wants_smaller_batches());
  MakeProducer();
  EXPECT_FALSE(writer_->wants_smaller_batches());
  ASSERT_TRUE(writer_->Put(events, 0).ok());
  ASSERT_TRUE(writer_->Flush(kTime).ok());
}

// The message contains the broker's response, not the payload.
TEST_F(KafkaWriterTest, ErrorsDoNotHoldTheEvent) {
  const EventBuffer events = Feed::Events(0, 1);
  mock_.AnswerAll(KafkaMock::kProduce, RD_KAFKA_RESP_ERR_POLICY_VIOLATION, 5);
  Make();
  ASSERT_TRUE(writer_->Put(events, 0).ok());
  const absl::Status status = writer_->Flush(kTime);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              ::testing::AllOf(HasSubstr("deliver to topic events"), Not(HasSubstr("metrics"))));
}

TEST_F(KafkaWriterTest, OtherRecordsAreCopied) {
  Make();
  auto topic = writer_->TopicNamed("cursors");
  ASSERT_TRUE(topic.ok()) << topic.status();
  {
    const std::string value = "value";
    ASSERT_TRUE(writer_->PutRecord(*topic, std::string("key"), &value).ok());
    ASSERT_TRUE(writer_->PutRecord(*topic, std::string("gone"), nullptr).ok());
  }
  ASSERT_TRUE(writer_->Flush(kTime).ok());
  std::map<std::string, std::optional<std::string>> found;
  for (const KafkaMock::Record& record : mock_.Read("cursors")) found[*record.key] = record.value;
  EXPECT_THAT(found, ElementsAre(Pair("gone", std::nullopt), Pair("key", "value")));
}

// A cursor record can't go to the dead letters.
TEST_F(KafkaWriterTest, ARejectedCursorRecordIsAnError) {
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  Make();
  auto topic = writer_->TopicNamed("events");
  ASSERT_TRUE(topic.ok()) << topic.status();
  const std::string value = "value";
  ASSERT_TRUE(writer_->PutRecord(*topic, "key", &value).ok());
  const absl::Status status = writer_->Flush(kTime);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_FALSE(writer_->must_repeat());
  EXPECT_EQ(Buried(), "");
}

TEST_F(KafkaWriterTest, ATopicThatMayNotBeCreatedIsReported) {
  options_.create_topics = false;
  mock_.SetTopicError("events", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  Make();
  const EventBuffer events = Feed::Events(0, 1);
  const absl::Status status = writer_->Put(events, 0);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              ::testing::AllOf(HasSubstr("topic events"), HasSubstr("create_topics: true")));
  mock_.SetTopicError("events", RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_TRUE(writer_->Put(events, 0).ok());
  ASSERT_TRUE(writer_->Flush(kTime).ok());
}

TEST_F(KafkaWriterTest, ARollbackRemovesDeadLetters) {
  EventBuffer events;
  Feed::Append("no JSON", Feed::Id(1), &events);
  Make();
  ASSERT_TRUE(writer_->Put(events, 0).ok());
  ASSERT_TRUE(writer_->refused_events()->Rollback().ok());
  EXPECT_EQ(Buried(), "");
  writer_->Restart();
  ASSERT_TRUE(writer_->Put(events, 0).ok());
  ASSERT_TRUE(writer_->refused_events()->Sync().ok());
  // Durable dead letters are not written twice.
  ASSERT_TRUE(writer_->refused_events()->Rollback().ok());
  writer_->Restart();
  ASSERT_TRUE(writer_->Put(events, 0).ok());
  ASSERT_TRUE(writer_->refused_events()->Sync().ok());
  EXPECT_EQ(dead_letters_.count(), 1U);
}

}  // namespace
}  // namespace sparktail
