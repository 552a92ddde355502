#include "ingest/http/http_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(HttpUrlTest, Parts) {
  const auto url = ReadHttpUrl("HTTPS://Search.example:9200/a%2Fb/../c?x=%20y&z");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_TRUE(url->is_tls);
  EXPECT_EQ(url->host, "Search.example");
  EXPECT_EQ(url->port, "9200");
  EXPECT_EQ(url->path, "/a%2Fb/../c");
  EXPECT_EQ(url->query, "x=%20y&z");
  EXPECT_EQ(url->authority(), "Search.example:9200");
}

TEST(HttpUrlTest, MissingParts) {
  const auto plain = ReadHttpUrl("http://host");
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_FALSE(plain->is_tls);
  EXPECT_EQ(plain->authority(), "host:80");
  EXPECT_EQ(plain->path, "/");
  EXPECT_EQ(plain->query, "");
  EXPECT_TRUE(plain->has_default_port());
  EXPECT_EQ(ReadHttpUrl("https://host")->port, "443");
  EXPECT_FALSE(ReadHttpUrl("https://host:80")->has_default_port());
  EXPECT_EQ(ReadHttpUrl("http://[::1]:9200/x")->authority(), "[::1]:9200");
}

TEST(HttpUrlTest, Loopback) {
  for (const char* text : {"http://localhost", "http://127.0.0.1:9200", "http://127.1.2.3",
                           "http://[::1]", "http://a.localhost"}) {
    EXPECT_TRUE(ReadHttpUrl(text)->is_loopback()) << text;
  }
  for (const char* text : {"http://host", "http://localhost.example", "http://10.0.0.1",
                           "http://127.example", "http://[::2]"}) {
    EXPECT_FALSE(ReadHttpUrl(text)->is_loopback()) << text;
  }
}

TEST(HttpUrlTest, InvalidUrls) {
  for (const char* text :
       {"", "host", "host:9200", "/path", "ftp://host", "file:///etc/passwd", "http://",
        "http://:80", "http://host:0x50", "http://host:99999", "http://ho st/",
        "http://host/\r\nX: y", "http://host/a b", "http://[::1"}) {
    EXPECT_EQ(ReadHttpUrl(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_FALSE(ReadHttpUrl(std::string("http://host\0.example", 20)).ok());
}

TEST(HttpUrlTest, AUserIsRejectedAndNotPrinted) {
  for (const char* text : {"http://alice:much-secret@host", "https://much-secret@host/",
                           "ftp://alice:much-secret@host"}) {
    const std::string message(ReadHttpUrl(text).status().message());
    EXPECT_THAT(message, HasSubstr("use a URL")) << text;
    EXPECT_THAT(message, Not(HasSubstr("much-secret"))) << text;
  }
  EXPECT_THAT(std::string(ReadHttpUrl("http://a:b@host").status().message()),
              HasSubstr("without user and password"));
}

TEST(HttpUrlTest, AServerMayEndInASlash) {
  EXPECT_EQ(WithoutSlash("http://s:1//"), "http://s:1");
  EXPECT_EQ(WithoutSlash("http://s:1/a"), "http://s:1/a");
}

TEST(EscapeUrlPartTest, NothingInANameEndsIt) {
  EXPECT_EQ(EscapeUrlPart("Az09-._~"), "Az09-._~");
  EXPECT_EQ(EscapeUrlPart("a/../b?c#d%e*"), "a%2F..%2Fb%3Fc%23d%25e%2A");
  EXPECT_EQ(EscapeUrlPart("\xD0\xBD\n"), "%D0%BD%0A");
}

}  // namespace
}  // namespace sparktail
