#include "sinks/kafka/exactly_once_sink.h"

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/kafka/cursor_record.h"
#include "ingest/kafka/name_claim.h"
#include "tests/support/delivering.h"
#include "tests/support/eventually.h"
#include "tests/support/faulty_os.h"
#include "tests/support/feed.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::BytesOf;
using testing::Delivering;
using ::testing::ElementsAre;
using testing::Eventually;
using testing::FaultyOs;
using testing::Feed;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::KafkaMock;
using ::testing::Not;
using testing::RecordingLog;
using ::testing::SizeIs;
using testing::TempDir;

constexpr char kSink[] = "kafka";
constexpr char kName[] = "sparktail/unit/kafka";
// Brokers of the mock.
constexpr int kOfEvents = 1;
constexpr int kOfCursors = 2;
constexpr int kCoordinator = 3;

class ExactlyOnceSinkTest : public ::testing::Test {
 protected:
  ExactlyOnceSinkTest() : mock_(3) {
    mock_.MakeTopic("events", 1, kOfEvents);
    mock_.MakeTopic("cursors", 1, kOfCursors);
    mock_.SetCoordinator(kName, kCoordinator);
    options_.client = mock_.Options({{"message.copy.max.bytes", "0"}});
    options_.topic = "events";
    options_.offsets_topic = "cursors";
    options_.compression = "none";
    MakeDeadLetters(uint64_t{1} << 20);
  }

  void MakeDeadLetters(uint64_t most) {
    dead_letters_.emplace(&os_, &log_, folder_ / "dead-letter", kSink, most);
  }
  ExactlyOnceSink::Parts Parts() {
    ExactlyOnceSink::Parts parts;
    parts.log = &log_;
    parts.dead_letters = &*dead_letters_;
    parts.instance = "unit";
    parts.name = kSink;
    parts.options = options_;
    parts.patience = patience_;
    return parts;
  }
  std::unique_ptr<Delivering> Make() {
    return std::make_unique<Delivering>(std::make_unique<ExactlyOnceSink>(Parts()));
  }
  static absl::StatusOr<std::vector<StreamCursor>> Open(Delivering* one) {
    absl::StatusOr<std::vector<StreamCursor>> cursors = one->sink()->Open();
    for (int i = 0; i < 200 && absl::IsUnavailable(cursors.status()); ++i) {
      cursors = one->sink()->Open();
    }
    return cursors;
  }
  std::unique_ptr<Delivering> MakeOpen() {
    std::unique_ptr<Delivering> one = Make();
    const absl::StatusOr<std::vector<StreamCursor>> cursors = Open(one.get());
    EXPECT_TRUE(cursors.ok()) << cursors.status();
    return one;
  }

  // The contents of the topic of events, in brief: "0-5 8".
  std::string Written() const {
    std::string lines;
    for (const KafkaMock::Record& record : mock_.Read("events")) {
      lines += record.value.value_or("none") + "\n";
    }
    return Feed::Summary(lines);
  }
  // The last cursor; nullopt: there is none, or it was deleted.
  std::optional<CursorRecord> Stored() const {
    std::optional<CursorRecord> last;
    for (const KafkaMock::Record& record : mock_.Read("cursors")) {
      if (record.key != "unit/kafka/test/stream") continue;
      last = record.value ? CursorRecord::FromJson(*record.value) : std::nullopt;
    }
    return last;
  }
  std::string Buried() const {
    std::string all;
    const std::string directory = folder_ / "dead-letter/kafka";
    if (!std::filesystem::exists(directory)) return all;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      all += BytesOf(entry.path());
    }
    return all;
  }
  static bool Holds(const std::string& text, size_t n) {
    return text.find(Feed::Document(n)) != std::string::npos;
  }

  TempDir folder_;
  FaultyOs os_;
  RecordingLog log_;
  KafkaMock mock_;
  KafkaSinkOptions options_;
  std::optional<DeadLetters> dead_letters_;
  // The mock never describes topics: each Open() waits for that long.
  absl::Duration patience_ = absl::Milliseconds(300);
};

// ---------------------------------------------------------------- events and cursors

