#include "ingest/sources/file/file_source_options.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

const Option<FileSourceOptions>& Find(const OptionTable<FileSourceOptions>& table,
                                      const std::string& name) {
  for (const Option<FileSourceOptions>& option : table) {
    if (option.info.name == name) return option;
  }
  ADD_FAILURE() << name;
  return table.front();
}

TEST(FileSourceOptionsTest, DefaultsAreThoseOfTheStruct) {
  for (const Option<FileSourceOptions>& option : FileSourceOptionTable()) {
    const bool is_list = option.info.type == OptionType::kTextList;
    EXPECT_EQ(option.Text({}), option.info.default_text.value_or(is_list ? "[]" : ""))
        << option.info.name;
    EXPECT_FALSE(option.info.sentence.empty()) << option.info.name;
  }
}

TEST(FileSourceOptionsTest, StartAtIsAWordOrADuration) {
  struct Case {
    const char* text;
    StartAt::Kind kind;
    absl::Duration age;
  };
  const OptionTable<FileSourceOptions> table = FileSourceOptionTable();
  const Option<FileSourceOptions>& option = Find(table, "start_at");
  for (const Case& c : {Case{"beginning", StartAt::Kind::kBeginning, absl::ZeroDuration()},
                        Case{"end", StartAt::Kind::kEnd, absl::ZeroDuration()},
                        Case{"2h", StartAt::Kind::kAge, absl::Hours(2)}}) {
    FileSourceOptions options;
    ASSERT_TRUE(option.Set(c.text, &options).ok()) << c.text;
    EXPECT_EQ(options.start_at.kind, c.kind) << c.text;
    EXPECT_EQ(options.start_at.age, c.age) << c.text;
    EXPECT_EQ(option.Text(options), c.text);
  }
  FileSourceOptions options;
  EXPECT_FALSE(option.Set("0s", &options).ok());
  EXPECT_FALSE(option.Set("now", &options).ok());
}

}  // namespace
}  // namespace sparktail
