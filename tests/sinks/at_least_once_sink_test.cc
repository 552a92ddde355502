#include "sinks/kafka/at_least_once_sink.h"

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/delivering.h"
#include "tests/support/eventually.h"
#include "tests/support/faulty_os.h"
#include "tests/support/feed.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/memory_cursor_store.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::BytesOf;
using testing::Delivering;
using testing::Eventually;
using testing::FaultyOs;
using testing::Feed;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::KafkaMock;
using testing::MemoryCursorStore;
using ::testing::Not;
using testing::RecordingLog;
using ::testing::SizeIs;
using testing::TempDir;

constexpr char kSink[] = "kafka";
constexpr auto kOk = RD_KAFKA_RESP_ERR_NO_ERROR;

class AtLeastOnceSinkTest : public ::testing::Test {
 protected:
  AtLeastOnceSinkTest() {
    mock_.MakeTopic("events", 1);
    options_.client = mock_.Options({{"message.copy.max.bytes", "0"}});
    options_.topic = "events";
    options_.delivery = KafkaSinkOptions::Delivery::kAtLeastOnce;
    options_.compression = "none";
    MakeDeadLetters(uint64_t{1} << 20);
  }

  void MakeDeadLetters(uint64_t most) {
    dead_letters_.emplace(&os_, &log_, folder_ / "dead-letter", kSink, most);
  }
  std::unique_ptr<Delivering> MakeOpen() {
    AtLeastOnceSink::Parts parts;
    parts.log = &log_;
    parts.store = &store_;
    parts.dead_letters = &*dead_letters_;
    parts.name = kSink;
    parts.options = options_;
    parts.patience = absl::Milliseconds(500);
    parts.report_margin = report_margin_;
    auto one = std::make_unique<Delivering>(std::make_unique<AtLeastOnceSink>(std::move(parts)));
    const auto cursors = one->sink()->Open();
    EXPECT_TRUE(cursors.ok()) << cursors.status();
    return one;
  }

  std::vector<std::string> Documents() const {
    std::vector<std::string> all;
    for (const KafkaMock::Record& record : mock_.Read("events")) {
      all.push_back(record.value.value_or("none"));
    }
    return all;
  }
  std::string Written() const {
    std::string lines;
    for (const std::string& document : Documents()) lines += document + "\n";
    return Feed::Summary(lines);
  }
  // Each event from the first to the last is there; repeated ones are complete.
  void ExpectAll(size_t begin, size_t end) const {
    const std::vector<std::string> all = Documents();
    for (size_t n = begin; n < end; ++n) {
      EXPECT_GE(std::count(all.begin(), all.end(), Feed::Document(n)), 1) << n << " is lost";
    }
    EXPECT_THAT(Written(), Not(HasSubstr("garbage")));
  }
  uint64_t Cursor() { return Feed::OffsetOf(*store_.Load(kSink)); }
  std::string Buried() const {
    std::string all;
    const std::string directory = folder_ / "dead-letter/kafka";
    if (!std::filesystem::exists(directory)) return all;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      all += BytesOf(entry.path());
    }
    return all;
  }

  TempDir folder_;
  FaultyOs os_;
  RecordingLog log_;
  MemoryCursorStore store_;
  KafkaMock mock_;
  KafkaSinkOptions options_;
  absl::Duration report_margin_ = absl::Seconds(15);
  std::optional<DeadLetters> dead_letters_;
};

TEST_F(AtLeastOnceSinkTest, EventsInOrderAndTheCursorAfterThem) {
  {
    const auto one = MakeOpen();
    ASSERT_TRUE(one->Deliver(0, 3));
    ASSERT_TRUE(one->Deliver(3, 200));
    EXPECT_THAT(one->errors, IsEmpty());
  }
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 200));
  EXPECT_EQ(Cursor(), 200U);
}

// F32: an event in librdkafka's queue is not delivered yet.
TEST_F(AtLeastOnceSinkTest, F32_TheCursorMovesOnlyWhenAllIsReported) {
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 1));
  mock_.Delay(100);
  ASSERT_TRUE(one->Write(Feed::Events(1, 3)).ok());
  EXPECT_EQ(Cursor(), 1U);
  store_.set_gate([&] {
    EXPECT_EQ(Written(), Feed::SummaryOf(0, 3)) << "the cursor moves before the events are there";
    return absl::OkStatus();
  });
  ASSERT_TRUE(one->Commit(3).ok());
  store_.set_gate(nullptr);
}

