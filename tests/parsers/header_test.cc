#include "parsers/header.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

constexpr std::string_view kIds =
    "[id = 7f2a219c-2c83-478f-bcf2-18c2446ebb42, runId = 0c8ad220-b46f-44b3-8983-fa967b786f8d]";

std::string StreamThread(std::string_view name) {
  return "stream execution thread for " + std::string(name) + (name.empty() ? "" : " ") +
         std::string(kIds);
}

struct Expected {
  std::string_view line;
  std::string_view prefix;
  std::string_view level;
  std::string_view logger;
  std::string_view thread;
  std::string_view message;
};

void ExpectHeader(const Expected& expected) {
  SCOPED_TRACE(expected.line);
  const std::optional<Header> header = ParseHeader(expected.line);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->prefix, expected.prefix);
  EXPECT_EQ(header->level, expected.level);
  EXPECT_EQ(header->logger, expected.logger);
  EXPECT_EQ(header->thread, expected.thread);
  EXPECT_EQ(expected.line.substr(header->message), expected.message);
}

TEST(HeaderTest, ReadsEveryLayoutOfTheContract) {
  static constexpr std::string_view kBanner = "Running Spark version 3.5.9";
  static constexpr std::string_view kFull = "org.apache.spark.SparkContext";
  static constexpr std::string_view kContainer = "[container_e12_1700000000000_0042_01_000001] ";
  static constexpr Expected kCases[] = {
      // Spark's default, and with a year of four digits.
      {"26/11/21 15:33:12 INFO SparkContext: Running Spark version 3.5.9", "", "INFO",
       "SparkContext", "", kBanner},
      {"2026/11/21 15:33:12 INFO SparkContext: Running Spark version 3.5.9", "", "INFO",
       "SparkContext", "", kBanner},
      // ISO 8601 with a comma, a dot, a zone; class names in full; line numbers.
      {"2026-11-21 15:33:12,518 INFO org.apache.spark.SparkContext: Running Spark version 3.5.9",
       "", "INFO", kFull, "", kBanner},
      {"2026-11-21 15:33:12.518 INFO  org.apache.spark.SparkContext - Running Spark version 3.5.9",
       "", "INFO", kFull, "", kBanner},
      {"2026-11-21T15:33:12.518+0100 INFO SparkContext:60 - Running Spark version 3.5.9", "",
       "INFO", "SparkContext", "", kBanner},
      {"2026-11-21 15:33:12 INFO SparkContext:60: Running Spark version 3.5.9", "", "INFO",
       "SparkContext", "", kBanner},
      {"2026-11-21T15:49:37.518Z INFO  [Thread-4] org.apache.spark.SparkContext:60 - Running "
       "Spark version 3.5.9",
       "", "INFO", kFull, "Thread-4", kBanner},
      // The thread before the level, after the logger, or after both.
      {"2026-11-21 15:33:12,518 [main] INFO SparkContext - Running Spark version 3.5.9", "", "INFO",
       "SparkContext", "main", kBanner},
      {"2026-11-21 15:33:12,518 [main] INFO  o.a.s.SparkContext [] - Running Spark version 3.5.9",
       "", "INFO", "o.a.s.SparkContext", "main", "[] - Running Spark version 3.5.9"},
      {"2026-11-21 15:33:12,518 INFO SparkContext [main]: Running Spark version 3.5.9", "", "INFO",
       "SparkContext", "main", kBanner},
      {"2026-11-21 15:33:12,518 INFO SparkContext:60 [main] - Running Spark version 3.5.9", "",
       "INFO", "SparkContext", "main", kBanner},
      {"[container_e12_1700000000000_0042_01_000001] 2026-11-21 16:02:22,702 INFO  "
       "spark.SparkContext [Thread-4] Running Spark version 3.5.9",
       kContainer, "INFO", "spark.SparkContext", "Thread-4", kBanner},
      {"[123] [container_e12_1700000000000_0042_01_000001] 2026-11-21 16:02:22,702 INFO  "
       "spark.SparkContext [Thread-4] Running Spark version 3.5.9",
       "[123] [container_e12_1700000000000_0042_01_000001] ", "INFO", "spark.SparkContext",
       "Thread-4", kBanner},
      // The logger in parentheses.
      {"2026-11-21 15:33:12,518 INFO [main] (SparkContext.scala:60) - Running Spark version 3.5.9",
       "", "INFO", "SparkContext.scala", "main", kBanner},
      {"2026-11-21 15:33:12,518 INFO (SparkContext) Running Spark version 3.5.9", "", "INFO",
       "SparkContext", "", kBanner},
      // The stamp or the level in brackets.
      {"[2026-11-21 15:33:12,518] INFO SparkContext: Running Spark version 3.5.9", "[", "INFO",
       "SparkContext", "", kBanner},
      {"[2026-11-21 15:33:12,518] [INFO] SparkContext - Running Spark version 3.5.9", "[", "INFO",
       "SparkContext", "", kBanner},
      {"2026-11-21 15:33:12,518 [main] [WARN] SparkContext - Running Spark version 3.5.9", "",
       "WARN", "SparkContext", "main", kBanner},
      // The logger before the level.
      {"2026-11-21 15:33:12,518 SparkContext INFO: Running Spark version 3.5.9", "", "INFO",
       "SparkContext", "", kBanner},
  };
  for (const Expected& c : kCases) ExpectHeader(c);
}

