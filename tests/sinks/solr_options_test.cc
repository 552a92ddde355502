#include "sinks/solr/solr_options.h"

#include <gtest/gtest.h>

#include "tests/support/option_defaults.h"

namespace sparktail {
namespace {

TEST(SolrOptionsTest, DefaultsAreThoseOfTheStruct) { testing::ExpectDefaultsOf(SolrOptionTable()); }

TEST(SolrOptionsTest, ACollectionIsAName) {
  const Option<SolrOptions> collection = testing::OptionNamed(SolrOptionTable(), "collection");
  EXPECT_TRUE(collection.info.required);
  SolrOptions options;
  EXPECT_TRUE(collection.Set("spark_events.v2-x", &options).ok());
  EXPECT_EQ(options.collection, "spark_events.v2-x");
  for (const char* wrong : {"", "a/b", "..", "-a", "a?b", "a b"}) {
    EXPECT_FALSE(collection.Set(wrong, &options).ok()) << wrong;
  }
}

}  // namespace
}  // namespace sparktail
