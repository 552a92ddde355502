#include "ingest/pipeline/configuration.h"

#include <gtest/gtest.h>

#include "tests/support/option_defaults.h"

namespace sparktail {
namespace {

using testing::ExpectDefaultsOf;
using testing::OptionNamed;

template <typename S>
absl::Status SetOf(const OptionTable<S>& table, const std::string& name, const std::string& text) {
  S target;
  return OptionNamed(table, name).Set(text, &target);
}

TEST(ConfigurationTest, DefaultsAreThoseOfTheStructs) {
  ExpectDefaultsOf(ConfigurationOptionTable());
  ExpectDefaultsOf(LogOptionTable());
  ExpectDefaultsOf(SourceOptionTable());
  ExpectDefaultsOf(SinkOptionTable());
}

TEST(ConfigurationTest, NamesAreFitForDirectoriesAndCursors) {
  for (const char* good : {"a", "prod-1", "A.b_c-D", "1"}) {
    EXPECT_TRUE(SetOf(SinkOptionTable(), "name", good).ok()) << good;
  }
  for (const char* bad : {"", ".", "..", "-a", "a/b", "a b", "ä", "a\n"}) {
    EXPECT_FALSE(SetOf(SinkOptionTable(), "name", bad).ok()) << bad;
    EXPECT_FALSE(SetOf(SourceOptionTable(), "name", bad).ok()) << bad;
    EXPECT_FALSE(SetOf(ConfigurationOptionTable(), "instance", bad).ok()) << bad;
  }
  EXPECT_FALSE(SetOf(SinkOptionTable(), "name", std::string(65, 'a')).ok());
}

TEST(ConfigurationTest, AddressesHaveHostAndPort) {
  for (const char* good : {"127.0.0.1:9464", "localhost:0", "[::1]:80", "0.0.0.0:65535"}) {
    EXPECT_TRUE(SetOf(ConfigurationOptionTable(), "http", good).ok()) << good;
  }
  for (const char* bad : {":9464", "9464", "localhost", "localhost:", "localhost:65536", "a b:1",
                          "localhost:x", "::1:80", "[]:80", "http://localhost:80", "h:123456"}) {
    EXPECT_FALSE(SetOf(ConfigurationOptionTable(), "http", bad).ok()) << bad;
  }
}

TEST(ConfigurationTest, ZonesAreNames) {
  EXPECT_TRUE(SetOf(SourceOptionTable(), "timezone", "Europe/Madrid").ok());
  EXPECT_FALSE(SetOf(SourceOptionTable(), "timezone", "Europe/Atlantis").ok());
  EXPECT_FALSE(SetOf(SourceOptionTable(), "timezone", "/etc/localtime").ok());
}

}  // namespace
}  // namespace sparktail
