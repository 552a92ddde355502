#include "ingest/sources/yarn/followed_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "tests/support/fake_node_manager.h"
#include "tests/support/fake_yarn_tails.h"
#include "tests/support/faulty_os.h"
#include "tests/support/polled_web.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using ::sparktail::testing::FakeNodeManager;
using ::sparktail::testing::FakeYarnTails;
using ::sparktail::testing::FaultyOs;
using ::sparktail::testing::PolledWeb;
using ::sparktail::testing::RecordingLog;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kContainer[] = "container_1_0002_01_000001";
constexpr absl::Duration kStep = absl::Milliseconds(100);

// One log, on one node and perhaps on a history server.
class FollowedLogTest : public ::testing::Test {
 protected:
  FollowedLogTest() {
    os_.SetNow(absl::FromUnixSeconds(1'800'000'000));
    shared_.os = &os_;
    shared_.log = &own_log_;
    shared_.options = &options_;
    shared_.queue = &queue_;
    shared_.tails = &tails_;
    shared_.rm = "http://rm1:8088";
    shared_.random = [] { return 0.5; };
    OnNode("stderr").bytes = "one\n";
    Follow("stderr");
  }
  void Follow(const std::string& file) {
    const YarnLog log{origin_, {{false, "worker1:8042", kContainer, "root"}, "worker1:8041", file}};
    log_ = std::make_unique<FollowedLog>(&shared_, &health_, log, tails_.MakeTail(log));
  }
  FakeNodeManager::Log& OnNode(const std::string& file) {
    return node_.logs[std::string(kContainer) + "/" + file];
  }
  void Live(absl::Duration time) {
    for (absl::Duration passed; passed < time; passed += kStep) {
      queue_.Poll();
      log_->Tick(os_.Now());
      if (log_->next() <= os_.Now()) log_->Request(os_.Now());
      os_.Advance(kStep);
    }
  }

  HttpResponse Answer(const std::string& url) {
    if (url.find("://history:") == std::string::npos) {
      return node_is_away_ ? PolledWeb::Unreachable() : node_.Answer(url);
    }
    if (history_is_away_) return PolledWeb::Unreachable();
    std::string as_node = url;
    const size_t at = url.find("/ws/v1/history/");
    if (at != std::string::npos) as_node.replace(at, 15, "/ws/v1/node/");
    return history_.Answer(as_node);
  }
  void Upload(const std::string& bytes) {
    history_.logs[std::string(kContainer) + "/stderr"] = {bytes, false};
  }

  size_t Warnings(std::string_view text = "") const {
    const std::vector<std::string> lines = own_log_.lines();
    return static_cast<size_t>(
        std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
          return line.starts_with("W ") && line.find(text) != std::string::npos;
        }));
  }
  std::string Said() const {
    std::string all;
    for (const std::string& line : own_log_.lines()) all += line + "\n";
    return all;
  }
  std::string Read(const std::string& file = "stderr") {
    return tails_.logs[std::string(kContainer) + "/" + file];
  }

  FaultyOs os_;
  RecordingLog own_log_;
  YarnSourceOptions options_;
  FakeNodeManager node_;
  FakeNodeManager history_;
  bool node_is_away_ = false;
  bool history_is_away_ = false;
  PolledWeb web_{[this](const std::string& url) { return Answer(url); }};
  HostQueue queue_{&web_, 4};
  FakeYarnTails tails_;
  YarnShared shared_;
  YarnOrigin origin_{"application_1_0002", "etl", "root", "cluster", "1", INT64_MIN};
  ApplicationHealth health_{&shared_, &origin_};
  std::unique_ptr<FollowedLog> log_;
};

TEST_F(FollowedLogTest, IsReadAsItGrows) {
  EXPECT_FALSE(log_->is_at_end());
  Live(absl::Seconds(2));
  EXPECT_EQ(Read(), "one\n");
  EXPECT_TRUE(log_->is_at_end());
  OnNode("stderr").bytes += "two\n";
  Live(absl::Seconds(6));
  EXPECT_EQ(Read(), "one\ntwo\n");
  EXPECT_EQ(shared_.read_bytes, 8U);
  EXPECT_THAT(own_log_.lines(), IsEmpty()) << Said();
}

TEST_F(FollowedLogTest, TheLagIsKnown) {
  OnNode("stderr").bytes = std::string(size_t{5} << 20, 'x');
  for (int turn = 0; turn < 1000 && log_->lag_bytes() == 0; ++turn) Live(kStep);
  EXPECT_GT(log_->lag_bytes(), size_t{4} << 20);
  EXPECT_FALSE(log_->is_at_end());
  Live(absl::Seconds(10));
  EXPECT_EQ(log_->lag_bytes(), 0U);
  EXPECT_EQ(Read().size(), size_t{5} << 20);
}

// ---------------------------------------------------------------- the end

