#include "ingest/kafka/name_claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace sparktail {
namespace {

TEST(NameClaimTest, OfThisProcess) {
  const NameClaim claim = NameClaim::OfThisProcess();
  EXPECT_EQ(claim.pid, ::getpid());
  EXPECT_EQ(claim.process.size(), 32U);
  EXPECT_NE(NameClaim::OfThisProcess().process, claim.process);
  EXPECT_THAT(claim.started, ::testing::MatchesRegex("....-..-..T..:..:..Z"));
}

TEST(NameClaimTest, RoundTrip) {
  const NameClaim claim = {"host \"a\"", 77, "2026-11-26T10:00:00Z", "abc"};
  const auto again = NameClaim::FromJson(claim.ToJson());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->host, claim.host);
  EXPECT_EQ(again->pid, claim.pid);
  EXPECT_EQ(again->started, claim.started);
  EXPECT_EQ(again->process, claim.process);
  EXPECT_EQ(claim.Describe(), "host host \"a\", pid 77, since 2026-11-26T10:00:00Z");
}

TEST(NameClaimTest, MalformedTextIsRejected) {
  for (const char* json : {"", "{", "{}", R"({"version":1,"host":"h","pid":"7"})"}) {
    EXPECT_FALSE(NameClaim::FromJson(json)) << json;
  }
}

}  // namespace
}  // namespace sparktail
