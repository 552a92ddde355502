#include "sinks/opensearch/opensearch_options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace sparktail {
namespace {

absl::Status Set(const std::string& name, const std::string& text) {
  OpenSearchOptions options;
  const OptionTable<OpenSearchOptions> table = OpenSearchOptionTable();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const auto& one) { return one.info.name == name; });
  if (found == table.end()) return absl::NotFoundError(name);
  return found->info.type == OptionType::kTextList ? found->SetList({text}, &options)
                                                   : found->Set(text, &options);
}

TEST(OpenSearchOptionsTest, DefaultsAreThoseOfTheStruct) {
  std::set<std::string> names;
  for (const auto& option : OpenSearchOptionTable()) {
    EXPECT_TRUE(names.insert(option.info.name).second) << option.info.name;
    if (!option.info.default_text) continue;
    EXPECT_EQ(option.Text(OpenSearchOptions()), *option.info.default_text) << option.info.name;
  }
  EXPECT_TRUE(names.contains("password"));
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