TEST_F(ExactlyOnceSinkTest, EventsAndCursors) {
  {
    const auto one = MakeOpen();
    ASSERT_TRUE(one->Deliver(0, 3));
    ASSERT_TRUE(one->Deliver(3, 5));
    EXPECT_THAT(one->errors, IsEmpty());
  }
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 5));
  const std::optional<CursorRecord> stored = Stored();
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->cursor.order, 5U);
  EXPECT_EQ(stored->cursor.position, "{\"n\":5}");
  EXPECT_NEAR(static_cast<double>(stored->updated_ms),
              static_cast<double>(absl::ToUnixMillis(absl::Now())), 60'000);
  const auto again = Make();
  const auto cursors = Open(again.get());
  ASSERT_TRUE(cursors.ok()) << cursors.status();
  EXPECT_EQ(Feed::OffsetOf(*cursors), 5U);
}

TEST_F(ExactlyOnceSinkTest, TheClaimIsWrittenBeforeAllElse) {
  MakeOpen();
  const std::vector<KafkaMock::Record> records = mock_.Read("cursors");
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].key, "unit/kafka");
  const std::optional<NameClaim> claim = NameClaim::FromJson(records[0].value.value_or(""));
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->pid, ::getpid());
}

TEST_F(ExactlyOnceSinkTest, CursorsMoveOverNoiseWithoutAnEvent) {
  {
    const auto one = MakeOpen();
    ASSERT_TRUE(one->Commit(7).ok());
  }
  EXPECT_EQ(Stored()->cursor.order, 7U);
  EXPECT_EQ(Written(), "");
}

TEST_F(ExactlyOnceSinkTest, CursorsOfOthersAreTheirs) {
  ASSERT_TRUE(MakeOpen()->Deliver(0, 3));
  ExactlyOnceSink::Parts parts = Parts();
  parts.instance = "uni";
  ExactlyOnceSink other(std::move(parts));
  const auto cursors = other.Open();
  ASSERT_TRUE(cursors.ok()) << cursors.status();
  EXPECT_THAT(*cursors, IsEmpty());
}

TEST_F(ExactlyOnceSinkTest, StreamsOfAGroupHaveItsCursors) {
  ExactlyOnceSink::Parts parts = Parts();
  parts.owner_of = [](const StreamKey&) { return std::string("group:g"); };
  Delivering one(std::make_unique<ExactlyOnceSink>(std::move(parts)));
  ASSERT_TRUE(Open(&one).ok());
  ASSERT_TRUE(one.Deliver(0, 3));
  EXPECT_EQ(mock_.Read("cursors").back().key, "group:g/kafka/test/stream");
}

// A record as version 0.1 wrote it: its position does not name its kind.
TEST_F(ExactlyOnceSinkTest, ATopicOfVersion01GoesOn) {
  const std::string position =
      R"({"file":"/logs/a.log#200c52cedae9d2d0","path":"/logs/a.log","raw":144135,"content":144135})";
  mock_.Write(
      "cursors", "unit/kafka/logs//logs/a.log#200c52cedae9d2d0",
      R"({"version":1,"offset":144135,"position":"{\"file\":\"/logs/a.log#200c52cedae9d2d0\",)"
      R"(\"path\":\"/logs/a.log\",\"raw\":144135,\"content\":144135}",)"
      R"("context":"{\"version\":1,\"appName\":\"a\"}","ended":false,)"
      R"("updated":1796114724203,"commit":"0123-1"})");
  const auto one = Make();
  const auto cursors = Open(one.get());
  ASSERT_TRUE(cursors.ok()) << cursors.status();
  ASSERT_THAT(*cursors, SizeIs(1));
  const StreamCursor& cursor = cursors->front();
  EXPECT_EQ(cursor.stream, StreamKey("logs", "/logs/a.log#200c52cedae9d2d0"));
  EXPECT_EQ(cursor.cursor.order, 144135U);
  EXPECT_EQ(cursor.cursor.position, position);
  EXPECT_EQ(*cursor.cursor.context, R"({"version":1,"appName":"a"})");
  EXPECT_FALSE(cursor.cursor.ended);
  ASSERT_TRUE(one->sink()->Commit({&cursor, 1}).ok());
  EXPECT_EQ(mock_.Read("cursors").back().key, "unit/kafka/logs//logs/a.log#200c52cedae9d2d0");
}

