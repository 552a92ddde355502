#include "ingest/sources/yarn/active_resource_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/polled_web.h"

namespace sparktail {
namespace {

using ::sparktail::testing::PolledWeb;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kA[] = "http://a:1";
constexpr char kB[] = "http://b:1";

HttpResponse Info(const std::string& state) {
  return PolledWeb::Json(R"({"clusterInfo":{"haState":")" + state +
                         R"(","resourceManagerVersion":"3.3.6"}})");
}

class ActiveResourceManagerTest : public ::testing::Test {
 protected:
  ActiveResourceManagerTest() { search_.Begin(); }
  ActiveResourceManager search_{{kA, kB}};
};

TEST_F(ActiveResourceManagerTest, TheFirstOneThatIsActiveIsChosenAtOnce) {
  EXPECT_THAT(search_.urls(), ElementsAre(kA, kB));
  EXPECT_FALSE(search_.is_decided());
  const absl::StatusOr<ClusterInfo> info = search_.Take(kB, Info("ACTIVE"));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->version, "3.3.6");
  EXPECT_TRUE(search_.is_decided());
  EXPECT_EQ(*search_.Found(), kB);
}

TEST_F(ActiveResourceManagerTest, AResponseAfterTheDecisionIsReadButChangesNothing) {
  EXPECT_TRUE(search_.Take(kB, Info("ACTIVE")).ok());
  EXPECT_TRUE(search_.Take(kA, Info("ACTIVE"))->is_active);
  EXPECT_EQ(*search_.Found(), kB);
}

TEST_F(ActiveResourceManagerTest, AStandbyIsNotChosen) {
  EXPECT_FALSE(search_.Take(kA, Info("STANDBY"))->is_active);
  EXPECT_FALSE(search_.is_decided());
  EXPECT_TRUE(search_.Take(kB, Info("ACTIVE")).ok());
  EXPECT_EQ(*search_.Found(), kB);
}

TEST_F(ActiveResourceManagerTest, NoneThatIsActiveIsAnErrorWithAllReasons) {
  EXPECT_TRUE(search_.Take(kA, Info("STANDBY")).ok());
  EXPECT_FALSE(search_.Take(kB, PolledWeb::Unreachable()).ok());
  ASSERT_TRUE(search_.is_decided());
  const absl::Status status = search_.Found().status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("no ResourceManager is active: http://a:1: it is on standby; "
                        "http://b:1: cannot connect"));
}

TEST_F(ActiveResourceManagerTest, ThePreviousOneIsPreferredAndWaitedFor) {
  EXPECT_TRUE(search_.Take(kB, Info("ACTIVE")).ok());
  search_.Begin();
  EXPECT_TRUE(search_.Take(kA, Info("ACTIVE")).ok());
  EXPECT_FALSE(search_.is_decided());
  EXPECT_TRUE(search_.Take(kB, Info("ACTIVE")).ok());
  EXPECT_TRUE(search_.is_decided());
  EXPECT_EQ(*search_.Found(), kB);
}

TEST_F(ActiveResourceManagerTest, APreviousOneThatIsGoneIsReplaced) {
  EXPECT_TRUE(search_.Take(kB, Info("ACTIVE")).ok());
  search_.Begin();
  EXPECT_TRUE(search_.Take(kA, Info("ACTIVE")).ok());
  EXPECT_FALSE(search_.Take(kB, PolledWeb::Unreachable()).ok());
  EXPECT_TRUE(search_.is_decided());
  EXPECT_EQ(*search_.Found(), kA);
}

TEST_F(ActiveResourceManagerTest, ASearchThatFindsNoneKeepsThePreviousOne) {
  EXPECT_TRUE(search_.Take(kB, Info("ACTIVE")).ok());
  search_.Begin();
  EXPECT_TRUE(search_.Take(kA, Info("STANDBY")).ok());
  EXPECT_TRUE(search_.Take(kB, Info("STANDBY")).ok());
  EXPECT_FALSE(search_.Found().ok());
  search_.Begin();
  EXPECT_TRUE(search_.Take(kA, Info("ACTIVE")).ok());
  EXPECT_FALSE(search_.is_decided());
  EXPECT_TRUE(search_.Take(kB, Info("ACTIVE")).ok());
  EXPECT_EQ(*search_.Found(), kB);
}

TEST(ActiveResourceManagerWithoutUrlsTest, NothingIsFound) {
  ActiveResourceManager search({});
  search.Begin();
  EXPECT_TRUE(search.is_decided());
  EXPECT_FALSE(search.Found().ok());
}

}  // namespace
}  // namespace sparktail