// F31, F33: messages that fail after message.timeout.ms are written again.
TEST_F(AtLeastOnceSinkTest, F33_MessagesThatTimeOutAreWrittenAgain) {
  options_.client = mock_.Options({{"message.copy.max.bytes", "0"}, {"message.timeout.ms", "300"}});
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 3));
  mock_.Down();
  size_t failures = 0;
  EXPECT_TRUE(one->Deliver(3, 6, [&](const absl::Status& status) {
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_EQ(Cursor(), 3U);
    if (++failures == 3) mock_.Up();
  }));
  EXPECT_GE(failures, 3U);
  ExpectAll(0, 6);
  EXPECT_EQ(Cursor(), 6U);
}

// Responses are lost: the events are written again, and the payloads of failed messages are not
// read any more.
TEST_F(AtLeastOnceSinkTest, AnswersThatAreLost) {
  options_.client = mock_.Options({{"message.copy.max.bytes", "0"},
                                   {"message.timeout.ms", "400"},
                                   {"socket.timeout.ms", "200"}});
  const auto one = MakeOpen();
  mock_.Delay(2000);
  size_t failures = 0;
  EXPECT_TRUE(one->Deliver(0, 20, [&](const absl::Status&) {
    if (++failures == 2) mock_.Delay(0);
  }));
  ExpectAll(0, 20);
}

// A message that librdkafka would never report must not silence the sink.
TEST_F(AtLeastOnceSinkTest, F32_ReportsThatDoNotComeAreNotWaitedFor) {
  const absl::Duration timeout = absl::Seconds(30);
  options_.client = mock_.Options({{"message.copy.max.bytes", "0"},
                                   {"message.timeout.ms", "30000"},
                                   {"socket.timeout.ms", "30000"}});
  report_margin_ = absl::Seconds(2) - timeout;
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 1));
  mock_.Delay(20'000);
  EXPECT_TRUE(one->Deliver(1, 3, [&](const absl::Status& status) {
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("the brokers do not accept the events"));
    EXPECT_EQ(Cursor(), 1U);
    mock_.Delay(0);
  }));
  EXPECT_THAT(one->errors, Not(IsEmpty()));
  ExpectAll(0, 3);
}

TEST_F(AtLeastOnceSinkTest, AnElectionIsNoError) {
  mock_.Answer(KafkaMock::kProduce,
               {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                RD_KAFKA_RESP_ERR__TRANSPORT});
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 3));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 3));
}

TEST_F(AtLeastOnceSinkTest, AFullQueueIsWaitedFor) {
  options_.client = mock_.Options({{"queue.buffering.max.messages", "3"}});
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 100));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 100));
}

// F31: errors other than a full queue drop nothing either.
TEST_F(AtLeastOnceSinkTest, F31_AFullQueueAndNoBrokers) {
  options_.client =
      mock_.Options({{"queue.buffering.max.messages", "3"}, {"message.timeout.ms", "300"}});
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 1));
  mock_.Down();
  EXPECT_TRUE(one->Deliver(1, 20, [&](const absl::Status& status) {
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    mock_.Up();
  }));
  EXPECT_THAT(one->errors, Not(IsEmpty()));
  ExpectAll(0, 20);
}

TEST_F(AtLeastOnceSinkTest, F34_AnEventThatIsTooLargeGoesToTheDeadLetters) {
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  ASSERT_TRUE(one->Deliver(0, 1));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_EQ(dead_letters_->count(), 1U);
  EXPECT_THAT(Buried(), HasSubstr("Message size too large"));
  ASSERT_TRUE(one->Deliver(1, 3));
  EXPECT_EQ(Written(), Feed::SummaryOf(1, 3));
  EXPECT_EQ(Cursor(), 3U);
}

TEST_F(AtLeastOnceSinkTest, F34_TheRestOfItsBatchIsDelivered) {
  options_.client = mock_.Options({{"linger.ms", "100"}, {"message.copy.max.bytes", "0"}});
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, kOk, kOk,
                                     RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  ASSERT_TRUE(one->Deliver(0, 5));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_EQ(dead_letters_->count(), 1U);
  EXPECT_THAT(Buried(), HasSubstr(Feed::Document(2)));
  ExpectAll(0, 2);
  ExpectAll(3, 5);
  EXPECT_EQ(Cursor(), 5U);
}

TEST_F(AtLeastOnceSinkTest, F34_ARejectionIsNotForgottenWhenMoreIsWritten) {
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_INVALID_RECORD}, 1);
  ASSERT_TRUE(one->Write(Feed::Events(0, 1)).ok());
  ASSERT_TRUE(Eventually([&] { return mock_.Left(KafkaMock::kProduce, 1) == 0; }));
  ASSERT_TRUE(one->Finish(one->Write(Feed::Events(1, 3)), 3, nullptr));
  ASSERT_TRUE(one->Commit(3).ok());
  EXPECT_EQ(dead_letters_->count(), 1U);
  ExpectAll(1, 3);
}

