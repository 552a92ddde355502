#include "parsers/parser_context.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sparktail {
namespace {

ParserContext Full() {
  ParserContext context;
  context.identity = {.app_name = "cap-basic",
                      .app_id = "application_1700000000000_0042",
                      .attempt = "1",
                      .container_id = "container_e12_1700000000000_0042_01_000001",
                      .deploy_mode = "cluster",
                      .spark_version = "3.5.9"};
  context.awaits_banner = true;
  context.runs.Begin();
  context.runs.MarkAlive("2839e413-4843-4fc4-8377-00175ccecfd8",
                         "ce223947-4d93-44b4-98a7-0662faad9f28", "fails-expr");
  context.runs.MarkEnded("741d790f-a6a5-4fdc-b9ca-df167b7fc6e9",
                         "83500fd7-8ac7-4ddf-aac2-2ae6eb7d8c79");
  context.first_line_hash = "5cc63543dc8915441ba76c01d514c311";
  return context;
}

void ExpectRoundTrip(const ParserContext& context) {
  const std::string json = context.ToJson();
  const std::optional<ParserContext> read = ParserContext::FromJson(json);
  ASSERT_TRUE(read) << json;
  EXPECT_TRUE(*read == context) << json;
  EXPECT_EQ(read->ToJson(), json);
}

TEST(ParserContextTest, ReadsBackWhatItWrote) {
  ExpectRoundTrip(ParserContext());
  ExpectRoundTrip(Full());
  ParserContext context;
  context.runs.MarkAlive("a", "b", "");
  ExpectRoundTrip(context);
}

TEST(ParserContextTest, IsOneLineOfJson) {
  const std::string json = Full().ToJson();
  EXPECT_TRUE(json.starts_with('{'));
  EXPECT_TRUE(json.ends_with('}'));
  EXPECT_EQ(json.find('\n'), std::string::npos);
}

TEST(ParserContextTest, HostileNamesReadBack) {
  for (const std::string_view name :
       {std::string_view("\"}],\"x\":{\\"), std::string_view("\0\x01\x1f\x7f\n\r\t", 7),
        std::string_view("запит ✓ 日本語 😀"), std::string_view("</script>\xE2\x80\xA8"),
        std::string_view("\\u0041"), std::string_view("\\"), std::string_view("\xEF\xBF\xBD")}) {
    ParserContext context = Full();
    context.identity.app_name = name;
    context.runs.MarkAlive("id", "run", name);
    ExpectRoundTrip(context);
  }
}

TEST(ParserContextTest, InvalidUtf8IsWrittenAsUtf8) {
  ParserContext context;
  context.identity.app_name =
      "a\xff"
      "b\xE2\x82";
  const std::optional<ParserContext> read = ParserContext::FromJson(context.ToJson());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->identity.app_name,
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
}

TEST(ParserContextTest, IsBoundedWithAsManyRunsAsAreKept) {
  ParserContext context = Full();
  for (size_t i = 0; i < 1000; ++i) {
    const std::string run_id = std::to_string(1'000'000 + i) + "-4843-4fc4-8377-00175ccecfd8";
    context.runs.MarkAlive("2839e413-4843-4fc4-8377-00175ccecfd8", run_id,
                           std::string(QueryRuns::kMaxName, 'n'));
  }
  EXPECT_LE(context.ToJson().size(), size_t{48} << 10);
  ExpectRoundTrip(context);
}

TEST(ParserContextTest, RejectsEveryCutOfItself) {
  const std::string json = Full().ToJson();
  for (size_t size = 0; size < json.size(); ++size) {
    EXPECT_FALSE(ParserContext::FromJson(std::string_view(json).substr(0, size))) << size;
  }
}

// `json` with the first `from` replaced.
std::string Replace(std::string json, std::string_view from, std::string_view to) {
  const size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return json.replace(at, from.size(), to);
}

TEST(ParserContextTest, RejectsEveryOtherShape) {
  const std::string json = Full().ToJson();
  struct Change {
    std::string_view from;
    std::string_view to;
  };
  static constexpr Change kChanges[] = {
      {"\"version\":1", "\"version\":2"},
      {"\"version\":1", "\"version\":\"1\""},
      {"\"version\":1,", ""},
      {"\"appName\"", "\"app_name\""},
      {"\"appName\":\"cap-basic\"", "\"appName\":null"},
      {"\"appName\":\"cap-basic\"", "\"appName\":7"},
      {"\"attempt\":\"1\"", "\"attempt\":1"},
      {"\"awaitsBanner\":true", "\"awaitsBanner\":1"},
      {"\"awaitsBanner\":true,", ""},
      {"\"firstLineHash\":", "\"other\":"},
      {"\"complete\":true", "\"complete\":\"true\""},
      {"\"runs\":[", "\"runs\":[7,"},
      {"\"runs\":[", "\"runs\":[[],"},
      {"\"runs\":[", "\"runs\":[{},"},
      {"\"runId\":\"ce223947", "\"x\":\"ce223947"},
      {"\"state\":\"alive\"", "\"state\":\"asleep\""},
      {"\"name\":\"fails-expr\"", "\"name\":[]"},
      {"cap-basic", "cap\xff"},
      {"cap-basic", "cap\n"},
      {"cap-basic", "cap\\q"},
  };
  for (const Change& c : kChanges) {
    EXPECT_FALSE(ParserContext::FromJson(Replace(json, c.from, c.to))) << c.from << " " << c.to;
  }
}

// Older versions stay readable; versions of later programs are rejected.
TEST(ParserContextTest, ReadsItsOwnVersionAndOlderOnes) {
  const std::string json = Full().ToJson();
  EXPECT_TRUE(ParserContext::FromJson(json));
  for (const std::string_view version : {"0", "-1", "2", "18446744073709551615", "1.0", "null"}) {
    const std::string other = Replace(json, "\"version\":1", "\"version\":" + std::string(version));
    EXPECT_FALSE(ParserContext::FromJson(other)) << version;
  }
  const std::optional<ParserContext> read =
      ParserContext::FromJson(Replace(json, "\"version\":1", "\"version\":1,\"unknown\":[{}]"));
  ASSERT_TRUE(read);
  EXPECT_TRUE(*read == Full());
}

// A document of version 1, as it was first written: all later programs read it.
TEST(ParserContextTest, ReadsVersionOne) {
  const std::optional<ParserContext> read = ParserContext::FromJson(
      R"({"version":1,"appName":"cap-basic","appId":"application_1700000000000_0042",)"
      R"("attempt":"1","containerId":"container_e12_1700000000000_0042_01_000001",)"
      R"("deployMode":"cluster","sparkVersion":"3.5.9","awaitsBanner":true,)"
      R"("beginsWithStamp":false,"firstLineHash":"5cc63543dc8915441ba76c01d514c311",)"
      R"("complete":true,"runs":[{"id":"2839e413-4843-4fc4-8377-00175ccecfd8",)"
      R"("runId":"ce223947-4d93-44b4-98a7-0662faad9f28","name":"fails-expr","state":"alive"},)"
      R"({"id":"741d790f-a6a5-4fdc-b9ca-df167b7fc6e9",)"
      R"("runId":"83500fd7-8ac7-4ddf-aac2-2ae6eb7d8c79","name":"","state":"ended"}]})");
  ASSERT_TRUE(read);
  EXPECT_TRUE(*read == Full());
}

TEST(ParserContextTest, ASuccessorHasAllButTheFirstLine) {
  ParserContext expected = Full();
  expected.first_line_hash.clear();
  EXPECT_TRUE(Full().OfSuccessor() == expected);
}

TEST(ParserContextTest, RejectsTextThatIsNoContext) {
  for (const std::string_view text :
       {std::string_view(""), std::string_view(" "), std::string_view("null"),
        std::string_view("[]"), std::string_view("{}"), std::string_view("\"\""),
        std::string_view("{\"version\":1}"), std::string_view("\0\0\0", 3),
        std::string_view("\xff\xfe")}) {
    EXPECT_FALSE(ParserContext::FromJson(text)) << text;
  }
  EXPECT_FALSE(ParserContext::FromJson(Full().ToJson() + "x"));
  EXPECT_FALSE(ParserContext::FromJson(Full().ToJson() + Full().ToJson()));
  EXPECT_FALSE(ParserContext::FromJson(std::string(100'000, '[')));
}

TEST(ParserContextTest, RejectsMoreRunsThanAreKept) {
  std::string runs = "\"runs\":[";
  for (size_t i = 0; i < QueryRuns::kMaxRuns; ++i) {
    runs += R"({"id":"a","runId":"b","name":"","state":"alive"},)";
  }
  EXPECT_FALSE(ParserContext::FromJson(Replace(Full().ToJson(), "\"runs\":[", runs)));
}

}  // namespace
}  // namespace sparktail