TEST_F(ExactlyOnceSinkTest, ACursorThatCannotBeReadIsReported) {
  mock_.Write("cursors", "unit/kafka/test/stream", "{\"version\":2}");
  const auto one = Make();
  const auto cursors = Open(one.get());
  EXPECT_TRUE(absl::IsFailedPrecondition(cursors.status()));
  EXPECT_THAT(std::string(cursors.status().message()), HasSubstr("unit/kafka/test/stream"));
}

TEST_F(ExactlyOnceSinkTest, CursorsOfStreamsThatEndedLongAgoAreDeleted) {
  CursorRecord record;
  record.cursor = Feed::CursorAt(9).cursor;
  record.updated_ms = absl::ToUnixMillis(absl::Now() - absl::Hours(24 * 31));
  mock_.Write("cursors", "unit/kafka/goes-on", record.ToJson());
  record.cursor.ended = true;
  mock_.Write("cursors", "unit/kafka/ended", record.ToJson());
  {
    const auto one = MakeOpen();
    ASSERT_TRUE(one->sink()->Tidy().ok());
  }
  std::vector<std::string> taken;
  for (const KafkaMock::Record& found : mock_.Read("cursors")) {
    if (!found.value) taken.push_back(*found.key);
  }
  EXPECT_THAT(taken, ElementsAre("unit/kafka/ended"));
}

TEST_F(ExactlyOnceSinkTest, AFullQueueIsWaitedFor) {
  options_.client = mock_.Options({{"queue.buffering.max.messages", "3"}});
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 100));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 100));
}

// The sink may be destroyed at any moment; messages in the queue are not read any more.
TEST_F(ExactlyOnceSinkTest, IsDestroyedWithinATransaction) {
  options_.client = mock_.Options({{"linger.ms", "1000"}, {"message.copy.max.bytes", "0"}});
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Write(Feed::Events(0, 50)).ok());
}

TEST_F(ExactlyOnceSinkTest, RollbackForgetsWhatIsNotCommitted) {
  options_.client = mock_.Options({{"linger.ms", "1000"}, {"message.copy.max.bytes", "0"}});
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Write(Feed::Events(0, 3)).ok());
  const auto made = one->sink()->Rollback();
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_FALSE(*made);
  ASSERT_TRUE(one->WriteAgain().ok());
  ASSERT_TRUE(one->Commit(3).ok());
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 3));
}

// ---------------------------------------------------------------- what passes

TEST_F(ExactlyOnceSinkTest, AnElectionIsNoError) {
  patience_ = absl::Seconds(5);
  mock_.Answer(KafkaMock::kProduce,
               {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT},
               kOfEvents);
  mock_.Answer(KafkaMock::kAddPartitionsToTxn,
               {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
                RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR});
  mock_.Answer(KafkaMock::kEndTxn,
               {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR});
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 3));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 3));
}

// F31.
TEST_F(ExactlyOnceSinkTest, F31_TheCursorStaysWhereItIsWhileBrokersAreAway) {
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 3));
  mock_.Down(kOfEvents);
  std::optional<CursorRecord> meanwhile;
  EXPECT_TRUE(one->Deliver(3, 6, [&](const absl::Status&) {
    if (!meanwhile) meanwhile = Stored();
    mock_.Up(kOfEvents);
  }));
  ASSERT_TRUE(meanwhile);
  // The mock shows aborted records too: the cursor of the attempt, but no event.
  EXPECT_GE(one->errors.size(), 1U);
  EXPECT_TRUE(absl::IsUnavailable(one->errors[0])) << one->errors[0];
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 6));
  EXPECT_EQ(Stored()->cursor.order, 6U);
}

TEST_F(ExactlyOnceSinkTest, AllBrokersAreAwayForLongerThanATransactionMayBeOpen) {
  options_.client = mock_.Options({{"message.copy.max.bytes", "0"},
                                   {"message.timeout.ms", "500"},
                                   {"transaction.timeout.ms", "1500"},
                                   {"socket.timeout.ms", "500"}});
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 3));
  mock_.Down();
  const absl::Time down = absl::Now();
  EXPECT_TRUE(one->Deliver(3, 6, [&](const absl::Status&) {
    if (absl::Now() - down > absl::Seconds(3)) mock_.Up();
  }));
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 6));
}

