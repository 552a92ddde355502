#include "ingest/sources/yarn/application_choice.h"

#include <gtest/gtest.h>

#include "ingest/sources/yarn/yarn_source_options.h"

namespace sparktail {
namespace {

YarnApplication App(const std::string& name) {
  YarnApplication app;
  app.id = "application_1_2";
  app.name = name;
  app.user = "etl";
  app.queue = "root.users.nightly";
  app.tags = {"gold", "night"};
  return app;
}

TEST(ApplicationChoiceTest, WithoutOptionsAllApplicationsMatch) {
  EXPECT_TRUE(ApplicationChoice(YarnSourceOptions()).Has(App("a")));
}

TEST(ApplicationChoiceTest, NamesAreWhole) {
  YarnSourceOptions options;
  options.applications = {"orange.Boot", "regex:etl-.*"};
  const ApplicationChoice choice(options);
  EXPECT_EQ(choice.names(), std::vector<std::string>{"orange.Boot"});
  EXPECT_TRUE(choice.Has(App("orange.Boot")));
  EXPECT_TRUE(choice.Has(App("etl-7")));
  EXPECT_FALSE(choice.Has(App("orangexBoot")));
  EXPECT_FALSE(choice.Has(App("my-etl-7")));
}

TEST(ApplicationChoiceTest, AllListsMustMatch) {
  YarnSourceOptions options;
  options.users = {"etl"};
  options.queues = {"nightly"};
  options.tags = {"gold"};
  EXPECT_TRUE(ApplicationChoice(options).Has(App("a")));
  YarnApplication other = App("a");
  other.user = "root";
  EXPECT_FALSE(ApplicationChoice(options).Has(other));
  other = App("a");
  other.queue = "root.users";
  EXPECT_FALSE(ApplicationChoice(options).Has(other));
  other = App("a");
  other.tags = {"golden"};
  EXPECT_FALSE(ApplicationChoice(options).Has(other));
  options.queues = {"root.users.nightly"};
  EXPECT_TRUE(ApplicationChoice(options).Has(App("a")));
}

TEST(ApplicationChoiceTest, APatternIsOneThatCanBeRead) {
  EXPECT_TRUE(IsApplicationPattern("a name"));
  EXPECT_TRUE(IsApplicationPattern("regex:^a.*$"));
  EXPECT_FALSE(IsApplicationPattern("regex:["));
  EXPECT_FALSE(IsApplicationPattern(""));
}

}  // namespace
}  // namespace sparktail
