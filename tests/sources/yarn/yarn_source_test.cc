#include "ingest/sources/yarn/yarn_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/fake_node_manager.h"
#include "tests/support/fake_yarn_tails.h"
#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using ::sparktail::testing::FakeNodeManager;
using ::sparktail::testing::FakeYarnTails;
using ::sparktail::testing::FaultyOs;
using ::sparktail::testing::RecordingLog;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kApp[] = "application_1_0002";
constexpr char kContainer[] = "container_1_0002_01_000001";

// A cluster of one application, that answers when it is polled.
class FakeWeb : public Web {
 public:
  void Start(HttpRequest request, Done done) override {
    waiting_.emplace_back(request.url, std::move(done));
  }
  void Poll() override {
    std::deque<std::pair<std::string, Done>> now;
    now.swap(waiting_);
    for (auto& [url, done] : now) {
      asked.push_back(url);
      done(Answer(url));
    }
  }

  static HttpResponse Json(std::string body, int status = 200) {
    return {HttpFailure::kNone, "", status, std::move(body), "application/json", "", {}};
  }

  HttpResponse Answer(const std::string& url) {
    const auto has = [&](std::string_view part) { return url.find(part) != std::string::npos; };
    if (has("rm1:") && is_rm1_away)
      return {HttpFailure::kConnect, "cannot connect", 0, "", "", "", {}};
    if (has("/cluster/info")) {
      const bool is_active = has(active);
      return Json(std::string(R"({"clusterInfo":{"startedOn":1,"haState":")") +
                  (is_active ? "ACTIVE" : "STANDBY") + "\"}}");
    }
    if (has("/cluster/apps?")) {
      if (lists_to_fail > 0 && has(active)) return --lists_to_fail, Json("{}", 500);
      const bool wants_ended = has("FINISHED");
      const bool is_in = is_listed && wants_ended == (state == "FINISHED");
      return Json(is_in ? R"({"apps":{"app":[)" + App() + "]}}" : R"({"apps":{}})");
    }
    if (has("/appattempts")) return Json(R"({"appAttempts":{"appAttempt":[]}})");
    if (has("/cluster/apps/")) {
      return is_forgotten ? Json("{}", 404) : Json(R"({"app":)" + App() + "}");
    }
    if (has("/environment")) {
      return Json(R"({"sparkProperties":[["spark.submit.deployMode",")" + mode + "\"]]}");
    }
    if (has("/proxy/"))
      return {HttpFailure::kNone, "", 404, "no streaming listener", "text/plain", "", {}};
    return node.Answer(url);
  }

  std::string App() const {
    std::string app = std::string(R"({"id":")") + kApp +
                      R"(","name":"etl","user":"root","state":")" + state + "\"";
    if (has_container) {
      app += std::string(R"(,"amContainerLogs":")") + scheme +
             "://worker1:8042/node/containerlogs/" + kContainer + "/root\"";
    }
    return app + "}";
  }

  std::string active = "rm1:";
  bool is_rm1_away = false;
  int lists_to_fail = 0;
  bool is_listed = true;
  bool is_forgotten = false;
  bool has_container = true;
  std::string state = "RUNNING";
  std::string mode = "cluster";
  std::string scheme = "http";
  FakeNodeManager node;
  std::vector<std::string> asked;

 private:
  std::deque<std::pair<std::string, Done>> waiting_;
};