TEST_F(ExactlyOnceSinkTest, OpensWhenTheBrokersCome) {
  mock_.Down();
  const auto one = Make();
  const auto cursors = one->sink()->Open();
  EXPECT_TRUE(absl::IsUnavailable(cursors.status())) << cursors.status();
  mock_.Up();
  EXPECT_TRUE(Open(one.get()).ok());
  EXPECT_TRUE(one->Deliver(0, 3));
}

// ---------------------------------------------------------------- commits

TEST_F(ExactlyOnceSinkTest, ALostResponseToACommitIsRequestedAgain) {
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kEndTxn, {RD_KAFKA_RESP_ERR__TRANSPORT});
  ASSERT_TRUE(one->Deliver(0, 3));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 3));
}

// The response is lost, and then the broker reports that there is nothing to commit: the
// transaction is committed.
TEST_F(ExactlyOnceSinkTest, ACommitInDoubtIsLookedUp) {
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kEndTxn,
               {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE});
  ASSERT_TRUE(one->Deliver(0, 3));
  EXPECT_THAT(one->errors, SizeIs(1));
  EXPECT_EQ(one->made_after_all, 1U);
  ASSERT_TRUE(one->Deliver(3, 6));
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 6));
}

// A response is lost likewise, but librdkafka first reports that the transaction can be aborted.
TEST_F(ExactlyOnceSinkTest, ACommitInDoubtIsLookedUpAfterItCannotBeAborted) {
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kEndTxn, {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_INVALID_REQUEST,
                                    RD_KAFKA_RESP_ERR_INVALID_TXN_STATE});
  ASSERT_TRUE(one->Deliver(0, 3));
  EXPECT_EQ(one->made_after_all, 1U);
  ASSERT_TRUE(one->Deliver(3, 6));
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 6));
}

// The coordinator goes away before the commit: the sink reports that, and resumes the same commit
// when it is back.
TEST_F(ExactlyOnceSinkTest, ALongCommitIsReportedAndResumed) {
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Write(Feed::Events(0, 3)).ok());
  ASSERT_TRUE(Eventually([&] { return Written() == Feed::SummaryOf(0, 3); }));
  mock_.AnswerAll(KafkaMock::kEndTxn, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 100'000);
  const absl::Time began = absl::Now();
  const absl::Status status = one->Commit(3);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_LT(absl::Now() - began, absl::Seconds(30));
  ASSERT_TRUE(one->Finish(status, 3,
                          [&](const absl::Status&) { mock_.AnswerAsUsual(KafkaMock::kEndTxn); }));
  EXPECT_EQ(one->made_after_all, 1U);
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 3));
}

// ---------------------------------------------------------------- what is refused

TEST_F(ExactlyOnceSinkTest, F34_AnEventThatIsTooLargeGoesToTheDeadLetters) {
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE}, kOfEvents);
  ASSERT_TRUE(one->Deliver(0, 1));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_EQ(dead_letters_->count(), 1U);
  EXPECT_TRUE(Holds(Buried(), 0)) << Buried();
  EXPECT_THAT(Buried(), HasSubstr("Message size too large"));
  ASSERT_TRUE(one->Deliver(1, 3));
  EXPECT_EQ(Written(), Feed::SummaryOf(1, 3));
  EXPECT_EQ(Stored()->cursor.order, 3U);
}

// Each event of a rejected batch is sent alone, to find the one at fault.
TEST_F(ExactlyOnceSinkTest, F34_TheRestOfItsBatchIsDelivered) {
  // The batch is sent only when it is complete; a flush does not wait for that.
  options_.client = mock_.Options({{"message.copy.max.bytes", "0"}, {"linger.ms", "1000"}});
  const auto one = MakeOpen();
  constexpr auto kOk = RD_KAFKA_RESP_ERR_NO_ERROR;
  mock_.Answer(
      KafkaMock::kProduce,
      {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, kOk, kOk, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE},
      kOfEvents);
  ASSERT_TRUE(one->Deliver(0, 5));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_EQ(dead_letters_->count(), 1U);
  EXPECT_TRUE(Holds(Buried(), 2)) << Buried();
  // Aborted records included.
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 2) + Feed::SummaryOf(0, 2) + Feed::SummaryOf(3, 5));
}

