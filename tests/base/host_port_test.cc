#include "ingest/base/host_port.h"

#include <gtest/gtest.h>

#include <string>

namespace sparktail {
namespace {

TEST(HostPortTest, NamesAndAddresses) {
  for (const std::string host :
       {"localhost", "127.0.0.1", "worker-1.example", "_x", "[::1]", "[fe80::1%eth0]"}) {
    const std::string text = host + ":8042";
    const auto parts = ParseHostPort(text);
    ASSERT_TRUE(parts) << host;
    EXPECT_EQ(parts->host, host);
    EXPECT_EQ(parts->port, "8042");
  }
}

TEST(HostPortTest, PortsHaveABound) {
  EXPECT_TRUE(ParseHostPort("a:0"));
  EXPECT_TRUE(ParseHostPort("a:00080"));
  EXPECT_TRUE(ParseHostPort("a:65535"));
  for (const char* wrong : {"a:65536", "a:99999", "a:000080", "a:", "a:-1", "a:+1", "a:8x", "a"}) {
    EXPECT_FALSE(ParseHostPort(wrong)) << wrong;
  }
}

TEST(HostPortTest, WhatIsNoHost) {
  for (const std::string wrong : {"", ":80", "::1:80", "[::1:80", "[]:80", "a b:80", "a/b:80",
                                  "user@a:80", "a?b:80", "[::1]/:80", "http://a:80"}) {
    EXPECT_FALSE(ParseHostPort(wrong)) << wrong;
  }
  EXPECT_FALSE(ParseHostPort(std::string(254, 'a') + ":80"));
}

}  // namespace
}  // namespace sparktail