class YarnSourceTest : public ::testing::Test {
 protected:
  YarnSourceTest() {
    os_.SetNow(absl::FromUnixSeconds(1'800'000'000));
    options_.resource_managers = {"http://rm1:8088", "http://rm2:8088/"};
    options_.applications = {"etl"};
    stderr_log().bytes = "one\n";
    web_.node.logs[std::string(kContainer) + "/stdout"].bytes = "";
  }
  FakeNodeManager::Log& stderr_log() { return web_.node.logs[std::string(kContainer) + "/stderr"]; }

  void Open() {
    source_ = std::make_unique<YarnSource>(
        YarnSource::Parts{&os_, &log_, "prod", options_, &web_, &tails_});
    source_->Open({}, absl::InfinitePast(), INT64_MIN);
  }
  // Life goes on for so long.
  void Live(absl::Duration time) {
    if (source_ == nullptr) Open();
    for (absl::Duration passed; passed < time; passed += absl::Milliseconds(100)) {
      source_->Turn();
      os_.Advance(absl::Milliseconds(100));
    }
  }
  std::string read() { return tails_.logs[std::string(kContainer) + "/stderr"]; }
  size_t Asked(std::string_view part) const {
    size_t count = 0;
    for (const std::string& url : web_.asked) count += url.find(part) != std::string::npos ? 1 : 0;
    return count;
  }

  FaultyOs os_;
  RecordingLog log_;
  YarnSourceOptions options_;
  FakeWeb web_;
  FakeYarnTails tails_;
  std::unique_ptr<YarnSource> source_;
};

TEST_F(YarnSourceTest, ALogIsReadAsItGrows) {
  Live(absl::Seconds(2));
  EXPECT_EQ(read(), "one\n");
  EXPECT_EQ(tails_.made.at(0).origin.deploy_mode, "cluster");
  stderr_log().bytes += "two\n";
  Live(absl::Seconds(6));
  EXPECT_EQ(read(), "one\ntwo\n");
  EXPECT_EQ(source_->status().streams, 2U);
  EXPECT_EQ(source_->status().read_bytes, 8U);
  EXPECT_TRUE(source_->AtEnd());
}

TEST_F(YarnSourceTest, WithoutRoomNoLogIsRequested) {
  tails_.has_room = false;
  Live(absl::Seconds(60));
  EXPECT_EQ(Asked("worker1"), 0U);
  tails_.has_room = true;
  Live(absl::Seconds(2));
  EXPECT_EQ(read(), "one\n");
}

TEST_F(YarnSourceTest, AFailOverEndsNothing) {
  Live(absl::Seconds(2));
  web_.active = "rm2:";
  web_.is_rm1_away = true;
  web_.is_listed = false;
  web_.is_forgotten = true;
  stderr_log().bytes += "two\n";
  Live(absl::Minutes(2));
  EXPECT_EQ(read(), "one\ntwo\n");
  EXPECT_THAT(tails_.ended, IsEmpty());
  EXPECT_TRUE(tails_.reports.at(0).is_running);
  EXPECT_TRUE(log_.Has("the active ResourceManager is http://rm2:8088"));
  // After some minutes it is believed.
  stderr_log().is_running = false;
  web_.node.logs[std::string(kContainer) + "/stdout"].is_running = false;
  Live(absl::Minutes(5));
  EXPECT_EQ(tails_.ended.size(), 2U);
}

TEST_F(YarnSourceTest, AFailOverIsNoticedEvenIfTheFirstListFails) {
  Live(absl::Seconds(2));
  web_.active = "rm2:";
  web_.lists_to_fail = 2;
  web_.is_listed = false;
  web_.is_forgotten = true;
  Live(absl::Minutes(2));
  EXPECT_EQ(web_.lists_to_fail, 0);
  EXPECT_TRUE(log_.Has("the active ResourceManager is http://rm2:8088"));
  EXPECT_THAT(tails_.ended, IsEmpty());
  EXPECT_TRUE(tails_.reports.at(0).is_running);
}

TEST_F(YarnSourceTest, AnUnlistedApplicationIsRequestedAndReadToItsEnd) {
  Live(absl::Seconds(2));
  web_.is_listed = false;
  web_.state = "FINISHED";
  stderr_log().bytes += "last words\n";
  Live(absl::Seconds(40));
  EXPECT_THAT(tails_.ended, IsEmpty());  // its container still runs
  stderr_log().bytes += "the very last\n";
  stderr_log().is_running = false;
  web_.node.logs[std::string(kContainer) + "/stdout"].is_running = false;
  Live(absl::Seconds(10));
  EXPECT_EQ(read(), "one\nlast words\nthe very last\n");
  EXPECT_EQ(tails_.ended.size(), 2U);
  EXPECT_EQ(source_->applications(), 0U);
  Live(absl::Minutes(2));
  EXPECT_FALSE(tails_.reports.at(0).is_running);
  EXPECT_EQ(tails_.reports.at(0).application->state, "FINISHED");
}

TEST_F(YarnSourceTest, BetweenTwoAttemptsTheLogIsOver) {
  Live(absl::Seconds(2));
  web_.has_container = false;
  web_.state = "ACCEPTED";
  stderr_log().is_running = false;
  Live(absl::Seconds(40));
  EXPECT_THAT(tails_.ended, ElementsAre(std::string(kContainer) + "/stderr"));
  EXPECT_TRUE(tails_.reports.at(0).is_running);
}

TEST_F(YarnSourceTest, InClientModeTheLogIsNotTheDrivers) {
  web_.mode = "client";
  Live(absl::Minutes(1));
  EXPECT_THAT(tails_.made, IsEmpty());
  EXPECT_GT(Asked("/streaming/batches"), 5U);
  EXPECT_GT(Asked("/jobs"), 5U);
}

TEST_F(YarnSourceTest, CredentialsAreNotSentOverHttpIfTheClusterUsesHttps) {
  options_.resource_managers = {"https://rm1:8090"};
  options_.http.auth = HttpOptions::Auth::kBasic;
  Live(absl::Minutes(1));
  EXPECT_EQ(Asked("http://worker1"), 0U);
  EXPECT_TRUE(log_.Has("credentials are not sent over http"));
  web_.scheme = "https";
  Live(absl::Minutes(1));
  EXPECT_EQ(Asked("http://worker1"), 0U);
}

TEST_F(YarnSourceTest, AFailingNodeIsRequestedLessOftenAndReportedOnce) {
  Live(absl::Seconds(2));
  web_.node.logs.clear();
  options_.error_min_count = 2;
  Live(absl::Minutes(5));
  size_t warnings = 0;
  for (const std::string& line : log_.lines()) warnings += line.starts_with("W ") ? 1 : 0;
  EXPECT_EQ(warnings, 1U);
  EXPECT_GT(source_->status().errors, 3U);
}

TEST_F(YarnSourceTest, AnUnreachableClusterIsReportedOnce) {
  web_.active = "none";
  Live(absl::Minutes(2));
  EXPECT_THAT(source_->status().trouble, HasSubstr("no ResourceManager is active"));
  EXPECT_EQ(log_.lines().size(), 1U);
  EXPECT_GT(Asked("/info"), 20U);  // sooner than the next poll would be
  web_.active = "rm2:";
  Live(absl::Seconds(10));
  EXPECT_EQ(source_->status().trouble, "");
  EXPECT_EQ(read(), "one\n");
}

TEST_F(YarnSourceTest, NamesWithoutAnApplicationAreReported) {
  options_.applications = {"missing"};
  Live(absl::Seconds(2));
  ASSERT_EQ(tails_.reports.size(), 1U);
  EXPECT_EQ(tails_.reports[0].name, "missing");
  EXPECT_FALSE(tails_.reports[0].is_running);
  EXPECT_FALSE(tails_.reports[0].application);
  EXPECT_THAT(tails_.made, IsEmpty());
}

TEST_F(YarnSourceTest, ALogThatIsRememberedIsReadAtOnce) {
  YarnLog log;
  log.origin.application = kApp;
  log.origin.name = "etl";
  log.name = {{false, "worker1:8042", kContainer, "root"}, "", "stderr"};
  Open();
  source_ = std::make_unique<YarnSource>(
      YarnSource::Parts{&os_, &log_, "prod", options_, &web_, &tails_});
  source_->Open({log}, os_.Now() - absl::Minutes(10), INT64_MIN);
  web_.state = "FINISHED";
  stderr_log().is_running = false;
  Live(absl::Seconds(10));
  EXPECT_EQ(read(), "one\n");
  EXPECT_THAT(tails_.ended, Not(IsEmpty()));
  EXPECT_GT(Asked("finishedTimeBegin="), 0U);
}

}  // namespace
}  // namespace sparktail