// The rejection is known before the whole transaction is written.
TEST_F(ExactlyOnceSinkTest, F34_ARejectionIsNotForgottenWhenMoreIsWritten) {
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_INVALID_RECORD}, kOfEvents);
  ASSERT_TRUE(one->Write(Feed::Events(0, 1)).ok());
  ASSERT_TRUE(Eventually([&] { return log_.Has("Current transaction failed"); }));
  const absl::Status status = one->Write(Feed::Events(1, 3));
  EXPECT_TRUE(status.ok()) << status;
  ASSERT_TRUE(one->Commit(3).ok());
  EXPECT_EQ(dead_letters_->count(), 1U);
  EXPECT_TRUE(Holds(Buried(), 0)) << Buried();
  EXPECT_EQ(Written(), Feed::SummaryOf(1, 3));
}

// Messages for a partition that is not in the transaction yet stay in librdkafka's queue when the
// transaction has failed. The sink must not wait for them, nor take them for the cause.
TEST_F(ExactlyOnceSinkTest, F34_MessagesBlockedByARejectionAreNotWaitedFor) {
  options_.client =
      mock_.Options({{"message.copy.max.bytes", "0"}, {"message.timeout.ms", "5000"}});
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 1));
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE}, kOfEvents, 500);
  ASSERT_TRUE(one->Write(Feed::Events(1, 2)).ok());
  ASSERT_TRUE(Eventually([&] { return mock_.Left(KafkaMock::kProduce, kOfEvents) == 0; }));
  mock_.AnswerAll(KafkaMock::kAddPartitionsToTxn, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                  3);
  const absl::Status status = one->Commit(2);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(dead_letters_->count(), 1U);
  EXPECT_FALSE(log_.Has("timed out"));
}

TEST_F(ExactlyOnceSinkTest, ABatchThatIsTooLargeIsMadeSmaller) {
  options_.client = mock_.Options({{"message.copy.max.bytes", "0"}, {"linger.ms", "1000"}});
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE}, kOfEvents);
  ASSERT_TRUE(one->Deliver(0, 5));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_EQ(dead_letters_->count(), 0U);
  ASSERT_TRUE(one->sink()->Tidy().ok());
  ASSERT_TRUE(one->Deliver(5, 9));
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 9));
}

TEST_F(ExactlyOnceSinkTest, AnEventWhoseTimeIsRejectedIsSentWithoutIt) {
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP}, kOfEvents);
  EventBuffer events = Feed::Events(0, 2);
  for (EventRef& event : events.events) event.time_ms = 1000;
  ASSERT_TRUE(one->Write(std::move(events)).ok());
  const absl::Status status = one->Commit(2);
  ASSERT_TRUE(status.ok()) << status;
  events = Feed::Events(2, 3);
  events.events[0].time_ms = 1000;
  ASSERT_TRUE(one->Write(std::move(events)).ok());
  ASSERT_TRUE(one->Commit(3).ok());
  const std::vector<KafkaMock::Record> records = mock_.Read("events");
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_GT(records[0].time_ms, 1000);
  EXPECT_GT(records[1].time_ms, 1000);
  EXPECT_EQ(records[2].time_ms, 1000);
  EXPECT_EQ(dead_letters_->count(), 0U);
}

TEST_F(ExactlyOnceSinkTest, FullDeadLettersPauseTheSink) {
  MakeDeadLetters(1);
  const auto one = MakeOpen();
  mock_.AnswerAll(KafkaMock::kProduce, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 3);
  const absl::Time began = absl::Now();
  EXPECT_TRUE(one->Deliver(0, 1));
  ASSERT_GE(one->errors.size(), 1U);
  EXPECT_TRUE(absl::IsResourceExhausted(one->errors[0])) << one->errors[0];
  EXPECT_LT(absl::Now() - began, absl::Seconds(50));
}

// Messages that librdkafka itself would never send.
TEST_F(ExactlyOnceSinkTest, AnEventTooLargeForThePropertiesGoesToTheDeadLetters) {
  patience_ = absl::Seconds(5);
  options_.client = mock_.Options({{"message.max.bytes", "1000"}});
  const auto one = MakeOpen();
  EventBuffer events = Feed::Events(0, 1);
  Feed::Append(R"({"kind":"signal","id":"x","pad":")" + std::string(2000, 'x') + "\"}", Feed::Id(1),
               &events);
  ASSERT_TRUE(one->Write(std::move(events)).ok());
  ASSERT_TRUE(one->Commit(2).ok());
  EXPECT_EQ(dead_letters_->count(), 1U);
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 1));
}

