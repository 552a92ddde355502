#include "sinks/refused_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/faulty_os.h"
#include "tests/support/feed.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::BytesOf;
using testing::FaultyOs;
using testing::Feed;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RecordingLog;
using testing::TempDir;

class RefusedEventsTest : public ::testing::Test {
 protected:
  absl::Status Add(size_t n) {
    return refused_.Add(IdOf(n), Feed::Document(n), "events", "because " + std::to_string(n));
  }
  static EventId IdOf(size_t n) { return Feed::Events(n, n + 1).events[0].id; }
  std::string Buried() const {
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "search")) {
      all += BytesOf(entry.path());
    }
    return all;
  }

  TempDir folder_;
  FaultyOs os_;
  RecordingLog log_;
  DeadLetters dead_letters_{&os_, &log_, folder_.path(), "search", 1 << 20};
  RefusedEvents refused_{&dead_letters_};
};

TEST_F(RefusedEventsTest, EachGoesToTheDeadLettersOnce) {
  ASSERT_TRUE(Add(1).ok());
  ASSERT_TRUE(Add(1).ok());
  EXPECT_TRUE(refused_.Contains(IdOf(1)));
  EXPECT_FALSE(refused_.Contains(IdOf(2)));
  ASSERT_TRUE(refused_.Sync().ok());
  EXPECT_EQ(dead_letters_.count(), 1U);
  EXPECT_THAT(Buried(), HasSubstr(R"("index":"events","cause":"because 1")"));
}

TEST_F(RefusedEventsTest, DurableEventsSurviveARollback) {
  ASSERT_TRUE(Add(1).ok());
  ASSERT_TRUE(refused_.Sync().ok());
  ASSERT_TRUE(Add(2).ok());
  ASSERT_TRUE(refused_.Rollback().ok());
  EXPECT_TRUE(refused_.Contains(IdOf(1)));
  EXPECT_FALSE(refused_.Contains(IdOf(2)));
  EXPECT_THAT(Buried(), Not(HasSubstr("because 2")));
  EXPECT_EQ(dead_letters_.count(), 1U);
}

TEST_F(RefusedEventsTest, AreForgottenAfterACommit) {
  ASSERT_TRUE(Add(1).ok());
  ASSERT_TRUE(refused_.Sync().ok());
  refused_.Forget();
  EXPECT_FALSE(refused_.Contains(IdOf(1)));
  ASSERT_TRUE(refused_.Rollback().ok());
  EXPECT_EQ(dead_letters_.count(), 1U);
}

}  // namespace
}  // namespace sparktail
