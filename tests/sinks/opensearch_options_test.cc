#include "sinks/opensearch/opensearch_options.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/option_defaults.h"

namespace sparktail {
namespace {

absl::Status Set(const std::string& name, const std::string& text) {
  OpenSearchOptions options;
  const Option<OpenSearchOptions> option = testing::OptionNamed(OpenSearchOptionTable(), name);
  return option.info.type == OptionType::kTextList ? option.SetList({text}, &options)
                                                   : option.Set(text, &options);
}

TEST(OpenSearchOptionsTest, DefaultsAreThoseOfTheStruct) {
  testing::ExpectDefaultsOf(OpenSearchOptionTable());
  EXPECT_TRUE(Set("password", "word").ok());
}

TEST(OpenSearchOptionsTest, Urls) {
  for (const char* good : {"http://s:9200", "https://s.example.org/prefix/", "http://[::1]:9200"}) {
    EXPECT_TRUE(Set("urls", good).ok()) << good;
    EXPECT_TRUE(Set("dashboards_url", good).ok()) << good;
  }
  for (const char* wrong :
       {"s:9200", "ftp://s", "http://user:word@s", "http://s/?a=b", "http://"}) {
    EXPECT_FALSE(Set("urls", wrong).ok()) << wrong;
  }
}

TEST(OpenSearchOptionsTest, NamesOfIndices) {
  for (const char* good : {"events", "monitor-{environment}-%Y.%m.%d", "e{kind}-{appName}-%H"}) {
    EXPECT_TRUE(Set("index", good).ok()) << good;
  }
  for (const char* wrong : {"Events", "{kind}", "-e", "e-%s", "e*", "e/..", "e-{host}"}) {
    EXPECT_FALSE(Set("index", wrong).ok()) << wrong;
  }
  EXPECT_TRUE(Set("alias", "spark-events").ok());
  EXPECT_FALSE(Set("alias", "spark-{kind}").ok());
  EXPECT_FALSE(Set("template_name", "a/b").ok());
}

TEST(OpenSearchOptionsTest, Bounds) {
  EXPECT_TRUE(Set("bulk_bytes", "64MiB").ok());
  EXPECT_FALSE(Set("bulk_bytes", "1KiB").ok());
  EXPECT_FALSE(Set("connections", "0").ok());
  EXPECT_FALSE(Set("compression", "zstd").ok());
  EXPECT_FALSE(Set("retention", "1h").ok());
  EXPECT_TRUE(Set("retention", "30d").ok());
  EXPECT_TRUE(Set("replicas", "0").ok());
}

}  // namespace
}  // namespace sparktail
