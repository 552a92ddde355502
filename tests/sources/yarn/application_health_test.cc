#include "ingest/sources/yarn/application_health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using ::sparktail::testing::RecordingLog;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ApplicationHealthTest : public ::testing::Test {
 protected:
  ApplicationHealthTest() {
    shared_.log = &log_;
    shared_.options = &options_;
    shared_.random = [] { return 0.5; };
    origin_.application = "application_1_0002";
    origin_.name = "etl";
  }

  RecordingLog log_;
  YarnSourceOptions options_;
  YarnShared shared_;
  YarnOrigin origin_;
  ApplicationHealth health_{&shared_, &origin_};
  ApplicationHealth::Part stderr_;
  ApplicationHealth::Part stdout_;
};

TEST_F(ApplicationHealthTest, PersistentTroubleIsReportedOnce) {
  for (int i = 0; i < 3; ++i) health_.OnError(&stderr_, "wrong", "stderr cannot be read");
  EXPECT_THAT(log_.lines(), ElementsAre("W application_1_0002 (etl): stderr cannot be read"));
  EXPECT_EQ(stderr_.errors, 3U);
  EXPECT_EQ(shared_.errors, 3U);
}

TEST_F(ApplicationHealthTest, TheSameTroubleOfAnotherPartIsNoNews) {
  health_.OnError(&stderr_, "wrong", "stderr cannot be read");
  health_.OnError(&stdout_, "wrong", "stdout cannot be read");
  EXPECT_EQ(log_.lines().size(), 1U);
  health_.OnSuccess(&stderr_);
  EXPECT_EQ(log_.lines().size(), 1U);
  health_.OnSuccess(&stdout_);
  EXPECT_EQ(log_.lines().back(), "I application_1_0002 (etl): reading works again");
  EXPECT_EQ(stdout_.errors, 0U);
}

TEST_F(ApplicationHealthTest, OtherTroubleIsNews) {
  health_.OnError(&stderr_, "wrong", "stderr cannot be read");
  health_.OnError(&stderr_, "shrunk", "stderr is shorter");
  health_.OnError(&stdout_, "wrong", "stdout cannot be read");
  EXPECT_EQ(log_.lines().size(), 3U);
}

TEST_F(ApplicationHealthTest, SuccessWithoutTroubleIsNoNews) {
  health_.OnSuccess(&stderr_);
  EXPECT_THAT(log_.lines(), IsEmpty());
}

TEST_F(ApplicationHealthTest, AnApplicationIsNamedAsItIsKnownNow) {
  origin_.name.clear();
  health_.Warn("yarn_mode", "its mode is not known");
  origin_.name = "late";
  health_.Warn("yarn_mode", "its mode is not known");
  EXPECT_THAT(log_.lines(), ElementsAre("W application_1_0002: its mode is not known",
                                        "W application_1_0002 (late): its mode is not known"));
}

TEST_F(ApplicationHealthTest, ManyErrorsNeedRest) {
  EXPECT_EQ(health_.RestOf(stderr_), absl::ZeroDuration());
  for (uint64_t i = 0; i < options_.error_max_count; ++i) {
    health_.OnError(&stderr_, "wrong", "stderr cannot be read");
  }
  EXPECT_EQ(health_.RestOf(stderr_), options_.error_max_sleep);
  EXPECT_EQ(health_.RestOf(stdout_), absl::ZeroDuration());
}

}  // namespace
}  // namespace sparktail