TEST_F(AtLeastOnceSinkTest, ABatchThatIsTooLargeIsMadeSmaller) {
  options_.client = mock_.Options({{"linger.ms", "100"}});
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE});
  ASSERT_TRUE(one->Deliver(0, 5));
  EXPECT_EQ(dead_letters_->count(), 0U);
  ASSERT_TRUE(one->sink()->Tidy().ok());
  ASSERT_TRUE(one->Deliver(5, 9));
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 9));
}

TEST_F(AtLeastOnceSinkTest, AnEventWhoseTimeIsRejectedIsSentWithoutIt) {
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP});
  EventBuffer events = Feed::Events(0, 1);
  events.events[0].time_ms = 1000;
  ASSERT_TRUE(one->Write(std::move(events)).ok());
  ASSERT_TRUE(one->Commit(1).ok());
  const std::vector<KafkaMock::Record> records = mock_.Read("events");
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_GT(records[0].time_ms, 1000);
  EXPECT_EQ(dead_letters_->count(), 0U);
}

TEST_F(AtLeastOnceSinkTest, FullDeadLettersPauseTheSink) {
  MakeDeadLetters(1);
  const auto one = MakeOpen();
  mock_.AnswerAll(KafkaMock::kProduce, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 3);
  EXPECT_TRUE(one->Deliver(0, 1));
  ASSERT_THAT(one->errors, Not(IsEmpty()));
  EXPECT_TRUE(absl::IsResourceExhausted(one->errors[0])) << one->errors[0];
  ExpectAll(0, 1);
}

TEST_F(AtLeastOnceSinkTest, AMissingRightIsNamedAndWaitedFor) {
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                     RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  ASSERT_TRUE(one->Deliver(0, 3));
  ASSERT_THAT(one->errors, Not(IsEmpty()));
  EXPECT_TRUE(absl::IsUnavailable(one->errors[0])) << one->errors[0];
  EXPECT_THAT(std::string(one->errors[0].message()), HasSubstr("Write and Describe"));
  ExpectAll(0, 3);
}

// The producer knows that it may not write to the topic, and accepts nothing for it.
TEST_F(AtLeastOnceSinkTest, EventsForAForbiddenTopicAreNotLost) {
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED}, 1);
  ASSERT_TRUE(one->Write(Feed::Events(0, 1)).ok());
  ASSERT_TRUE(Eventually([&] { return mock_.Left(KafkaMock::kProduce, 1) == 0; }));
  absl::Status status;
  size_t end = 1;
  ASSERT_TRUE(Eventually([&] {
    status = one->Write(Feed::Events(end, end + 1));
    ++end;
    return !status.ok();
  }));
  ASSERT_TRUE(one->Finish(status, end, nullptr));
  ExpectAll(0, end);
}

TEST_F(AtLeastOnceSinkTest, F36_ATopicThatWasDeletedIsUsedAgainWhenItIsBack) {
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 3));
  mock_.SetTopicError("events", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  mock_.AnswerAll(KafkaMock::kProduce, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  ASSERT_TRUE(one->Deliver(3, 6, [&](const absl::Status&) {
    mock_.SetTopicError("events", RD_KAFKA_RESP_ERR_NO_ERROR);
    mock_.AnswerAsUsual(KafkaMock::kProduce);
  }));
  EXPECT_THAT(one->errors, Not(IsEmpty()));
  ExpectAll(0, 6);
}

TEST_F(AtLeastOnceSinkTest, F35_AProducerThatIsDeadIsReplaced) {
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 3));
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
  ASSERT_TRUE(one->Deliver(3, 6));
  EXPECT_THAT(one->errors, Not(IsEmpty()));
  ASSERT_TRUE(one->Deliver(6, 9));
  ExpectAll(0, 9);
}

TEST_F(AtLeastOnceSinkTest, EventsAreWrittenAgainIfCursorsCannotBeStored) {
  const auto one = MakeOpen();
  store_.Fail({});
  ASSERT_TRUE(one->Deliver(0, 3));
  EXPECT_THAT(one->errors, SizeIs(1));
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 3) + Feed::SummaryOf(0, 3));
  EXPECT_EQ(Cursor(), 3U);
}

TEST_F(AtLeastOnceSinkTest, EndsWithEventsInTheQueue) {
  options_.client = mock_.Options({{"linger.ms", "1000"}, {"message.copy.max.bytes", "0"}});
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Write(Feed::Events(0, 50)).ok());
}

TEST_F(AtLeastOnceSinkTest, EndsWithEventsOnTheirWay) {
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 1));
  mock_.Delay(500);
  ASSERT_TRUE(one->Write(Feed::Events(1, 50)).ok());
}

}  // namespace
}  // namespace sparktail
