#include "ingest/http/http_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "tests/support/option_defaults.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Options as a user gives them.
HttpOptions Given(const std::map<std::string, std::string>& texts) {
  HttpOptions options;
  const OptionTable<HttpOptions> table = HttpOptionTable();
  for (const auto& given : texts) {
    EXPECT_TRUE(testing::OptionNamed(table, given.first).Set(given.second, &options).ok())
        << given.first << ": " << given.second;
  }
  return options;
}

// Returns the error; empty if there is none.
std::string Check(const std::map<std::string, std::string>& texts) {
  const absl::Status status = CheckHttpOptions(Given(texts));
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status));
  return std::string(status.message());
}

TEST(HttpOptionsTest, DefaultsAreThoseOfTheStruct) { testing::ExpectDefaultsOf(HttpOptionTable()); }

TEST(HttpOptionsTest, SecretsAreNotPrinted) {
  const HttpOptions options = Given({{"password", "much-secret"},
                                     {"api_key", "much-secret"},
                                     {"token", "much-secret"},
                                     {"aws_secret_key", "much-secret"},
                                     {"aws_session_token", "much-secret"},
                                     {"ssl_key_password", "much-secret"}});
  EXPECT_EQ(options.token.Reveal(), "much-secret");
  for (const auto& option : HttpOptionTable()) {
    EXPECT_THAT(option.Text(options), Not(HasSubstr("much-secret"))) << option.info.name;
  }
}

TEST(HttpOptionsTest, OptionsThatAgree) {
  EXPECT_EQ(Check({}), "");
  EXPECT_EQ(Check({{"auth", "basic"}, {"username", "u"}, {"password", "p"}}), "");
  EXPECT_EQ(Check({{"auth", "api_key"}, {"api_key", "k"}}), "");
  EXPECT_EQ(Check({{"auth", "bearer"}, {"token", "t"}}), "");
  EXPECT_EQ(Check({{"auth", "bearer"}, {"token_file", "/t"}}), "");
  const std::map<std::string, std::string> aws = {{"auth", "sigv4"},
                                                  {"aws_region", "eu-central-1"},
                                                  {"aws_access_key", "a"},
                                                  {"aws_secret_key", "s"}};
  EXPECT_EQ(Check(aws), "");
  EXPECT_EQ(Check({{"auth", "kerberos"}}), "");
  EXPECT_EQ(Check({{"auth", "kerberos"}, {"kerberos_keytab", "/k"}, {"kerberos_principal", "p@R"}}),
            "");
  EXPECT_EQ(Check({{"ssl_certificate", "/c"}, {"ssl_key", "/k"}, {"ssl_key_password", "p"}}), "");
}

TEST(HttpOptionsTest, OptionsThatContradict) {
  const struct {
    std::map<std::string, std::string> texts;
    const char* message;
  } kCases[] = {
      {{{"auth", "basic"}, {"password", "p"}}, "username: missing; auth: basic needs it"},
      {{{"auth", "basic"}, {"username", "u"}}, "password: missing; auth: basic needs it"},
      {{{"auth", "basic"}, {"username", "a:b"}, {"password", "p"}},
       "username: must not contain ':', which basic can't send"},
      {{{"auth", "api_key"}}, "api_key: missing; auth: api_key needs it"},
      {{{"auth", "bearer"}}, "token: missing; auth: bearer needs token or token_file"},
      {{{"auth", "bearer"}, {"token", "t"}, {"token_file", "/t"}},
       "token_file: set token_file or token, not both"},
      {{{"auth", "sigv4"}}, "aws_region: missing; auth: sigv4 needs it"},
      {{{"username", "u"}},
       "auth: username is used by basic only: set auth to basic, or remove username"},
      {{{"auth", "basic"}, {"username", "u"}, {"password", "p"}, {"token", "t"}},
       "auth: token is used by bearer only: set auth to bearer, or remove token"},
      {{{"kerberos_keytab", "/k"}},
       "auth: kerberos_keytab is used by kerberos only: set auth to kerberos, or remove "
       "kerberos_keytab"},
      {{{"auth", "kerberos"}, {"kerberos_principal", "p"}},
       "kerberos_keytab: missing; kerberos_principal needs it"},
      {{{"ssl_certificate", "/c"}}, "ssl_key: missing; ssl_certificate needs it"},
      {{{"ssl_key", "/k"}}, "ssl_certificate: missing; ssl_key needs it"},
      {{{"ssl_key_password", "p"}}, "ssl_key: missing; ssl_key_password is its password"},
      {{{"ssl_ca", "/c"}, {"insecure_skip_verify", "true"}},
       "insecure_skip_verify: remove it, or ssl_ca verifies nothing"},
  };
  for (const auto& one : kCases) EXPECT_EQ(Check(one.texts), one.message);
}

TEST(HttpOptionsTest, UrlsOfServers) {
  for (const char* good : {"http://host", "https://host:9200/", "HTTPS://[::1]:9200/prefix/x"}) {
    EXPECT_TRUE(kUrlForm.accepts(good)) << good;
  }
  for (const char* bad : {"host:9200", "ftp://host", "http://a:b@host", "http://host?x", "http://",
                          "http://host/#x", "http://host:x"}) {
    EXPECT_FALSE(kUrlForm.accepts(bad)) << bad;
  }
}

TEST(HttpOptionsTest, Proxies) {
  const OptionTable<HttpOptions> table = HttpOptionTable();
  const auto proxy = std::find_if(table.begin(), table.end(),
                                  [](const auto& one) { return one.info.name == "proxy"; });
  HttpOptions options;
  for (const char* good :
       {"http://proxy:3128", "https://proxy", "socks5h://127.0.0.1:1080", "http://[::1]:3128/"}) {
    EXPECT_TRUE(proxy->Set(good, &options).ok()) << good;
  }
  for (const char* bad : {"proxy:3128", "socks4://proxy", "http://user:pass@proxy",
                          "http://proxy/x", "http://proxy?x", "http://", "http://a b"}) {
    EXPECT_FALSE(proxy->Set(bad, &options).ok()) << bad;
  }
}

}  // namespace
}  // namespace sparktail
