#include "ingest/sources/kafka/topic_cursors.h"

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ingest/kafka/cursor_record.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/recording_log.h"
#include "tests/support/stream_keys.h"

namespace sparktail {
namespace {

using ::sparktail::testing::Eventually;
using ::sparktail::testing::KafkaMock;
using ::sparktail::testing::RecordingLog;
using ::testing::IsEmpty;

class TopicCursorsTest : public ::testing::Test {
 protected:
  TopicCursorsTest() {
    TopicCursors::Parts parts;
    parts.log = &log_;
    parts.sink = "out";
    parts.place.client = mock_.Options();
    parts.place.offsets_topic = "cursors";
    parts.group = "g";
    cursors_ = std::make_unique<TopicCursors>(std::move(parts));
  }
  void Put(const std::string& key, uint64_t offset) const {
    CursorRecord record;
    record.cursor.order = offset;
    record.cursor.position = "{}";
    record.cursor.context = std::make_shared<const std::string>("{}");
    mock_.Write("cursors", key, record.ToJson());
  }
  void ReadAll() {
    const absl::Status begun = cursors_->Begin();
    ASSERT_TRUE(begun.ok()) << begun;
    ASSERT_TRUE(Eventually([&] { return cursors_->ReadOn().value_or(false); }));
  }

  KafkaMock mock_;
  RecordingLog log_;
  std::unique_ptr<TopicCursors> cursors_;
};

TEST_F(TopicCursorsTest, AreThoseOfTheGroupAndOfTheSink) {
  mock_.MakeTopic("cursors", 2);
  Put("group:g/out/src/raw/0", 7);
  Put("group:g/other/src/raw/0", 8);
  Put("group:h/out/src/raw/0", 9);
  Put("instance/out/src/raw/0", 10);
  mock_.Write("cursors", "group:g/out/src/raw/1", "no cursor");
  ReadAll();
  ASSERT_EQ(cursors_->cursors().size(), 1U);
  EXPECT_EQ(cursors_->cursors()[0].stream, "src/raw/0");
  EXPECT_EQ(cursors_->cursors()[0].cursor.order, 7U);
}

TEST_F(TopicCursorsTest, CursorsThatOthersStoredSinceAreReadTheNextTime) {
  mock_.MakeTopic("cursors", 1);
  ReadAll();
  EXPECT_THAT(cursors_->cursors(), IsEmpty());
  Put("group:g/out/src/raw/0", 7);
  ReadAll();
  ASSERT_EQ(cursors_->cursors().size(), 1U);
  Put("group:g/out/src/raw/0", 8);
  ReadAll();
  EXPECT_EQ(cursors_->cursors().at(0).cursor.order, 8U);
}

TEST_F(TopicCursorsTest, RequestsToUnreachableBrokersAreRetried) {
  mock_.MakeTopic("cursors", 1);
  mock_.Down();
  EXPECT_TRUE(absl::IsUnavailable(cursors_->Begin()));
  mock_.Up();
  ASSERT_TRUE(Eventually([&] { return cursors_->Begin().ok(); }));
  ReadAll();
}

}  // namespace
}  // namespace sparktail