TEST_F(FollowedLogTest, AContainerThatRunsOnIsWaitedForAWhile) {
  Live(absl::Seconds(2));
  log_->MarkOver(/*has_application_ended=*/true);
  Live(options_.end_wait - absl::Seconds(10));
  EXPECT_FALSE(log_->has_ended());
  OnNode("stderr").bytes += "two\n";
  Live(absl::Seconds(20));
  EXPECT_TRUE(log_->has_ended());
  EXPECT_EQ(Read(), "one\ntwo\n");
}

TEST_F(FollowedLogTest, ADeletedLogIsReadFromTheHistoryServer) {
  options_.history_server = "http://history:19888";
  Live(absl::Seconds(2));
  node_.knows_containers = false;
  log_->MarkOver(/*has_application_ended=*/true);
  Live(absl::Minutes(1));
  EXPECT_FALSE(log_->has_ended());  // it has not been uploaded yet
  Upload("one\ntwo\n");
  Live(absl::Seconds(10));
  EXPECT_EQ(Read(), "one\ntwo\n");
  EXPECT_TRUE(log_->has_ended());
  EXPECT_THAT(own_log_.lines(), IsEmpty()) << Said();
}

TEST_F(FollowedLogTest, AHistoryServerIsWaitedForUntilItIsTooLate) {
  options_.history_server = "http://history:19888";
  Live(absl::Seconds(2));
  node_.knows_containers = false;
  log_->MarkOver(/*has_application_ended=*/true);
  Live(options_.end_wait - absl::Seconds(1));
  EXPECT_THAT(tails_.ended, IsEmpty());
  Live(absl::Seconds(10));
  EXPECT_TRUE(log_->has_ended());
  EXPECT_EQ(Warnings("stderr of attempt 1 cannot be read after byte 4: the history server "
                     "does not have it"),
            1U)
      << Said();
}

TEST_F(FollowedLogTest, AStdoutThatNeverWasIsLookedForAtTheHistoryServerToo) {
  options_.history_server = "http://history:19888";
  Follow("stdout");
  Live(absl::Seconds(2));
  log_->MarkOver(/*has_application_ended=*/true);
  Live(options_.end_wait - absl::Seconds(1));
  EXPECT_THAT(tails_.ended, IsEmpty());
  Live(absl::Seconds(10));
  EXPECT_TRUE(log_->has_ended());
}

TEST_F(FollowedLogTest, WithoutAHistoryServerTheMissingOptionIsNamed) {
  Live(absl::Seconds(2));
  node_.knows_containers = false;
  log_->MarkOver(/*has_application_ended=*/true);
  Live(absl::Seconds(3));
  EXPECT_TRUE(log_->has_ended());
  EXPECT_EQ(Warnings("stderr of attempt 1 cannot be read after byte 4"), 1U) << Said();
  EXPECT_EQ(Warnings("set `history_server`"), 1U) << Said();
}

TEST_F(FollowedLogTest, ALostNodeMayHaveUploadedItsLogs) {
  options_.history_server = "http://history:19888";
  Live(absl::Seconds(2));
  node_is_away_ = true;
  log_->MarkOver(/*has_application_ended=*/true);
  Live(absl::Seconds(10));
  EXPECT_EQ(web_.Asked("history:"), 0U);
  Upload("one\ntwo\n");
  Live(absl::Minutes(2));
  EXPECT_EQ(Read(), "one\ntwo\n");
  EXPECT_TRUE(log_->has_ended());
}

TEST_F(FollowedLogTest, LogsAreUploadedOnlyWhenTheApplicationHasEnded) {
  options_.history_server = "http://history:19888";
  Live(absl::Seconds(2));
  node_is_away_ = true;
  log_->MarkOver(/*has_application_ended=*/false);
  Live(absl::Minutes(2));
  EXPECT_EQ(web_.Asked("history:"), 0U);
  log_->MarkOver(/*has_application_ended=*/true);
  Live(absl::Minutes(1));
  EXPECT_GT(web_.Asked("history:"), 0U);
}

TEST_F(FollowedLogTest, WithoutAnyResponseTheLogIsGivenUp) {
  options_.history_server = "http://history:19888";
  Live(absl::Seconds(2));
  node_is_away_ = history_is_away_ = true;
  log_->MarkOver(/*has_application_ended=*/true);
  Live(options_.end_wait - absl::Seconds(20));
  EXPECT_FALSE(log_->has_ended());
  Live(absl::Minutes(1));
  EXPECT_TRUE(log_->has_ended());
  EXPECT_EQ(Warnings("stderr of attempt 1 cannot be read after byte 4: cannot connect"), 1U)
      << Said();
}

