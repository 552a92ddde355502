#include "ingest/sources/yarn/followed_application.h"

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
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kApp[] = "application_1_0002";
constexpr char kFirst[] = "container_1_0002_01_000001";
constexpr char kSecond[] = "container_1_0002_02_000001";
constexpr absl::Duration kStep = absl::Milliseconds(100);

// One application, in a cluster of one node and a history server.
class FollowedApplicationTest : public ::testing::Test {
 protected:
  FollowedApplicationTest() {
    os_.SetNow(absl::FromUnixSeconds(1'800'000'000));
    shared_.os = &os_;
    shared_.log = &log_;
    shared_.options = &options_;
    shared_.queue = &queue_;
    shared_.tails = &tails_;
    shared_.rm = "http://rm1:8088";
    shared_.random = [] { return 0.5; };
    Stderr(kFirst).bytes = "one\n";
    Stdout(kFirst).bytes = "";
    MakeAnew();
  }
  void MakeAnew() { app_ = std::make_unique<FollowedApplication>(&shared_, kApp, INT64_MIN); }

  FakeNodeManager::Log& Stderr(const std::string& container) {
    return node_.logs[container + "/stderr"];
  }
  FakeNodeManager::Log& Stdout(const std::string& container) {
    return node_.logs[container + "/stdout"];
  }
  void ContainerEnds(const std::string& container) {
    Stderr(container).is_running = Stdout(container).is_running = false;
  }

  // The ResourceManager's description. Between two attempts there is no container.
  void Is(const std::string& state, const std::string& container = kFirst) {
    YarnApplication application;
    application.id = kApp;
    application.name = "etl";
    application.user = "root";
    application.state = state;
    application.node_id = "worker1:8041";
    if (!container.empty()) {
      application.am_logs = ContainerAddress{false, "worker1:8042", container, "root"};
    }
    app_->Update(application);
  }
  void Live(absl::Duration time, bool has_room = true) {
    for (absl::Duration passed; passed < time; passed += kStep) {
      queue_.Poll();
      app_->Turn(has_room);
      os_.Advance(kStep);
    }
  }

  HttpResponse Answer(const std::string& url) {
    const auto has = [&](std::string_view part) { return url.find(part) != std::string::npos; };
    if (has("/environment")) {
      if (mode_.empty()) return PolledWeb::Json("{}", 500);
      return PolledWeb::Json(R"({"sparkProperties":[["spark.submit.deployMode",")" + mode_ +
                             "\"]]}");
    }
    if (has("/appattempts")) return attempts_;
    if (has("/streaming/batches")) return PolledWeb::Text("no streaming listener", 404);
    if (has("/jobs")) return jobs_;
    if (has("://history:")) {
      std::string as_node = url;
      const size_t at = url.find("/ws/v1/history/");
      if (at != std::string::npos) as_node.replace(at, 15, "/ws/v1/node/");
      return history_.Answer(as_node);
    }
    return node_is_away_ ? PolledWeb::Unreachable() : node_.Answer(url);
  }

  size_t Warnings(std::string_view text = "") const {
    const std::vector<std::string> lines = log_.lines();
    return static_cast<size_t>(
        std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
          return line.starts_with("W ") && line.find(text) != std::string::npos;
        }));
  }
  std::string Said() const {
    std::string all;
    for (const std::string& line : log_.lines()) all += line + "\n";
    return all;
  }
  std::string Read(const std::string& container) { return tails_.logs[container + "/stderr"]; }

  FaultyOs os_;
  RecordingLog log_;
  YarnSourceOptions options_;
  FakeNodeManager node_;
  FakeNodeManager history_;
  bool node_is_away_ = false;
  std::string mode_ = "cluster";  // empty: the driver does not tell
  HttpResponse jobs_ = PolledWeb::Json("[]");
  HttpResponse attempts_ = PolledWeb::Json(R"({"appAttempts":{"appAttempt":[]}})");
  PolledWeb web_{[this](const std::string& url) { return Answer(url); }};
  HostQueue queue_{&web_, 4};
  FakeYarnTails tails_;
  YarnShared shared_;
  std::unique_ptr<FollowedApplication> app_;
};

// ---------------------------------------------------------------- the deploy mode