// ---------------------------------------------------------------- what somebody has to mend

TEST_F(ExactlyOnceSinkTest, AMissingRightIsNamedAndWaitedFor) {
  const auto one = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED}, kOfEvents);
  ASSERT_TRUE(one->Deliver(0, 3));
  ASSERT_THAT(one->errors, Not(IsEmpty()));
  EXPECT_TRUE(absl::IsUnavailable(one->errors[0])) << one->errors[0];
  EXPECT_THAT(std::string(one->errors[0].message()),
              ::testing::AllOf(HasSubstr("topic events"), HasSubstr("Write and Describe")));
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 3));
}

// While the producer knows that it may not write to the topic, it accepts no events.
TEST_F(ExactlyOnceSinkTest, AMissingRightStaysMissingForAWhile) {
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 3));
  mock_.Answer(
      KafkaMock::kProduce,
      {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
       RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED},
      kOfEvents);
  ASSERT_TRUE(one->Write(Feed::Events(3, 4)).ok());
  ASSERT_TRUE(Eventually([&] { return log_.Has("Current transaction failed"); }));
  ASSERT_TRUE(one->Finish(one->Write(Feed::Events(4, 6)), 6, nullptr));
  EXPECT_GE(one->errors.size(), 3U);
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 6));
}

TEST_F(ExactlyOnceSinkTest, F36_ATopicThatWasDeletedIsUsedAgainWhenItIsBack) {
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 3));
  mock_.SetTopicError("events", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART}, kOfEvents);
  const absl::Time began = absl::Now();
  ASSERT_TRUE(one->Deliver(3, 6, [&](const absl::Status&) {
    mock_.SetTopicError("events", RD_KAFKA_RESP_ERR_NO_ERROR);
  }));
  EXPECT_THAT(one->errors, Not(IsEmpty()));
  EXPECT_LT(absl::Now() - began, absl::Seconds(30));
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 6));
}

TEST_F(ExactlyOnceSinkTest, TheRightToTheNameIsNamedAndWaitedFor) {
  mock_.Answer(KafkaMock::kInitProducerId,
               {RD_KAFKA_RESP_ERR_NO_ERROR,  // of the claim
                RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED});
  const auto one = Make();
  const auto cursors = one->sink()->Open();
  ASSERT_TRUE(absl::IsUnavailable(cursors.status())) << cursors.status();
  EXPECT_THAT(std::string(cursors.status().message()),
              ::testing::AllOf(HasSubstr(kName), HasSubstr("transactional id")));
  ASSERT_TRUE(Open(one.get()).ok());
  EXPECT_TRUE(one->Deliver(0, 3));
}

TEST_F(ExactlyOnceSinkTest, BrokersThatKnowNoTransactionsEndIt) {
  rd_kafka_mock_set_apiversion(mock_.cluster(), KafkaMock::kInitProducerId, -1, -1);
  const auto one = Make();
  const auto cursors = one->sink()->Open();
  EXPECT_FALSE(cursors.ok());
}

// ---------------------------------------------------------------- dead producers

TEST_F(ExactlyOnceSinkTest, F35_AProducerThatIsDeadIsReplaced) {
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 3));
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER}, kOfEvents);
  ASSERT_TRUE(one->Deliver(3, 6));
  ASSERT_TRUE(one->Deliver(6, 9));
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 9));
}

// Its transaction was open for too long, or the cluster forgot it: the name is still its own.
TEST_F(ExactlyOnceSinkTest, ResumesAfterTheClusterFencedIt) {
  for (const rd_kafka_resp_err_t code :
       {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID}) {
    const auto one = MakeOpen();
    mock_.Answer(KafkaMock::kProduce, {code}, kOfEvents);
    EXPECT_TRUE(one->Deliver(0, 3)) << rd_kafka_err2name(code);
    EXPECT_EQ(one->made_after_all, 0U);
  }
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 3) + Feed::SummaryOf(0, 3));
}

