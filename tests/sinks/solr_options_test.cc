#include "sinks/solr/solr_options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace sparktail {
namespace {

TEST(SolrOptionsTest, DefaultsAreThoseOfTheStruct) {
  std::set<std::string> names;
  for (const auto& option : SolrOptionTable()) {
    EXPECT_TRUE(names.insert(option.info.name).second) << option.info.name;
    if (!option.info.default_text) continue;
    EXPECT_EQ(option.Text(SolrOptions()), *option.info.default_text) << option.info.name;
  }
}

TEST(SolrOptionsTest, ACollectionIsAName) {
  const OptionTable<SolrOptions> table = SolrOptionTable();
  const auto collection = std::find_if(
      table.begin(), table.end(), [](const auto& one) { return one.info.name == "collection"; });
  ASSERT_NE(collection, table.end());
  EXPECT_TRUE(collection->info.required);
  SolrOptions options;
  EXPECT_TRUE(collection->Set("spark_events.v2-x", &options).ok());
  EXPECT_EQ(options.collection, "spark_events.v2-x");
  for (const char* wrong : {"", "a/b", "..", "-a", "a?b", "a b"}) {
    EXPECT_FALSE(collection->Set(wrong, &options).ok()) << wrong;
  }
}

}  // namespace
}  // namespace sparktail