TEST(HeaderTest, KnowsEveryLevelAndNoOther) {
  for (const std::string level : {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}) {
    const std::string line = "26/11/21 15:33:12 " + level + " A: b";
    ASSERT_TRUE(ParseHeader(line)) << level;
    EXPECT_EQ(ParseHeader(line)->level, level);
  }
  for (const std::string level : {"info", "WARNING", "INF", "INFORMATION", "STATEMENT"}) {
    EXPECT_FALSE(ParseHeader("26/11/21 15:33:12 " + level + " A: b")) << level;
  }
}

TEST(HeaderTest, AMessageMayHoldAnything) {
  static constexpr Expected kCases[] = {
      {"26/11/21 15:33:12 INFO A: 26/11/21 15:33:13 WARN B: c", "", "INFO", "A", "",
       "26/11/21 15:33:13 WARN B: c"},
      {"26/11/21 15:33:12 INFO A: [main] c", "", "INFO", "A", "", "[main] c"},
      {"26/11/21 15:33:12 INFO A: b: c - d", "", "INFO", "A", "", "b: c - d"},
      {"26/11/21 15:33:12 INFO A: : - ", "", "INFO", "A", "", ": - "},
      {"26/11/21 15:33:12 INFO A: \xff\x01", "", "INFO", "A", "", "\xff\x01"},
      {"26/11/21 15:33:12 INFO A:60 - - b", "", "INFO", "A", "", "- b"},
      {"26/11/21 15:33:12 INFO A:", "", "INFO", "A", "", ""},
      {"26/11/21 15:33:12 INFO A:b", "", "INFO", "A", "", "b"},
  };
  for (const Expected& c : kCases) ExpectHeader(c);
}

TEST(HeaderTest, AThreadMayHoldAQuerysRawName) {
  for (const std::string name :
       {"", "a", "запит-Обробка ✓ 日本語 \"quoted\" \\ back\ttab", "[", "]", "]]", "[[[", "a ] b",
        "a: b", "INFO", "x - y", "26/11/21 15:34:03 INFO Fake: x", "[id = ]",
        ", runId = ", "[id = x, runId = y]]", "  two  spaces  "}) {
    const std::string thread = StreamThread(name);
    const std::string stamp = "2026-11-21T15:49:37.518Z ";
    for (const std::string& line : {stamp + "INFO  [" + thread + "] org.apache.spark.A:60 - made {",
                                    stamp + "[" + thread + "] INFO org.apache.spark.A - made {",
                                    stamp + "INFO  org.apache.spark.A [" + thread + "] made {"}) {
      ExpectHeader({line, "", "INFO", "org.apache.spark.A", thread, "made {"});
    }
  }
}

TEST(HeaderTest, AThreadMayHoldPairsOfBrackets) {
  for (const std::string_view thread :
       {"pool-1 [a]", "[a]", "a [b [c]] d", "Executor task launch worker for task 1.0 (TID 2)",
        "rpc: server", "INFO - x"}) {
    const std::string line = "26/11/21 15:33:12 INFO [" + std::string(thread) + "] A: b";
    ExpectHeader({line, "", "INFO", "A", thread, "b"});
  }
}

TEST(HeaderTest, AThreadWithALoneBracketStillGivesAHeader) {
  const std::optional<Header> header = ParseHeader("26/11/21 15:33:12 INFO [a [b] A: message");
  ASSERT_TRUE(header);
  EXPECT_EQ(header->level, "INFO");
}

