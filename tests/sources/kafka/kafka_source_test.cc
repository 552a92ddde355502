#include "ingest/sources/kafka/kafka_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using ::sparktail::testing::Eventually;
using ::sparktail::testing::RecordingLog;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A cluster of librdkafka's own, in this process.
class Cluster {
 public:
  explicit Cluster(int partitions) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    std::array<char, 512> error{};
    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", error.data(), error.size());
    rd_kafka_conf_set(conf, "linger.ms", "0", error.data(), error.size());
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
    mock = rd_kafka_handle_mock_cluster(producer_);
    rd_kafka_mock_topic_create(mock, "raw", partitions, 1);
  }
  ~Cluster() { rd_kafka_destroy(producer_); }

  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(mock); }

  void Produce(int32_t partition, const std::string& key, const std::string& value) {
    const rd_kafka_resp_err_t code = rd_kafka_producev(
        producer_, RD_KAFKA_V_TOPIC("raw"), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.data(), key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_END);
    ASSERT_EQ(code, RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void Produce(int32_t partition, size_t begin, size_t end) {
    for (size_t n = begin; n < end; ++n) Produce(partition, "k", std::to_string(n));
    ASSERT_EQ(rd_kafka_flush(producer_, 60'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  rd_kafka_mock_cluster_t* mock = nullptr;

 private:
  rd_kafka_t* producer_ = nullptr;
};

// Keeps what it is given, and checks in what order it is called.
class FakeTail : public KafkaTail {
 public:
  bool HasRoom() override { return has_room; }
  void OnAssigned(const KafkaPartition& partition) override {
    EXPECT_TRUE(assigned.insert(partition.number).second);
  }
  bool IsReady(const KafkaPartition& partition) override {
    EXPECT_TRUE(assigned.contains(partition.number));
    ++asked;
    return is_ready;
  }
  void Begin(const KafkaPartition& partition, std::optional<int64_t> committed) override {
    EXPECT_TRUE(begun.emplace(partition.number, committed.value_or(-1)).second);
  }
  void OnRecord(const KafkaPartition& partition, const KafkaRecord& record) override {
    EXPECT_TRUE(begun.contains(partition.number));
    EXPECT_EQ(partition.topic, "raw");
    values.emplace_back(record.value.value_or("none"));
    next[partition.number] = record.offset + 1;
  }
  void OnEndReached(const KafkaPartition& partition, int64_t offset) override {
    ends[partition.number] = offset;
  }
  void EndTurn() override {}
  void Leave(const KafkaPartition& partition) override { left.insert(partition.number); }
  bool HasLeft(const KafkaPartition&) override { return has_left; }
  void Drop(const KafkaPartition& partition) override {
    EXPECT_TRUE(left.contains(partition.number));
    dropped.insert(partition.number);
    Forget(partition);
  }
  void OnLost(const KafkaPartition& partition) override {
    lost.insert(partition.number);
    Forget(partition);
  }
  std::optional<int64_t> OffsetToCommit(const KafkaPartition& partition) override {
    const auto found = next.find(partition.number);
    if (!commits || found == next.end()) return std::nullopt;
    const auto [told, is_new] = told_of.emplace(partition.number, found->second);
    if (!is_new && told->second == found->second) return std::nullopt;
    told->second = found->second;
    return found->second;
  }

  bool has_room = true;
  bool is_ready = true;
  bool has_left = true;
  bool commits = true;
  size_t asked = 0;
  std::vector<std::string> values;
  std::set<int32_t> assigned, left, dropped, lost;
  std::map<int32_t, int64_t> begun, next, ends, told_of;

 private:
  void Forget(const KafkaPartition& partition) {
    assigned.erase(partition.number);
    begun.erase(partition.number);
    next.erase(partition.number);
    told_of.erase(partition.number);
  }
};

// A member of the group "g".
class Member {
 public:
  explicit Member(const Cluster& cluster, StartAt start_at = {}) {
    KafkaSourceOptions options;
    options.client.brokers = {cluster.brokers()};
    options.client.properties["session.timeout.ms"] = Secret("6000");
    options.client.properties["heartbeat.interval.ms"] = Secret("100");
    options.topics = {"raw"};
    options.group = "g";
    options.start_at = start_at;
    source = std::make_unique<KafkaSource>(KafkaSource::Parts{&os, &log, "raw", options, &tail});
    const absl::Status opened = source->Open();
    EXPECT_TRUE(opened.ok()) << opened;
  }
  // Turns, as a reader loop has them, until it is true.
  template <typename Condition>
  bool Until(Condition condition, Member* other = nullptr) {
    return Eventually([&] {
      source->Turn();
      if (other != nullptr) other->source->Turn();
      return condition();
    });
  }
  std::string Said() const {
    std::string all;
    for (const std::string& line : log.lines()) all += "\n" + line;
    return all;
  }

  PosixOs os;
  RecordingLog log;
  FakeTail tail;
  std::unique_ptr<KafkaSource> source;
};

std::vector<std::string> Numbers(size_t begin, size_t end) {
  std::vector<std::string> numbers;
  for (size_t n = begin; n < end; ++n) numbers.push_back(std::to_string(n));
  return numbers;
}

TEST(KafkaSourceTest, ReadsCommitsAndResumes) {
  Cluster cluster(1);
  cluster.Produce(0, 0, 100);
  {
    Member member(cluster);
    ASSERT_TRUE(member.Until([&] { return member.tail.values.size() == 100; })) << member.Said();
    EXPECT_EQ(member.tail.values, Numbers(0, 100));
    EXPECT_EQ(member.tail.begun.at(0), -1) << "the group has committed nothing";
    ASSERT_TRUE(member.Until([&] { return member.source->AtEnd(); }));
    EXPECT_EQ(member.tail.ends.at(0), 100);
    EXPECT_EQ(member.tail.OffsetToCommit({"raw", 0}), std::nullopt);
    member.source->Close(absl::Seconds(60));
  }
  cluster.Produce(0, 100, 110);
  Member member(cluster);
  ASSERT_TRUE(member.Until([&] { return member.tail.values.size() == 10; })) << member.Said();
  EXPECT_EQ(member.tail.values, Numbers(100, 110));
  EXPECT_EQ(member.tail.begun.at(0), 100);
}

TEST(KafkaSourceTest, CommitsNothingThatTheTailDoesNotSay) {
  Cluster cluster(1);
  cluster.Produce(0, 0, 10);
  for (int life = 0; life < 2; ++life) {
    Member member(cluster);
    member.tail.commits = false;
    ASSERT_TRUE(member.Until([&] { return member.tail.values.size() == 10; })) << member.Said();
    member.source->Close(absl::Seconds(60));
  }
}

TEST(KafkaSourceTest, StartsAtTheEndIfConfigured) {
  Cluster cluster(1);
  cluster.Produce(0, 0, 10);
  Member member(cluster, {StartAt::Kind::kEnd, absl::ZeroDuration()});
  ASSERT_TRUE(member.Until([&] { return member.tail.ends.contains(0); })) << member.Said();
  EXPECT_EQ(member.tail.ends.at(0), 10);
  cluster.Produce(0, 10, 12);
  ASSERT_TRUE(member.Until([&] { return member.tail.values.size() == 2; }));
  EXPECT_EQ(member.tail.values, Numbers(10, 12));
}

TEST(KafkaSourceTest, NothingBeginsBeforeTheTailIsReady) {
  Cluster cluster(1);
  cluster.Produce(0, 0, 10);
  Member member(cluster);
  member.tail.is_ready = false;
  ASSERT_TRUE(member.Until([&] { return member.tail.asked > 10; })) << member.Said();
  EXPECT_THAT(member.tail.values, IsEmpty());
  EXPECT_FALSE(member.source->AtEnd());
  member.tail.is_ready = true;
  ASSERT_TRUE(member.Until([&] { return member.tail.values.size() == 10; }));
}

TEST(KafkaSourceTest, WithoutRoomNothingIsTaken) {
  Cluster cluster(1);
  cluster.Produce(0, 0, 10);
  Member member(cluster);
  ASSERT_TRUE(member.Until([&] { return member.tail.values.size() == 10; })) << member.Said();
  member.tail.has_room = false;
  cluster.Produce(0, 10, 1000);
  for (int i = 0; i < 100; ++i) member.source->Turn();
  EXPECT_THAT(member.tail.values, SizeIs(10));
  member.tail.has_room = true;
  ASSERT_TRUE(member.Until([&] { return member.tail.values.size() == 1000; }));
  EXPECT_EQ(member.tail.values, Numbers(0, 1000));
}

TEST(KafkaSourceTest, TheDescriptorIsReadableWhenMessagesArrive) {
  Cluster cluster(1);
  Member member(cluster);
  ASSERT_TRUE(member.Until([&] { return member.source->AtEnd(); })) << member.Said();
  cluster.Produce(0, 0, 1);
  pollfd fd = {member.source->wake_fd(), POLLIN, 0};
  while (member.tail.values.empty()) {
    ASSERT_EQ(::poll(&fd, 1, 60'000), 1);
    member.source->Turn();
  }
  EXPECT_THAT(member.tail.values, ElementsAre("0"));
}

TEST(KafkaSourceTest, PartitionsAreSharedAndGivenBackInGoodOrder) {
  Cluster cluster(4);
  for (int32_t partition = 0; partition < 4; ++partition) {
    cluster.Produce(partition, 0, 10);
  }
  // The mock cluster rejects a member's SyncGroup if it comes after the leader's. The leader
  // requests metadata before, so it is later if that takes time.
  ASSERT_EQ(rd_kafka_mock_broker_set_rtt(cluster.mock, 1, 200), RD_KAFKA_RESP_ERR_NO_ERROR);
  Member first(cluster);
  // All is lost if a commit is on its way while the group rebalances: its generation is old.
  first.tail.commits = false;
  ASSERT_TRUE(first.Until([&] { return first.tail.values.size() == 40; })) << first.Said();
  first.tail.has_left = false;
  Member second(cluster);
  ASSERT_TRUE(first.Until([&] { return !first.tail.left.empty(); }, &second)) << first.Said();
  EXPECT_THAT(first.tail.dropped, IsEmpty()) << "its sinks have not delivered all";
  EXPECT_THAT(second.tail.begun, IsEmpty());
  first.tail.has_left = true;
  first.tail.commits = true;
  ASSERT_TRUE(
      first.Until([&] { return second.tail.begun.size() == 2 && second.source->AtEnd(); }, &second))
      << first.Said() << second.Said();
  EXPECT_THAT(first.tail.dropped, SizeIs(2));
  EXPECT_THAT(first.tail.begun, SizeIs(2));
  EXPECT_THAT(first.tail.lost, IsEmpty());
  for (const auto& [partition, committed] : second.tail.begun) EXPECT_EQ(committed, 10);
  EXPECT_THAT(second.tail.values, IsEmpty());
  // One leaves: the other takes all again.
  second.source->Close(absl::Seconds(60));
  ASSERT_TRUE(first.Until([&] { return first.tail.begun.size() == 4; })) << first.Said();
}

TEST(KafkaSourceTest, AFailedCommitIsRetried) {
  Cluster cluster(1);
  cluster.Produce(0, 0, 10);
  {
    Member member(cluster);
    member.tail.commits = false;
    ASSERT_TRUE(member.Until([&] { return member.tail.values.size() == 10; })) << member.Said();
    rd_kafka_mock_push_request_errors(cluster.mock, 8 /* OffsetCommit */, 1,
                                      RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE);
    member.tail.commits = true;
    ASSERT_TRUE(member.Until([&] { return member.log.Has("commit the offsets"); }))
        << member.Said();
    member.source->Close(absl::Seconds(60));
  }
  Member member(cluster);
  ASSERT_TRUE(member.Until([&] { return member.source->AtEnd(); })) << member.Said();
  EXPECT_EQ(member.tail.begun.at(0), 10);
}

TEST(KafkaSourceTest, ReportsItsStatus) {
  Cluster cluster(2);
  cluster.Produce(0, 0, 10);
  Member member(cluster);
  ASSERT_TRUE(member.Until([&] { return member.tail.values.size() == 10; })) << member.Said();
  EXPECT_EQ(member.source->status().partitions, 2U);
  EXPECT_EQ(member.source->status().lost_messages, 0U);
  EXPECT_GT(member.source->status().read_bytes, 10U);
  EXPECT_NE(member.source->member(), nullptr);
}

TEST(KafkaSourceTest, UnreachableBrokersAreTrouble) {
  Cluster cluster(1);
  Member member(cluster);
  ASSERT_TRUE(member.Until([&] { return member.source->AtEnd(); })) << member.Said();
  rd_kafka_mock_broker_set_down(cluster.mock, 1);
  ASSERT_TRUE(member.Until([&] { return !member.source->status().trouble.empty(); }));
  rd_kafka_mock_broker_set_up(cluster.mock, 1);
  cluster.Produce(0, 0, 3);
  ASSERT_TRUE(member.Until([&] { return member.tail.values.size() == 3; })) << member.Said();
}

TEST(KafkaSourceTest, InvalidOptionsAreReportedAtOnce) {
  PosixOs os;
  RecordingLog log;
  FakeTail tail;
  KafkaSourceOptions options;
  options.client.brokers = {"localhost:1"};
  options.client.properties["isolation.level"] = Secret("read_uncommitted");
  options.topics = {"raw"};
  KafkaSource source(KafkaSource::Parts{&os, &log, "raw", options, &tail});
  EXPECT_TRUE(absl::IsInvalidArgument(source.Open()));
}

}  // namespace
}  // namespace sparktail
