#include "ingest/kafka/oauth_token.h"

#include <absl/strings/escaping.h>
#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempDir;
using testing::WriteBytes;

const absl::Time kNow = absl::FromUnixSeconds(1'795'276'340);

std::string Jwt(const std::string& claims) {
  std::string middle;
  absl::WebSafeBase64Escape(claims, &middle);
  return "eyJhbGciOiJub25lIn0." + middle + ".c2lnbmF0dXJl";
}

TEST(OAuthTokenTest, ClaimsOfAJwt) {
  const auto token = ReadOAuthToken(Jwt(R"({"sub":"alice","exp":1795276400})") + "\n", kNow);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->principal, "alice");
  EXPECT_EQ(token->expires, kNow + absl::Seconds(60));
  EXPECT_EQ(token->text, Jwt(R"({"sub":"alice","exp":1795276400})"));
}

TEST(OAuthTokenTest, AFractionOfASecond) {
  const auto token = ReadOAuthToken(Jwt(R"({"exp":1795276400.5})"), kNow);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->expires, kNow + absl::Milliseconds(60'500));
}

TEST(OAuthTokenTest, ATokenWithoutExpiryIsValidForAnHour) {
  for (const std::string& text : {std::string("opaque"), Jwt("{}"), Jwt("no json"),
                                  std::string("a.b"), std::string("a.!!.c"), std::string("..")}) {
    const auto token = ReadOAuthToken(text, kNow);
    ASSERT_TRUE(token.ok()) << text;
    EXPECT_EQ(token->expires, kNow + absl::Hours(1));
    EXPECT_EQ(token->principal, "sparktail");
  }
}

TEST(OAuthTokenTest, HugeExpiriesAreBounded) {
  for (const char* exp : {"9223372036854775807", "1e300", "99999999999999"}) {
    const auto token = ReadOAuthToken(Jwt(std::string("{\"exp\":") + exp + "}"), kNow);
    ASSERT_TRUE(token.ok()) << exp;
    EXPECT_LE(token->expires, kNow + absl::Hours(24 * 366)) << exp;
    EXPECT_GT(token->expires, kNow + absl::Hours(24)) << exp;
  }
}

TEST(OAuthTokenTest, InvalidTokensAreReported) {
  for (const std::string& text : {std::string(), std::string(" \n"), std::string("two words")}) {
    EXPECT_TRUE(absl::IsUnavailable(ReadOAuthToken(text, kNow).status())) << text;
  }
  const std::string expired = Jwt(R"({"exp":1795276339})");
  const absl::Status status = ReadOAuthToken(expired, kNow).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("expired"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr(expired)));
}

TEST(OAuthTokenTest, FromAFile) {
  const TempDir folder;
  KafkaClientOptions options;
  options.oauth_token_file = folder / "token";
  EXPECT_FALSE(GetOAuthToken(options, kNow).ok());
  WriteBytes(options.oauth_token_file, "opaque\n");
  const auto token = GetOAuthToken(options, kNow);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->text, "opaque");
  WriteBytes(options.oauth_token_file, "much secret");
  const absl::Status status = GetOAuthToken(options, kNow).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr(options.oauth_token_file));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("much secret")));
  WriteBytes(options.oauth_token_file, std::string(100'000, 'x'));
  EXPECT_FALSE(GetOAuthToken(options, kNow).ok());
}

TEST(OAuthTokenTest, FromACommand) {
  KafkaClientOptions options;
  options.oauth_token_command = "echo two; echo lines";
  EXPECT_FALSE(GetOAuthToken(options, kNow).ok());
  options.oauth_token_command = "printf opaque";
  const auto token = GetOAuthToken(options, kNow);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->text, "opaque");
  options.oauth_token_command = "echo much-secret; exit 3";
  const absl::Status status = GetOAuthToken(options, kNow).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("exit code 3"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("much-secret")));
  options.oauth_token_command = "yes";
  EXPECT_FALSE(GetOAuthToken(options, kNow).ok());
  // A command may close its output before it exits.
  options.oauth_token_command = "printf opaque; exec >&-; sleep 0.1; exit 3";
  EXPECT_FALSE(GetOAuthToken(options, kNow).ok());
  // The standard input of a command is empty.
  options.oauth_token_command = "read line || printf opaque";
  EXPECT_TRUE(GetOAuthToken(options, kNow).ok());
}

}  // namespace
}  // namespace sparktail