TEST_F(ExactlyOnceSinkTest, ErrorsOfPartitionsInATransaction) {
  for (const rd_kafka_resp_err_t code :
       {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE,
        RD_KAFKA_RESP_ERR_PRODUCER_FENCED, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_OPERATION_NOT_ATTEMPTED,
        RD_KAFKA_RESP_ERR_UNKNOWN}) {
    const auto one = MakeOpen();
    mock_.Answer(KafkaMock::kAddPartitionsToTxn, {code}, kCoordinator);
    EXPECT_TRUE(one->Deliver(0, 3)) << rd_kafka_err2name(code) << one->errors.back();
    EXPECT_EQ(one->made_after_all, 0U) << rd_kafka_err2name(code);
  }
}

TEST_F(ExactlyOnceSinkTest, FencedByAnotherProcessItStops) {
  const auto older = MakeOpen();
  ASSERT_TRUE(older->Deliver(0, 3));
  const auto newer = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH}, kOfEvents);
  EXPECT_FALSE(older->Deliver(3, 6));
  const absl::Status& last = older->errors.back();
  EXPECT_TRUE(absl::IsFailedPrecondition(last)) << last;
  EXPECT_THAT(
      std::string(last.message()),
      ::testing::AllOf(HasSubstr("another process has the name unit/kafka (host "),
                       HasSubstr(", pid " + std::to_string(::getpid())), HasSubstr(", since ")));
  EXPECT_TRUE(newer->Deliver(3, 6));
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 6));
}

// A rejected event needs a new producer, which another process does not leave to it.
TEST_F(ExactlyOnceSinkTest, ARejectionAfterAnotherProcessTookTheNameStops) {
  const auto older = MakeOpen();
  ASSERT_TRUE(older->Deliver(0, 3));
  const auto newer = MakeOpen();
  mock_.Answer(KafkaMock::kProduce, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE}, kOfEvents);
  EXPECT_FALSE(older->Deliver(3, 4));
  const absl::Status& last = older->errors.back();
  EXPECT_TRUE(absl::IsFailedPrecondition(last)) << last;
  EXPECT_THAT(std::string(last.message()), HasSubstr("another process has the name unit/kafka"));
  EXPECT_TRUE(newer->Deliver(3, 6));
  EXPECT_EQ(Written(), Feed::SummaryOf(0, 6));
}

// ---------------------------------------------------------------- consumer groups

TEST_F(ExactlyOnceSinkTest, OffsetsOfAGroupAreCommittedWithTheEvents) {
  size_t asked = 0;
  ExactlyOnceSink::Parts parts = Parts();
  parts.group_offsets = [&](std::span<const StreamCursor> cursors) {
    ++asked;
    EXPECT_THAT(cursors, SizeIs(1));
    std::vector<GroupOffsets> all(1);
    all[0].offsets.reset(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(all[0].offsets.get(), "raw", 0)->offset = 7;
    all[0].member.reset(rd_kafka_consumer_group_metadata_new("group"));
    return absl::StatusOr<std::vector<GroupOffsets>>(std::move(all));
  };
  Delivering one(std::make_unique<ExactlyOnceSink>(std::move(parts)));
  ASSERT_TRUE(Open(&one).ok());
  ASSERT_TRUE(one.Deliver(0, 3));
  EXPECT_EQ(asked, 1U);
  for (const rd_kafka_resp_err_t code :
       {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
        RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED}) {
    one.errors.clear();
    mock_.Answer(KafkaMock::kTxnOffsetCommit, {code});
    EXPECT_TRUE(one.Deliver(3, 6)) << rd_kafka_err2name(code);
    ASSERT_THAT(one.errors, SizeIs(1));
    EXPECT_TRUE(absl::IsUnavailable(one.errors[0])) << one.errors[0];
  }
}

// ---------------------------------------------------------------- secrets

TEST_F(ExactlyOnceSinkTest, NoSecretIsLogged) {
  options_.client = mock_.Options({{"ssl.key.password", "much-secret"}, {"debug", "conf"}});
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 3));
  EXPECT_TRUE(log_.Has("librdkafka"));
  EXPECT_FALSE(log_.Has("much-secret"));
}

}  // namespace
}  // namespace sparktail