TEST_F(FollowedLogTest, ANodeWithoutTheContainersStateIsReadAFewTimes) {
  node_.has_text = false;
  Live(absl::Seconds(2));
  OnNode("stderr").bytes += "two\n\xE6\x97";  // cut in a character
  log_->MarkOver(/*has_application_ended=*/true);
  Live(absl::Seconds(20));
  EXPECT_TRUE(log_->has_ended());
  EXPECT_EQ(Read(), "one\ntwo\n\xFF\xFF");
  EXPECT_THAT(tails_.inexact, ElementsAre(std::string(kContainer) + "/stderr"));
  EXPECT_EQ(Warnings("not UTF-8"), 1U) << Said();
}

TEST_F(FollowedLogTest, AnAttemptThatRunsAfterAllIsFollowedOn) {
  Live(absl::Seconds(2));
  log_->MarkOver(/*has_application_ended=*/false);
  Live(absl::Seconds(30));
  log_->MarkRunning();
  Live(options_.end_wait + absl::Minutes(1));
  OnNode("stderr").bytes += "two\n";
  Live(absl::Seconds(6));
  EXPECT_FALSE(log_->has_ended());
  EXPECT_EQ(Read(), "one\ntwo\n");
}

TEST_F(FollowedLogTest, AfterItsEndAResponseIsIgnored) {
  while (!log_->is_asking()) Live(kStep);
  log_->End();
  log_->End();
  EXPECT_THAT(tails_.ended, ElementsAre(std::string(kContainer) + "/stderr"));
  queue_.Poll();
  EXPECT_FALSE(log_->is_asking());
  EXPECT_EQ(Read(), "");
  EXPECT_EQ(log_->next(), absl::InfiniteFuture());
}

// ---------------------------------------------------------------- trouble

TEST_F(FollowedLogTest, AfterManyErrorsItRests) {
  options_.error_min_count = 3;
  options_.error_min_sleep = absl::Seconds(20);
  options_.error_max_count = 6;
  options_.error_max_sleep = absl::Minutes(2);
  node_is_away_ = true;
  const auto asked_in = [&](absl::Duration time) {
    const size_t before = web_.Asked("/stderr");
    Live(time);
    return web_.Asked("/stderr") - before;
  };
  EXPECT_EQ(asked_in(absl::Seconds(13)), 3U);  // every read_interval
  EXPECT_EQ(asked_in(absl::Seconds(75)), 3U);  // and error_min_sleep
  EXPECT_EQ(asked_in(absl::Seconds(250)), 2U);
  node_is_away_ = false;
  Live(absl::Minutes(3));
  EXPECT_EQ(Read(), "one\n");
  EXPECT_EQ(asked_in(absl::Seconds(50)), 10U);
}

TEST_F(FollowedLogTest, ANodeThatMayNotBeAskedIsNotAndTheLogIsLookedForElsewhere) {
  shared_.rm = "https://rm1:8090";
  options_.http.auth = HttpOptions::Auth::kBasic;
  options_.history_server = "https://history:19890";
  Live(absl::Minutes(2));
  EXPECT_EQ(web_.Asked("worker1"), 0U);
  EXPECT_EQ(Warnings("credentials are not sent over http"), 1U) << Said();
  Upload("one\n");
  log_->MarkOver(/*has_application_ended=*/true);
  Live(absl::Minutes(1));
  EXPECT_EQ(web_.Asked("worker1"), 0U);
  EXPECT_EQ(Read(), "one\n");
  EXPECT_TRUE(log_->has_ended());
}

TEST_F(FollowedLogTest, ALogThatShrinksIsLeftAlone) {
  Live(absl::Seconds(2));
  OnNode("stderr").bytes = "o";
  Live(absl::Minutes(2));
  EXPECT_GE(shared_.shrunk, 3U);
  EXPECT_EQ(Warnings("stderr: the log has 1 bytes, but 4 bytes have been read"), 1U) << Said();
  EXPECT_THAT(tails_.ended, IsEmpty());
  OnNode("stderr").bytes = "one\ntwo\n";
  Live(absl::Minutes(1));
  EXPECT_EQ(Read(), "one\ntwo\n");
}

TEST_F(FollowedLogTest, AStdoutThatIsNotThereIsNoTrouble) {
  Follow("stdout");
  Live(absl::Minutes(2));
  EXPECT_THAT(own_log_.lines(), IsEmpty()) << Said();
  EXPECT_EQ(shared_.errors, 0U);
  EXPECT_TRUE(log_->is_at_end());
  OnNode("stdout").bytes = "out\n";
  Live(absl::Seconds(31));
  EXPECT_EQ(Read("stdout"), "out\n");
}

TEST_F(FollowedLogTest, ADeletedStderrOfARunningApplicationIsReported) {
  Live(absl::Seconds(2));
  node_.logs.clear();
  Live(absl::Minutes(3));
  EXPECT_EQ(Warnings("stderr cannot be read any longer, although the application is running"), 1U)
      << Said();
  EXPECT_THAT(tails_.ended, IsEmpty());
}

}  // namespace
}  // namespace sparktail