TEST_F(FollowedApplicationTest, InClusterModeTheLogsOfTheAttemptAreRead) {
  Is("RUNNING");
  Live(absl::Seconds(2));
  EXPECT_EQ(Read(kFirst), "one\n");
  ASSERT_THAT(tails_.made, SizeIs(2));
  const YarnLog& log = tails_.made[0];
  EXPECT_EQ(log.origin, (YarnOrigin{kApp, "etl", "root", "cluster", "1", INT64_MIN}));
  EXPECT_EQ(log.name.file, "stderr");
  EXPECT_EQ(log.name.node_id, "worker1:8041");
  EXPECT_EQ(tails_.made[1].name.file, "stdout");
  EXPECT_EQ(app_->logs(), 2U);
  EXPECT_EQ(app_->attempts(), 1);
  EXPECT_EQ(app_->deploy_mode(), "cluster");
  EXPECT_TRUE(app_->is_at_end());
  EXPECT_FALSE(app_->is_done());
  EXPECT_EQ(shared_.read_bytes, 4U);
  EXPECT_EQ(web_.Asked("/environment"), 1U);
  EXPECT_EQ(web_.Asked("/jobs"), 0U);
  EXPECT_THAT(log_.lines(), IsEmpty());
}

TEST_F(FollowedApplicationTest, InClientModeTheDriverReportsFinishedJobs) {
  mode_ = "client";
  jobs_ = PolledWeb::Json(
      R"([{"jobId":1,"status":"SUCCEEDED","completionTime":"2026-11-21T15:59:05.000GMT"}])");
  Is("RUNNING");
  Live(absl::Seconds(12));
  EXPECT_THAT(tails_.made, IsEmpty());
  ASSERT_THAT(tails_.jobs, SizeIs(1));
  // A new attempt of the ApplicationMaster is not one of the driver's.
  EXPECT_EQ(tails_.origins[0], (YarnOrigin{kApp, "etl", "root", "client", "", INT64_MIN}));
  Is("RUNNING", kSecond);
  Live(absl::Seconds(12));
  EXPECT_THAT(tails_.jobs, SizeIs(1));
  Is("FINISHED", kSecond);
  EXPECT_TRUE(app_->is_done());
  const size_t before = web_.asked.size();
  Live(absl::Minutes(1));
  EXPECT_EQ(web_.asked.size(), before);
}

TEST_F(FollowedApplicationTest, InClientModeTheEndEmitsTheLastJobs) {
  mode_ = "client";
  jobs_ = PolledWeb::Json(
      R"([{"jobId":1,"status":"SUCCEEDED","completionTime":"2026-11-21T15:59:05.000GMT"}])");
  Is("RUNNING");
  Live(absl::Seconds(3));
  EXPECT_THAT(tails_.jobs, IsEmpty());
  Is("KILLED");
  EXPECT_THAT(tails_.jobs, SizeIs(1));
}

TEST_F(FollowedApplicationTest, TheDeployModeIsRequestedAFewTimes) {
  mode_ = "";
  Is("RUNNING");
  Live(absl::Seconds(20));
  EXPECT_THAT(tails_.made, IsEmpty());
  Live(absl::Seconds(20));
  EXPECT_EQ(web_.Asked("/environment"), 6U);
  EXPECT_EQ(Read(kFirst), "one\n");
  EXPECT_EQ(app_->deploy_mode(), "");
  EXPECT_EQ(Warnings("its deploy mode is not known"), 1U) << Said();
}

TEST_F(FollowedApplicationTest, AnEndedDriverIsNotAskedForItsMode) {
  ContainerEnds(kFirst);
  Is("FINISHED");
  Live(absl::Seconds(3));
  EXPECT_EQ(Read(kFirst), "one\n");
  EXPECT_TRUE(app_->is_done());
  EXPECT_EQ(web_.Asked("/proxy/"), 0U);
}

TEST_F(FollowedApplicationTest, AForeignLogAddressIsReportedOnce) {
  YarnApplication application;
  application.id = kApp;
  application.state = "RUNNING";
  application.strange_logs = "https://knox/gateway/logs?host=worker1";
  for (int poll = 0; poll < 3; ++poll) {
    app_->Update(application);
    Live(absl::Seconds(30));
  }
  EXPECT_EQ(Warnings("gives the address https://knox/gateway/logs?host=worker1"), 1U) << Said();
  EXPECT_GE(shared_.errors, 2U);
  EXPECT_THAT(tails_.made, IsEmpty());
}

// ---------------------------------------------------------------- attempts

TEST_F(FollowedApplicationTest, ANewAttemptIsANewStreamAndTheOldOneIsReadToItsEnd) {
  Is("RUNNING");
  Live(absl::Seconds(2));
  Stderr(kFirst).bytes += "last words\n";
  Stderr(kSecond).bytes = "two\n";
  Stdout(kSecond).bytes = "";
  Is("RUNNING", kSecond);
  Live(absl::Seconds(3));
  EXPECT_EQ(Read(kSecond), "two\n");
  EXPECT_EQ(Read(kFirst), "one\nlast words\n");
  EXPECT_THAT(tails_.ended, IsEmpty());  // its container still runs
  EXPECT_EQ(app_->attempts(), 2);
  EXPECT_EQ(tails_.made.back().origin.attempt, "2");
  Stderr(kFirst).bytes += "the very last\n";
  ContainerEnds(kFirst);
  Live(absl::Seconds(3));
  EXPECT_EQ(Read(kFirst), "one\nlast words\nthe very last\n");
  EXPECT_THAT(tails_.ended, UnorderedElementsAre(std::string(kFirst) + "/stderr",
                                                 std::string(kFirst) + "/stdout"));
  EXPECT_EQ(app_->logs(), 2U);
  EXPECT_FALSE(app_->is_done());
}

