#include "ingest/base/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace sparktail {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

enum class Colour : uint8_t { kRed, kGreen };

struct Inner {
  absl::Duration wait = absl::Seconds(30);
};

struct Example {
  std::string path;
  std::vector<std::string> names;
  uint64_t count = 3;
  uint64_t size = uint64_t{32} << 20;
  uint64_t keep = 0;
  absl::Duration age = absl::InfiniteDuration();
  bool on = true;
  Colour colour = Colour::kGreen;
  std::string level = "info";
  Secret password;
  Inner inner;
};

OptionTable<Example> Table() {
  using O = Example;
  const OptionTable<Inner> inner = {
      Declare("wait", &Inner::wait).Default("30s").To(absl::Hours(1)).Says("Waits.")};
  const OptionTable<Example> outer = {
      Declare("path", &O::path).Form(kPathForm).Word("-", std::string("-")).Required(),
      Declare("names", &O::names).Otherwise("all"),
      Declare("count", &O::count).Default("3").From(1).To(10).Unit("files"),
      Declare("size", &O::size).Bytes().Default("32MiB").From(1024).To(uint64_t{1} << 30),
      Declare("keep", &O::keep).Word("all", uint64_t{0}).Default("all").From(1),
      Declare("age", &O::age)
          .Word("never", absl::InfiniteDuration())
          .Default("never")
          .From(absl::Seconds(1)),
      Declare("on", &O::on).Default("true"),
      Declare("colour", &O::colour)
          .Word("red", Colour::kRed)
          .Word("green", Colour::kGreen)
          .Default("green"),
      Declare("level", &O::level).Choice({"debug", "info"}).Default("info"),
      Declare("password", &O::password),
  };
  return Joined(outer, Within<Example>(inner, [](Example* example) { return &example->inner; }));
}

const Option<Example>& Find(const OptionTable<Example>& table, const std::string& name) {
  for (const Option<Example>& option : table) {
    if (option.info.name == name) return option;
  }
  ADD_FAILURE() << name;
  return table.front();
}

Example Set(const std::string& name, const std::string& text) {
  Example example;
  const absl::Status status = Find(Table(), name).Set(text, &example);
  EXPECT_TRUE(status.ok()) << status;
  return example;
}

std::string ErrorOf(const std::string& name, const std::string& text) {
  Example example;
  const absl::Status status = Find(Table(), name).Set(text, &example);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name << "=" << text;
  return std::string(status.message());
}

TEST(OptionsTest, EachTypeSetsItsMember) {
  EXPECT_EQ(Set("path", "/a b").path, "/a b");
  EXPECT_EQ(Set("path", "-").path, "-");
  EXPECT_EQ(Set("count", "10").count, 10U);
  EXPECT_EQ(Set("size", "1MiB").size, uint64_t{1} << 20);
  EXPECT_EQ(Set("keep", "5").keep, 5U);
  EXPECT_EQ(Set("keep", "all").keep, 0U);
  EXPECT_EQ(Set("age", "5m").age, absl::Minutes(5));
  EXPECT_EQ(Set("age", "never").age, absl::InfiniteDuration());
  EXPECT_FALSE(Set("on", "false").on);
  EXPECT_EQ(Set("colour", "red").colour, Colour::kRed);
  EXPECT_EQ(Set("level", "debug").level, "debug");
  EXPECT_EQ(Set("password", "xyz").password.Reveal(), "xyz");
  EXPECT_EQ(Set("wait", "1h").inner.wait, absl::Hours(1));
  Example example;
  EXPECT_TRUE(Find(Table(), "names").SetList({"a", "b"}, &example).ok());
  EXPECT_THAT(example.names, ElementsAre("a", "b"));
}

TEST(OptionsTest, DefaultsAreThoseOfTheStruct) {
  for (const Option<Example>& option : Table()) {
    if (!option.info.default_text) continue;
    EXPECT_EQ(option.Text(Example()), *option.info.default_text) << option.info.name;
    Example example;
    EXPECT_TRUE(option.Set(*option.info.default_text, &example).ok()) << option.info.name;
    EXPECT_EQ(option.Text(example), *option.info.default_text) << option.info.name;
  }
}

TEST(OptionsTest, ErrorsSayWhatToGiveAndWhatWasGiven) {
  EXPECT_EQ(ErrorOf("count", "11"), "give a number of files from 1 to 10, not '11'");
  EXPECT_EQ(ErrorOf("size", "2GiB"),
            "give a size from 1KiB to 1GiB (such as 65536, 64KiB or 32MiB), not '2GiB'");
  EXPECT_EQ(ErrorOf("age", "0s"),
            "give never, or a duration from 1s (such as 500ms, 30s, 5m or 30d), not '0s'");
  EXPECT_EQ(ErrorOf("age", "nevr"),
            "give never, or a duration from 1s (such as 500ms, 30s, 5m or 30d), not 'nevr'; did "
            "you mean never?");
  EXPECT_EQ(ErrorOf("on", "yes"), "give true or false, not 'yes'");
  EXPECT_EQ(ErrorOf("colour", "gren"), "give red or green, not 'gren'; did you mean green?");
  EXPECT_EQ(ErrorOf("level", "trace"), "give debug or info, not 'trace'");
  EXPECT_THAT(ErrorOf("path", ""), HasSubstr("it is empty"));
  EXPECT_THAT(ErrorOf("path", "~/x"), HasSubstr("not '~/x'"));
  EXPECT_THAT(ErrorOf("path", "a\nb"), HasSubstr("give -, or a path"));
  EXPECT_THAT(ErrorOf("path", std::string(5000, 'x')), HasSubstr("x…'"));
  EXPECT_LT(ErrorOf("path", std::string(5000, 'x')).size(), 200U);
}