TEST(HeaderTest, TextOfOtherWritersMayBeGluedInFront) {
  static constexpr Expected kCases[] = {
      {"[Stage 0:>  (0 + 2) / 2]\r          \r26/11/21 15:33:12 INFO A: b",
       "[Stage 0:>  (0 + 2) / 2]\r          \r", "INFO", "A", "", "b"},
      {"printed without end26/11/21 15:33:12 INFO A: b", "printed without end", "INFO", "A", "",
       "b"},
      {"запит ✓26/11/21 15:33:12 INFO A: b", "запит ✓", "INFO", "A", "", "b"},
      {"\xEF\xBB\xBF"
       "26/11/21 15:33:12 INFO A: b",
       "\xEF\xBB\xBF", "INFO", "A", "", "b"},
      {std::string_view("\0\0\0"
                        "26/11/21 15:33:12 INFO A: b",
                        30),
       std::string_view("\0\0\0", 3), "INFO", "A", "", "b"},
      // A stamp without the rest is text like any other.
      {"at 26/11/21 15:33:11 it began 26/11/21 15:33:12 INFO A: b",
       "at 26/11/21 15:33:11 it began ", "INFO", "A", "", "b"},
      {"26/11/21 15:33:11 26/11/21 15:33:12 INFO A: b", "26/11/21 15:33:11 ", "INFO", "A", "", "b"},
  };
  for (const Expected& c : kCases) ExpectHeader(c);
}

TEST(HeaderTest, ADigitTwoBytesBeforeAShortStampDoesNotHideIt) {
  // "7 26/11/21 15:33:12" has the outline of a stamp with a year of four digits.
  ExpectHeader({"7 26/11/21 15:33:12 INFO A: b", "7 ", "INFO", "A", "", "b"});
  ExpectHeader({"(0 + 2) / 2\r26/11/21 15:33:12 INFO A: b", "(0 + 2) / 2\r", "INFO", "A", "", "b"});
}

// A digit of another writer, without a line end.
TEST(HeaderTest, ADigitMayBeGluedInFront) {
  EXPECT_TRUE(ParseHeader("526/11/21 15:33:12 INFO A: b"));
  EXPECT_TRUE(ParseHeader("12026-11-21 15:33:12 INFO A: b"));
}

TEST(HeaderTest, LayoutsOfDistributionsAreRead) {
  for (const std::string_view line :
       {"2026-11-21 15:33:12,123 INFO  [main]: SparkContext (Logging.scala:logInfo(54)) - m",
        "INFO  2026-11-21 15:33:12 SparkContext: m", "[INFO] 2026-11-21 15:33:12 SparkContext: m",
        "2026-11-21 15:33:12 +0100 INFO SparkContext: m",
        "26/11/21 15:33:12 UTC INFO SparkContext: m",
        "2026-11-21T15:33:12Z INFO [3b5d9f0a1]]] SparkContext: m"}) {
    const auto header = ParseHeader(line);
    ASSERT_TRUE(header) << line;
    EXPECT_EQ(header->level, "INFO") << line;
    EXPECT_EQ(header->logger, "SparkContext") << line;
    EXPECT_EQ(line.substr(header->message), "m") << line;
  }
}

TEST(HeaderTest, TextQuotedInATraceIsNoHeader) {
  for (const std::string_view line :
       {"\tat 26/11/21 15:33:12 INFO A: b", "Caused by: 26/11/21 15:33:12 INFO A: b",
        "java.io.IOException: 26/11/21 15:33:12 INFO A: b",
        "{\"log\":\"26/11/21 15:33:12 INFO A: b",
        "2026-01-01T00:00:00.1Z stderr F 26/11/21 15:33:12 INFO A: b",
        "2026-01-01T00:00:00.1Z stderr F 2026/11/21 15:33:12 INFO A: b"}) {
    EXPECT_FALSE(ParseHeader(line)) << line;
  }
}

