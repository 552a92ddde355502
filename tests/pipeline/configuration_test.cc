#include "ingest/pipeline/configuration.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

template <typename S>
void ExpectDefaultsOf(const OptionTable<S>& table) {
  for (const Option<S>& option : table) {
    const bool is_list = option.info.type == OptionType::kTextList;
    EXPECT_EQ(option.Text(S()), option.info.default_text.value_or(is_list ? "[]" : ""))
        << option.info.name;
    EXPECT_FALSE(option.info.sentence.empty()) << option.info.name;
    EXPECT_NE(option.info.required || option.info.default_text.has_value(),
              !option.info.default_note.empty())
        << option.info.name << ": one says what happens without it";
  }
}

template <typename S>
absl::Status SetOf(const OptionTable<S>& table, const std::string& name, const std::string& text) {
  S target;
  for (const Option<S>& option : table) {
    if (option.info.name == name) return option.Set(text, &target);
  }
  ADD_FAILURE() << name;
  return absl::OkStatus();
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
