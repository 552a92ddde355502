#include "ingest/sources/kafka/kafka_position.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/stream_keys.h"

namespace sparktail {
namespace {

TEST(KafkaPositionTest, IsReadAsItWasWritten) {
  KafkaPosition position;
  position.partition = {"raw-logs", 3};
  position.offset = 42;
  position.content = uint64_t{1} << 40;
  position.since_ms = 5;
  position.origin.path = "/var/log/\"x\".log";
  position.origin.pod = "p";
  const auto read = KafkaPosition::FromJson(position.ToJson());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->ToJson(), position.ToJson());
  EXPECT_EQ(read->partition, position.partition);
  EXPECT_EQ(read->content, position.content);
  EXPECT_EQ(read->origin.path, position.origin.path);

  KafkaPosition of_partition;
  of_partition.group = "g";
  of_partition.partition = {"t", 0};
  of_partition.offset = 7;
  EXPECT_EQ(of_partition.ToJson(),
            R"({"kind":"kafka","group":"g","topic":"t","partition":0,"offset":7})");
  of_partition.first = 3;
  EXPECT_EQ(of_partition.ToJson(),
            R"({"kind":"kafka","group":"g","topic":"t","partition":0,"offset":7,"first":3})");
  EXPECT_EQ(KafkaPosition::FromJson(of_partition.ToJson())->first, 3);
  EXPECT_EQ(KafkaPosition::FromJson(of_partition.ToJson())->group, "g");
}

TEST(KafkaPositionTest, RefusesWhatIsNone) {
  for (const char* json :
       {"", "{}", "[]", R"({"topic":"t"})", R"({"topic":"t","partition":-1,"offset":1})",
        R"({"topic":"t","partition":0})", R"({"file":"x","raw":1})"}) {
    EXPECT_FALSE(KafkaPosition::FromJson(json)) << json;
  }
}

TEST(KafkaPositionTest, StreamsHaveKeysThatCanBePrinted) {
  const KafkaPartition partition = {"raw", 12};
  EXPECT_EQ(KafkaStreamKey("src", partition), "src/raw/12");
  EXPECT_EQ(KafkaStreamKey("src", partition, "ns/pod", ""), "src/raw/12/ns/pod");
  EXPECT_EQ(KafkaStreamKey("src", partition, "a#b%\n\xFF", "stderr"),
            "src/raw/12/a%23b%25%0A%FF#stderr");
  const StreamKey a = KafkaStreamKey("src", partition, std::string(5000, 'x') + "a", "");
  const StreamKey b = KafkaStreamKey("src", partition, std::string(5000, 'x') + "b", "");
  EXPECT_LT(a.text().size(), 500U);
  EXPECT_NE(a, b);
}

TEST(KafkaPositionTest, AStreamsKeyNamesItsPartition) {
  const KafkaPartition partition = {"raw", 12};
  EXPECT_EQ(PartitionOfStream(StreamKey("src/raw/12")), partition);
  EXPECT_EQ(PartitionOfStream(StreamKey("src/raw/12/a/b")), partition);
  for (const char* other : {"src", "src/raw", "src/raw/x", "src/raw/1x", "src//1"}) {
    EXPECT_FALSE(PartitionOfStream(StreamKey(other))) << other;
  }
}

}  // namespace
}  // namespace sparktail
