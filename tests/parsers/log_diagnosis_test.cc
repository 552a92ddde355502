#include "parsers/log_diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Why(std::string_view text) {
  LogDiagnosis diagnosis;
  diagnosis.Sample(text, 0);
  diagnosis.Finish();
  return diagnosis.WhyNoEvents(/*has_words=*/false);
}

std::string TestData(const std::string& name) {
  std::ifstream file(testing::DataPath(name));
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(LogDiagnosisTest, SaysTheLikelyReason) {
  struct Case {
    std::string_view text;
    std::string_view reason;
  };
  static constexpr Case kCases[] = {
      {"", "it is empty"},
      {"26/11/21 15:33:12 WARN A: b\njava.lang.E: c\n\tat d\n", "INFO is off"},
      {"26/11/21 15:33:12 INFO SparkContext: Running Spark version 3.5.9\n",
       "no streaming query ran"},
      {"26/11/21 15:33:12 INFO Executor: Running task 1.0\n", "executor"},
      {"first line\nsecond line\n", "unknown layout"},
      {"{\"ts\":\"2026-11-21T16:04:12.478Z\",\"level\":\"INFO\",\"msg\":\"b\"}\n", "JSON"},
      {"{\"log\":\"26/11/21 15:33:12 INFO A: b\\n\",\"stream\":\"stderr\",\"time\":\"t\"}\n",
       "Docker"},
      {"2026-11-21T15:33:12.518736001Z stderr F 26/11/21 15:33:12 INFO A: b\n", "Kubernetes"},
      {"2026-11-21T15:33:12.518736001Z stdout P 26/11/21 15:33:12 INFO A: b\n", "Kubernetes"},
      {"\x1f\x8b\x08\x01\x02\x03\x04\xff\x05\x06\n\x01\x02\x03\x04", "binary"},
  };
  for (const Case& c : kCases) EXPECT_THAT(Why(c.text), HasSubstr(c.reason)) << c.text;
}

TEST(LogDiagnosisTest, RealLogsAreDiagnosed) {
  EXPECT_THAT(Why(TestData("3.5.9/pymode-default-warn.log")), HasSubstr("INFO is off"));
  EXPECT_THAT(Why(TestData("3.5.9/fail.json_ecs.log")), HasSubstr("JSON lines"));
  EXPECT_THAT(Why(TestData("4.3.0/basic.structured.log")), HasSubstr("JSON lines"));
  EXPECT_THAT(Why(TestData("3.5.9/dstream.default.log")), HasSubstr("no streaming query"));
}

TEST(LogDiagnosisTest, AnUnknownLayoutComesWithAnExample) {
  EXPECT_THAT(Why("<14>1 a b\n<14>2 c d\n"), HasSubstr("For example: <14>1 a b"));
  EXPECT_THAT(Why("\n\r\n<14>1 a b\r\n"), HasSubstr("For example: <14>1 a b"));
}

TEST(LogDiagnosisTest, TheExampleIsPrintable) {
  const std::string why =
      Why("a\x1b[2J\x07\xff\xC2\x9B"
          "b" +
          std::string(5000, 'x'));
  for (const char c : why) {
    EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << why;
  }
  EXPECT_THAT(why, Not(HasSubstr("\xC2\x9B")));
  EXPECT_LT(why.size(), 500U);
}

TEST(LogDiagnosisTest, InfoIsOffOnlyIfHeadersSayNothingElse) {
  struct Case {
    std::string_view text;
    bool off;
  };
  static constexpr Case kCases[] = {
      {"", false},
      {"no header\n", false},
      {"26/11/21 15:33:12 WARN A: b\n", true},
      {"26/11/21 15:33:12 ERROR A: b\n26/11/21 15:33:12 FATAL A: b\n", true},
      {"26/11/21 15:33:12 WARN A: b\n26/11/21 15:33:12 INFO A: b\n", false},
      {"26/11/21 15:33:12 DEBUG A: b\n", false},
      {"26/11/21 15:33:12 TRACE A: b\n", false},
  };
  for (const Case& c : kCases) {
    LogDiagnosis diagnosis;
    diagnosis.Sample(c.text, 0);
    EXPECT_EQ(diagnosis.InfoIsOff(), c.off) << c.text;
  }
}

TEST(LogDiagnosisTest, ASampleFromTheMiddleLeavesItsFirstLineOut) {
  LogDiagnosis diagnosis;
  diagnosis.Sample("26/11/21 15:33:12 WARN A: b\n", 0);
  // Half a line is neither an example of an unknown layout nor a header.
  diagnosis.Sample("half of a line 26/11/21 15:33:12 INFO A: b\n26/11/21 15:33:12 WARN A: b\n",
                   500);
  EXPECT_TRUE(diagnosis.InfoIsOff());
  diagnosis.Sample("no line end 26/11/21 15:33:12 INFO A: b", 5000);
  diagnosis.Finish();
  EXPECT_TRUE(diagnosis.InfoIsOff());
}

TEST(LogDiagnosisTest, LinesCutByReadsAreWhole) {
  const std::string log = "plain text\n26/11/21 15:33:12 WARN A: b\n26/11/21 15:33:12 WARN A: c";
  for (size_t size = 1; size <= log.size(); ++size) {
    LogDiagnosis diagnosis;
    for (size_t at = 0; at < log.size(); at += size) {
      diagnosis.Sample(std::string_view(log).substr(at, size), at);
    }
    diagnosis.Finish();
    EXPECT_TRUE(diagnosis.InfoIsOff()) << size;
  }
}

TEST(LogDiagnosisTest, WordsWithoutAHeaderAreAnUnknownLayout) {
  LogDiagnosis diagnosis;
  diagnosis.Sample("26/11/21 15:33:12 INFO A: b\n? Streaming query made progress: {\n", 0);
  EXPECT_THAT(diagnosis.WhyNoEvents(/*has_words=*/true), HasSubstr("unknown layout"));
  EXPECT_THAT(diagnosis.WhyNoEvents(/*has_words=*/true), HasSubstr("? Streaming query"));
}

TEST(LogDiagnosisTest, WrappedLinesAreReported) {
  LogDiagnosis cri;
  cri.Sample("2026-01-01T00:00:00.1Z stderr F 26/11/21 15:47:34 INFO A: b\n", 0);
  EXPECT_TRUE(cri.IsWrapped());
  LogDiagnosis docker;
  docker.Sample("{\"log\":\"26/11/21 15:47:34 INFO A: b\\n\",\"stream\":\"stderr\"}\n", 0);
  EXPECT_TRUE(docker.IsWrapped());
  LogDiagnosis plain;
  plain.Sample("26/11/21 15:47:34 INFO A: b\n", 0);
  EXPECT_FALSE(plain.IsWrapped());
}

TEST(LogDiagnosisTest, TheFixForInfoNamesTheSetting) {
  EXPECT_THAT(LogDiagnosis::HowToTurnInfoOn(), HasSubstr("log4j2.properties"));
  EXPECT_THAT(LogDiagnosis::HowToTurnInfoOn(), HasSubstr("org.apache.spark.sql.execution"));
  EXPECT_THAT(LogDiagnosis::HowToTurnInfoOn(), HasSubstr("setLogLevel"));
}

}  // namespace
}  // namespace sparktail
