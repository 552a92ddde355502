#include "ingest/sources/yarn/yarn_source_options.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

const Option<YarnSourceOptions>& Find(const OptionTable<YarnSourceOptions>& table,
                                      std::string_view name) {
  for (const Option<YarnSourceOptions>& option : table) {
    if (option.info.name == name) return option;
  }
  ADD_FAILURE() << name;
  return table[0];
}

TEST(YarnSourceOptionsTest, DefaultsAreThoseOfTheStruct) {
  for (const Option<YarnSourceOptions>& option : YarnSourceOptionTable()) {
    if (!option.info.default_text) continue;
    YarnSourceOptions options;
    ASSERT_TRUE(option.Set(*option.info.default_text, &options).ok()) << option.info.name;
    EXPECT_EQ(option.Text(options), option.Text(YarnSourceOptions())) << option.info.name;
  }
}

TEST(YarnSourceOptionsTest, AddressesHaveNoUserInThem) {
  const OptionTable<YarnSourceOptions> table = YarnSourceOptionTable();
  YarnSourceOptions options;
  const auto& rms = Find(table, "resource_managers");
  EXPECT_TRUE(rms.SetList({"http://rm1:8088", "https://rm2:8090"}, &options).ok());
  EXPECT_FALSE(rms.SetList({"http://user:secret@rm1:8088"}, &options).ok());
  EXPECT_FALSE(rms.SetList({"rm1:8088"}, &options).ok());
  EXPECT_TRUE(Find(table, "url_prefix").Set("/gateway/default/yarn", &options).ok());
  EXPECT_FALSE(Find(table, "url_prefix").Set("gateway", &options).ok());
}

TEST(YarnSourceOptionsTest, PatternsHaveToBePatterns) {
  const OptionTable<YarnSourceOptions> table = YarnSourceOptionTable();
  YarnSourceOptions options;
  const auto& applications = Find(table, "applications");
  EXPECT_TRUE(applications.SetList({"orange.Boot", "regex:etl-.*"}, &options).ok());
  EXPECT_FALSE(applications.SetList({"regex:etl-("}, &options).ok());
}

TEST(YarnSourceOptionsTest, AnApplicationRestsLongerTheMoreErrorsThereWere) {
  const YarnSourceOptions options;
  EXPECT_EQ(RestAfter(0, options), absl::ZeroDuration());
  EXPECT_EQ(RestAfter(4, options), absl::ZeroDuration());
  EXPECT_EQ(RestAfter(5, options), absl::Seconds(5));
  EXPECT_EQ(RestAfter(9, options), absl::Seconds(5));
  EXPECT_EQ(RestAfter(10, options), absl::Seconds(10));
}

TEST(YarnSourceOptionsTest, CredentialsAreNotSentOverHttpIfTheResourceManagerUsesHttps) {
  const ContainerAddress plain = {false, "worker1:8042", "", ""};
  const ContainerAddress secure = {true, "worker1:8044", "", ""};
  YarnSourceOptions options;
  EXPECT_EQ(WhyNotAsked("https://rm1:8090", plain, options), "");
  options.http.auth = HttpOptions::Auth::kKerberos;
  EXPECT_NE(WhyNotAsked("https://rm1:8090", plain, options), "");
  EXPECT_EQ(WhyNotAsked("https://rm1:8090", secure, options), "");
  EXPECT_EQ(WhyNotAsked("http://rm1:8088", plain, options), "");
  EXPECT_EQ(WhyNotAsked("http://rm1:8088", secure, options), "");
}

TEST(YarnSourceOptionsTest, ServersHaveTheGatewaysPathAndNoSlashAtTheEnd) {
  YarnSourceOptions options;
  options.resource_managers = {"http://rm1:8088", "http://rm2:8088/"};
  options.url_prefix = "/gateway";
  EXPECT_EQ(ServersOf(options),
            (std::vector<std::string>{"http://rm1:8088/gateway", "http://rm2:8088/gateway"}));
}

TEST(YarnSourceOptionsTest, BoundsHaveToBeInOrder) {
  YarnSourceOptions options;
  EXPECT_TRUE(CheckYarnSourceOptions(options).ok());
  options.error_min_sleep = absl::Seconds(20);
  EXPECT_FALSE(CheckYarnSourceOptions(options).ok());
  options = YarnSourceOptions();
  options.error_min_count = 20;
  EXPECT_FALSE(CheckYarnSourceOptions(options).ok());
}

}  // namespace
}  // namespace sparktail