TEST_F(FollowedApplicationTest, AttemptsThatCameBeforeAreReadToo) {
  ContainerEnds(kFirst);
  Stderr(kSecond).bytes = "two\n";
  Stdout(kSecond).bytes = "";
  attempts_ = PolledWeb::Json(
      std::string(R"({"appAttempts":{"appAttempt":[{"id":1,"nodeId":"worker1:8041","logsLink":)") +
      R"("http://worker1:8042/node/containerlogs/)" + kFirst + R"(/root"},{"id":2,"logsLink":)" +
      R"("http://worker1:8042/node/containerlogs/)" + kSecond + R"(/root"}]}})");
  Is("RUNNING", kSecond);
  Live(absl::Seconds(5));
  EXPECT_EQ(Read(kFirst), "one\n");
  EXPECT_EQ(Read(kSecond), "two\n");
  EXPECT_THAT(tails_.ended, SizeIs(2));
  EXPECT_THAT(tails_.made, SizeIs(4));
  Is("RUNNING", kSecond);
  Live(absl::Seconds(5));
  EXPECT_EQ(web_.Asked("/appattempts"), 1U);
}

TEST_F(FollowedApplicationTest, UnlistedAttemptsAreReportedOnce) {
  attempts_ = PolledWeb::Json("{}", 500);
  Stderr(kSecond).bytes = "two\n";
  Stdout(kSecond).bytes = "";
  for (int poll = 0; poll < 10; ++poll) {
    Is("RUNNING", kSecond);
    Live(absl::Seconds(30));
  }
  EXPECT_EQ(web_.Asked("/appattempts"), 10U);
  EXPECT_EQ(Warnings("cannot list its attempts"), 1U) << Said();
  attempts_ = PolledWeb::Json(R"({"appAttempts":{"appAttempt":[]}})");
  Is("RUNNING", kSecond);
  Live(absl::Seconds(30));
  EXPECT_THAT(log_.lines(), SizeIs(2)) << Said();
  EXPECT_TRUE(log_.Has("reading works again"));
}

TEST_F(FollowedApplicationTest, AContainerThatIsThereAgainIsFollowedOn) {
  Is("RUNNING");
  Live(absl::Seconds(2));
  Is("ACCEPTED", "");
  Live(absl::Seconds(30));
  Is("RUNNING");
  Live(options_.end_wait + absl::Minutes(1));
  Stderr(kFirst).bytes += "two\n";
  Live(absl::Seconds(6));
  EXPECT_THAT(tails_.ended, IsEmpty());
  EXPECT_EQ(Read(kFirst), "one\ntwo\n");
}

// ---------------------------------------------------------------- the end

TEST_F(FollowedApplicationTest, ALostNodeMayHaveUploadedItsLogs) {
  options_.history_server = "http://history:19888";
  Is("RUNNING");
  Live(absl::Seconds(2));
  node_is_away_ = true;
  Is("FAILED");
  Live(absl::Seconds(10));
  EXPECT_EQ(web_.Asked("history:"), 0U);
  history_.logs[std::string(kFirst) + "/stderr"] = {"one\ntwo\n", false};
  history_.logs[std::string(kFirst) + "/stdout"] = {"", false};
  Live(absl::Minutes(2));
  EXPECT_EQ(Read(kFirst), "one\ntwo\n");
  EXPECT_TRUE(app_->is_done());
}

TEST_F(FollowedApplicationTest, AForgottenApplicationIsOver) {
  Is("RUNNING");
  Live(absl::Seconds(2));
  Stderr(kFirst).bytes += "two\n";
  ContainerEnds(kFirst);
  app_->OnForgotten();
  EXPECT_TRUE(app_->has_ended());
  Live(absl::Seconds(3));
  EXPECT_EQ(Read(kFirst), "one\ntwo\n");
  EXPECT_TRUE(app_->is_done());
}

TEST_F(FollowedApplicationTest, AForgottenDriverHasItsLastJobsReported) {
  mode_ = "client";
  jobs_ = PolledWeb::Json(
      R"([{"jobId":1,"status":"SUCCEEDED","completionTime":"2026-11-21T15:59:05.000GMT"}])");
  Is("RUNNING");
  Live(absl::Seconds(3));
  EXPECT_THAT(tails_.jobs, IsEmpty());
  app_->OnForgotten();
  EXPECT_THAT(tails_.jobs, SizeIs(1));
}

TEST_F(FollowedApplicationTest, AnApplicationForgottenBeforeItsModeIsKnownIsRead) {
  mode_ = "";
  Is("RUNNING");
  Live(absl::Seconds(3));
  ContainerEnds(kFirst);
  app_->OnForgotten();
  Live(absl::Seconds(3));
  EXPECT_EQ(Read(kFirst), "one\n");
  EXPECT_TRUE(app_->is_done());
}

// ---------------------------------------------------------------- trouble

TEST_F(FollowedApplicationTest, TroubleAndItsEndAreReportedOnce) {
  Is("RUNNING");
  Live(absl::Seconds(2));
  node_is_away_ = true;
  Live(absl::Minutes(5));
  EXPECT_EQ(Warnings(), 1U) << Said();
  EXPECT_THAT(log_.lines(),
              Contains(HasSubstr("cannot be read from worker1:8042: cannot connect")));
  EXPECT_GT(shared_.errors, 5U);
  node_is_away_ = false;
  Live(absl::Minutes(1));
  EXPECT_THAT(log_.lines(), SizeIs(2)) << Said();
  EXPECT_EQ(log_.lines()[1], "I application_1_0002 (etl): reading works again");
  node_is_away_ = true;
  Live(absl::Minutes(1));
  EXPECT_EQ(Warnings(), 2U);
}

TEST_F(FollowedApplicationTest, AnUnresponsiveDriverIsReportedOnce) {
  mode_ = "client";
  Is("RUNNING");
  Live(absl::Seconds(12));
  jobs_ = PolledWeb::Unreachable();
  Live(absl::Minutes(3));
  EXPECT_EQ(Warnings("its driver does not report its finished jobs and batches"), 1U) << Said();
  jobs_ = PolledWeb::Json("[]");
  Live(absl::Minutes(1));
  EXPECT_THAT(log_.lines(), SizeIs(2)) << Said();
}

// ---------------------------------------------------------------- room, and other lives

TEST_F(FollowedApplicationTest, WithoutRoomNothingIsRequested) {
  Is("RUNNING");
  Live(absl::Minutes(1), /*has_room=*/false);
  EXPECT_THAT(web_.asked, IsEmpty());
  EXPECT_FALSE(app_->is_asking());
  shared_.rm = "";
  Live(absl::Minutes(1));
  EXPECT_THAT(web_.asked, IsEmpty());
}

TEST_F(FollowedApplicationTest, ARememberedLogResumesAtTheCursor) {
  tails_.begin[std::string(kFirst) + "/stderr"] = 4;
  Stderr(kFirst).bytes += "two\n";
  YarnLog log;
  log.origin = {kApp, "etl", "root", "cluster", "1", 7};
  log.name = {{false, "worker1:8042", kFirst, "root"}, "", "stderr"};
  app_->Remember(log);
  app_->Remember(log);
  EXPECT_THAT(tails_.made, ElementsAre(log));
  EXPECT_FALSE(app_->is_at_end());
  Live(absl::Seconds(2));
  EXPECT_EQ(Read(kFirst), "two\n");
  EXPECT_EQ(app_->application().name, "etl");
  Is("RUNNING");
  Live(absl::Seconds(2));
  ASSERT_THAT(tails_.made, SizeIs(2));
  EXPECT_EQ(tails_.made[1].origin, log.origin);  // of stdout
  EXPECT_EQ(web_.Asked("/environment"), 0U);
}

TEST_F(FollowedApplicationTest, ALogThatTheSinksHaveToItsEndIsDone) {
  tails_.finished = true;
  Is("FINISHED");
  Live(absl::Seconds(2));
  EXPECT_TRUE(app_->is_done());
  EXPECT_THAT(web_.asked, IsEmpty());
}

TEST_F(FollowedApplicationTest, AfterEndAllResponsesAreIgnored) {
  Is("RUNNING");
  Live(absl::Seconds(2));
  Stderr(kFirst).bytes += "two\n";
  while (!app_->is_asking()) {
    app_->Turn(true);
    os_.Advance(kStep);
  }
  app_->EndAll();
  EXPECT_THAT(tails_.ended, SizeIs(2));
  queue_.Poll();
  EXPECT_FALSE(app_->is_asking());
  EXPECT_EQ(Read(kFirst), "one\n");
  EXPECT_THAT(tails_.ended, SizeIs(2));
  EXPECT_EQ(app_->logs(), 0U);
}

}  // namespace
}  // namespace sparktail
