#include "ingest/sources/yarn/cluster_poll.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sparktail {
namespace {

using ::testing::HasSubstr;

// Each request is held until the test answers it.
class HeldWeb : public Web {
 public:
  void Start(HttpRequest request, Done done) override {
    held.emplace(request.url, std::move(done));
  }
  void Poll() override {}
  void Answer(const std::string& url, std::string body, int status = 200,
              std::string type = "application/json") {
    const auto found = held.find(url);
    ASSERT_NE(found, held.end()) << url;
    Done done = std::move(found->second);
    held.erase(found);
    done({HttpFailure::kNone, "", status, std::move(body), std::move(type), "", {}});
  }
  std::map<std::string, Done> held;
};

constexpr char kActive[] = R"({"clusterInfo":{"haState":"ACTIVE"}})";
constexpr char kStandby[] = R"({"clusterInfo":{"haState":"STANDBY"}})";
constexpr char kNone[] = R"({"apps":{}})";

std::string Info(const std::string& rm) { return rm + "/ws/v1/cluster/info"; }
std::string Apps(const std::string& rm) {
  return rm + "/ws/v1/cluster/apps?states=ACCEPTED,RUNNING&applicationTypes=spark";
}

class ClusterPollTest : public ::testing::Test {
 protected:
  void Start() {
    is_done_ = false;
    poll_.Start(std::nullopt, [this](const ClusterPoll::Result& result) {
      is_done_ = true;
      result_ = result;
    });
  }
  HeldWeb web_;
  HostQueue queue_{&web_, 4};
  ClusterPoll poll_{&queue_, {"http://a:1", "http://b:1"}};
  bool is_done_ = false;
  ClusterPoll::Result result_;
};

TEST_F(ClusterPollTest, TheActiveResourceManagerIsUsed) {
  Start();
  web_.Answer(Info("http://a:1"), kStandby);
  web_.Answer(Info("http://b:1"), kActive);
  EXPECT_TRUE(poll_.is_running());
  web_.Answer(Apps("http://b:1"), R"({"apps":{"app":[{"id":"application_1_2"}]}})");
  ASSERT_TRUE(is_done_);
  EXPECT_TRUE(result_.status.ok());
  EXPECT_EQ(result_.rm, "http://b:1");
  EXPECT_EQ(result_.applications.size(), 1U);
  EXPECT_FALSE(poll_.is_running());
}

TEST_F(ClusterPollTest, AHangingResourceManagerDoesNotHoldUpTheActiveOne) {
  Start();
  web_.Answer(Info("http://a:1"), kActive);
  web_.Answer(Apps("http://a:1"), kNone);
  EXPECT_TRUE(is_done_);
  web_.Answer(Info("http://b:1"), kStandby);  // too late, and to no use
  Start();
  web_.Answer(Info("http://b:1"), kStandby);
  EXPECT_FALSE(is_done_);
  web_.Answer(Info("http://a:1"), kActive);
  web_.Answer(Apps("http://a:1"), kNone);
  EXPECT_TRUE(is_done_);
}

TEST_F(ClusterPollTest, AfterAFailOverTheOtherOneIsUsed) {
  Start();
  web_.Answer(Info("http://a:1"), kActive);
  web_.Answer(Info("http://b:1"), kStandby);
  web_.Answer(Apps("http://a:1"), kNone);
  Start();
  web_.Answer(Info("http://b:1"), kActive);
  web_.Answer(Info("http://a:1"), "", 500, "text/html");
  web_.Answer(Apps("http://b:1"), kNone);
  EXPECT_EQ(result_.rm, "http://b:1");
}

TEST_F(ClusterPollTest, IfTwoAreActiveThePreviousOneIsUsed) {
  Start();
  web_.Answer(Info("http://a:1"), kStandby);
  web_.Answer(Info("http://b:1"), kActive);
  web_.Answer(Apps("http://b:1"), kNone);
  Start();
  web_.Answer(Info("http://a:1"), kActive);
  web_.Answer(Info("http://b:1"), kActive);
  web_.Answer(Apps("http://b:1"), kNone);
  EXPECT_EQ(result_.rm, "http://b:1");
}

TEST_F(ClusterPollTest, NoneIsActive) {
  Start();
  web_.Answer(Info("http://a:1"), kStandby);
  web_.Answer(Info("http://b:1"), "Can not find any active RM", 307, "text/plain");
  ASSERT_TRUE(is_done_);
  EXPECT_TRUE(absl::IsUnavailable(result_.status));
  EXPECT_THAT(std::string(result_.status.message()), HasSubstr("no ResourceManager is active"));
}

TEST_F(ClusterPollTest, AListThatIsNoneIsAnError) {
  Start();
  web_.Answer(Info("http://a:1"), kActive);
  web_.Answer(Apps("http://a:1"), "This is standby RM.", 307, "text/plain");
  ASSERT_TRUE(is_done_);
  EXPECT_FALSE(result_.status.ok());
}

}  // namespace
}  // namespace sparktail