// A password in the wrong place must not reach the log.
TEST(OptionsTest, CredentialsInUrlsAreNotQuoted) {
  const std::string error = ErrorOf("count", "http://me:se@cret@host:1/path");
  EXPECT_THAT(error, HasSubstr("not 'http://…@host:1/path'"));
}

TEST(OptionsTest, AnErrorChangesNothing) {
  Example example;
  example.count = 7;
  EXPECT_FALSE(Find(Table(), "count").Set("x", &example).ok());
  EXPECT_EQ(example.count, 7U);
}

TEST(OptionsTest, ListsMayNotBeEmptyNorHoldWrongValues) {
  Example example;
  EXPECT_FALSE(Find(Table(), "names").SetList({}, &example).ok());
  EXPECT_FALSE(Find(Table(), "names").SetList({"a", ""}, &example).ok());
  EXPECT_FALSE(Find(Table(), "names").Set("a", &example).ok());
  EXPECT_TRUE(example.names.empty());
}

TEST(OptionsTest, NumbersAreWhole) {
  for (const char* text : {"", "-1", "+1", "1.5", "1e3", " 1", "1 ", "0x1", "18446744073709551616",
                           "9223372036854775808", "one"}) {
    EXPECT_THAT(ErrorOf("keep", text), HasSubstr("give all, or a number")) << text;
  }
}

TEST(OptionsTest, SecretsAreNotPrinted) {
  const OptionTable<Example> table = Table();
  const Option<Example>& option = Find(table, "password");
  EXPECT_EQ(option.Text(Set("password", "hidden")), "");
  EXPECT_THAT(ErrorOf("password", "hid\nden"),
              AllOf(HasSubstr("secret"), Not(HasSubstr("hid\nden"))));
}

TEST(OptionsTest, SizesHaveUnits) {
  struct Case {
    const char* text;
    uint64_t bytes;
    const char* shortest;
  };
  for (const Case& c : {
           Case{"0", 0, "0"},
           Case{"1023", 1023, "1023"},
           Case{"1024", 1024, "1KiB"},
           Case{"1536", 1536, "1536"},
           Case{"4k", 4096, "4KiB"},
           Case{"4KIB", 4096, "4KiB"},
           Case{"32MiB", uint64_t{32} << 20, "32MiB"},
           Case{"32m", uint64_t{32} << 20, "32MiB"},
           Case{"1024MiB", uint64_t{1} << 30, "1GiB"},
           Case{"2048g", uint64_t{2} << 40, "2048GiB"},
       }) {
    EXPECT_EQ(ReadSize(c.text), c.bytes) << c.text;
    EXPECT_EQ(WriteSize(c.bytes), c.shortest) << c.text;
    EXPECT_EQ(ReadSize(WriteSize(c.bytes)), c.bytes) << c.text;
  }
  for (const char* text :
       {"", "k", "1kb", "1.5k", "1 k", "-1", "1t", "18014398509481984k", "1ki"}) {
    EXPECT_EQ(ReadSize(text), std::nullopt) << text;
  }
}

TEST(OptionsTest, DurationsHaveUnits) {
  struct Case {
    const char* text;
    absl::Duration duration;
    const char* shortest;
  };
  for (const Case& c : {
           Case{"0s", absl::ZeroDuration(), "0s"},
           Case{"500ms", absl::Milliseconds(500), "500ms"},
           Case{"1000ms", absl::Seconds(1), "1s"},
           Case{"30s", absl::Seconds(30), "30s"},
           Case{"90s", absl::Seconds(90), "90s"},
           Case{"60s", absl::Minutes(1), "1m"},
           Case{"5m", absl::Minutes(5), "5m"},
           Case{"48h", absl::Hours(48), "2d"},
           Case{"30d", absl::Hours(720), "30d"},
           Case{"36500d", absl::Hours(24 * 36500), "36500d"},
       }) {
    EXPECT_EQ(ReadDuration(c.text), c.duration) << c.text;
    EXPECT_EQ(WriteDuration(c.duration), c.shortest) << c.text;
  }
  for (const char* text : {"", "30", "s", "1.5s", "-1s", "1 s", "1w", "1S", "1h30m", "36501d",
                           "9223372036854775807d", "never"}) {
    EXPECT_EQ(ReadDuration(text), std::nullopt) << text;
  }
}

TEST(OptionsTest, ExpectedDescribesEachType) {
  const OptionTable<Example> table = Table();
  EXPECT_EQ(Expected(Find(table, "names").info), "a list, each item a text");
  EXPECT_EQ(Expected(Find(table, "wait").info), "a duration from 0s to 1h");
  EXPECT_EQ(Expected(Find(table, "keep").info), "all, or a number from 1");
  EXPECT_EQ(Expected(Find(table, "colour").info), "red or green");
}

}  // namespace
}  // namespace sparktail