TEST(HeaderTest, OtherLinesAreNoHeaders) {
  for (const std::string_view line : {
           "",
           " ",
           "\r",
           "\tat org.apache.spark.sql.execution.BufferedRowIterator.hasNext(A.java:43)",
           "\t... 12 more",
           "Caused by: java.lang.RuntimeException: 26/11/21 15:33:12",
           "java.lang.RuntimeException: boom",
           "Traceback (most recent call last):",
           "  \"timestamp\" : \"2026-11-21T15:45:53.034Z\",",
           "  \"batchId\" : 7,",
           "}",
           "{\"@timestamp\":\"2026-11-21T15:56:17.658Z\",\"log.level\":\"INFO\",\"message\":\"b\"}",
           "{\"ts\":\"2026-11-21T16:04:12.478Z\",\"level\":\"INFO\",\"msg\":\"b\"}",
           "Setting default log level to \"WARN\".",
           "26/11/21 15:33:12",
           "26/11/21 15:33:12 ",
           "26/11/21 15:33:12 INFO",
           "26/11/21 15:33:12 INFO ",
           "26/11/21 15:33:12 INFO A",
           "26/11/21 15:33:12 A: b",
           "26/11/21 15:33:12 [main] b",
           "26/11/21 15:33:12 INFO [main",
           "26/11/21 15:33:12 INFO [main]",
           "26/11/21 15:33:12 INFO (A",
           "26/11/21 15:33:12 INFO \"A\": b",
           "26/11/21 15:33:12 took 12 ms",
           "26/11/21 15:33:12INFOA: b",
           "2026-11-21 15:33:12,518 no level here at all, but a long line",
           "26/13/21 15:33:12 INFO A: b",
           "INFO A: b",
       }) {
    EXPECT_FALSE(ParseHeader(line)) << line;
  }
}

TEST(HeaderTest, HostileLinesFullOfStampsAreGivenUp) {
  std::string stamps;
  while (stamps.size() < (size_t{4} << 20)) stamps += "26/11/21 15:33:12 ";
  EXPECT_FALSE(ParseHeader(stamps));
  std::string almost;
  while (almost.size() < (size_t{4} << 20)) almost += "26/11/21 15:33:12 INFO [";
  EXPECT_FALSE(ParseHeader(almost));
  std::string run_ids = "26/11/21 15:33:12 INFO [stream execution thread for ";
  while (run_ids.size() < (size_t{4} << 20)) run_ids += ", runId = ";
  EXPECT_FALSE(ParseHeader(run_ids));
  EXPECT_FALSE(ParseHeader(std::string(size_t{4} << 20, '2')));
}

TEST(HeaderTest, OnlyTheBeginningOfALineDecides) {
  const std::string_view header = "26/11/21 15:33:12 INFO A: ";
  // Truncation at kMaxHeaderBytes changes nothing, so that a window of that size is enough.
  for (const size_t glued : {size_t{0}, size_t{1}, kMaxHeaderBytes - header.size() - 1,
                             kMaxHeaderBytes - header.size(), kMaxHeaderBytes - header.size() + 1,
                             kMaxHeaderBytes - 1, kMaxHeaderBytes, kMaxHeaderBytes * 3}) {
    std::string line(glued, 'x');
    line.append(header).append("b").append(kMaxHeaderBytes * 2, 'y');
    const std::optional<Header> whole = ParseHeader(line);
    const std::optional<Header> begun =
        ParseHeader(std::string_view(line).substr(0, kMaxHeaderBytes));
    ASSERT_EQ(whole.has_value(), begun.has_value()) << glued;
    EXPECT_EQ(whole.has_value(), glued < kMaxHeaderBytes - header.size() + 3) << glued;
    if (whole && begun) {
      EXPECT_EQ(whole->prefix, begun->prefix);
      EXPECT_EQ(whole->message, begun->message);
    }
  }
}

TEST(HeaderTest, EveryCutOfAHeaderIsAHeaderOrNot) {
  const std::string line = "[c] 2026-11-21T15:49:37.518Z INFO  [" + StreamThread("a ] b") +
                           "] org.apache.spark.A:60 - made";
  for (size_t size = 0; size <= line.size(); ++size) {
    const std::string cut = line.substr(0, size);
    if (const std::optional<Header> header = ParseHeader(cut)) {
      EXPECT_LE(header->message, cut.size());
      EXPECT_EQ(header->level, "INFO") << cut;
    }
  }
}

TEST(HeaderTest, RealLogsHaveHeadersInEveryPlainLayout) {
  struct Case {
    const char* log;
    std::string_view banner_logger;
  };
  for (const Case& c : {Case{"3.5.9/basic.default.log", "SparkContext"},
                        Case{"3.5.9/basic.iso_thread.log", "org.apache.spark.SparkContext"},
                        Case{"3.1.3/fail.pid_prefix.log", "spark.SparkContext"},
                        Case{"4.3.0/basic.default.log", "SparkContext"}}) {
    std::ifstream log(testing::DataPath(c.log));
    ASSERT_TRUE(log) << c.log;
    size_t banners = 0;
    size_t messages = 0;
    for (std::string line; std::getline(log, line);) {
      const std::optional<Header> header = ParseHeader(line);
      if (!header) {
        // Every line that Spark prints through log4j begins with a header.
        EXPECT_EQ(line.find("Streaming query made progress: {"), std::string::npos) << line;
        continue;
      }
      const std::string_view message = std::string_view(line).substr(header->message);
      if (message.starts_with("Running Spark version ") &&
          ShortLogger(header->logger) == "SparkContext") {
        ++banners;
        EXPECT_EQ(header->logger, c.banner_logger);
      }
      if (message == "Streaming query made progress: {") ++messages;
    }
    EXPECT_EQ(banners, 1U) << c.log;
    EXPECT_GT(messages, 3U) << c.log;
  }
}

TEST(HeaderTest, JsonLayoutsHaveNoHeaders) {
  for (const char* name : {"3.5.9/fail.json_ecs.log", "4.3.0/basic.structured.log"}) {
    std::ifstream log(testing::DataPath(name));
    ASSERT_TRUE(log) << name;
    for (std::string line; std::getline(log, line);) {
      if (line.starts_with("{\"")) {
        EXPECT_FALSE(ParseHeader(line)) << line;
      }
    }
  }
}

TEST(HeaderTest, FindStampSkipsNoStamp) {
  static constexpr std::string_view kPieces[] = {"26/11/21 15:33:12",
                                                 "2026/11/21 15:33:12",
                                                 "2026-11-21T15:33:12",
                                                 "2026-11-21 15:33:12,5",
                                                 "15:33:12",
                                                 ":",
                                                 "1",
                                                 "2026-11-21",
                                                 " INFO A: b",
                                                 "20",
                                                 "/",
                                                 "26/11/21 ",
                                                 "::::",
                                                 "x",
                                                 "26/11/21 15:3"};
  std::mt19937 random(20261121);
  for (int round = 0; round < 5000; ++round) {
    std::string line;
    const size_t pieces = random() % 8;
    for (size_t i = 0; i < pieces; ++i) line += kPieces[random() % std::size(kPieces)];
    std::vector<size_t> found;
    for (size_t at = FindStamp(line, 0); at != std::string_view::npos;
         at = FindStamp(line, at + 1)) {
      ASSERT_TRUE(found.empty() || at > found.back()) << line;
      found.push_back(at);
    }
    for (size_t at = 0; at < line.size(); ++at) {
      const bool in_number = at > 0 && line[at - 1] >= '0' && line[at - 1] <= '9';
      if (in_number || !ParseStamp(std::string_view(line).substr(at))) continue;
      EXPECT_EQ(std::count(found.begin(), found.end(), at), 1) << line << " at " << at;
      EXPECT_LE(ParseStamp(std::string_view(line).substr(at))->length, kLongestStamp);
    }
  }
}

TEST(HeaderTest, FindStampBeginsAtTheGivenPlace) {
  const std::string_view line = "26/11/21 15:33:12 26/11/21 15:33:13";
  EXPECT_EQ(FindStamp(line, 0), 0U);
  EXPECT_EQ(FindStamp(line, 1), 18U);
  EXPECT_EQ(FindStamp(line, 18), 18U);
  EXPECT_EQ(FindStamp(line, 19), std::string_view::npos);
  EXPECT_EQ(FindStamp(line, 1000), std::string_view::npos);
  EXPECT_EQ(FindStamp("", 0), std::string_view::npos);
}

TEST(HeaderTest, ShortLoggerIsTheLastPartOfTheClass) {
  EXPECT_EQ(ShortLogger("org.apache.spark.SparkContext"), "SparkContext");
  EXPECT_EQ(ShortLogger("spark.SparkContext"), "SparkContext");
  EXPECT_EQ(ShortLogger("SparkContext"), "SparkContext");
  EXPECT_EQ(ShortLogger("a."), "");
  EXPECT_EQ(ShortLogger(""), "");
}

}  // namespace
}  // namespace sparktail
