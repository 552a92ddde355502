#include "parsers/query_event.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sparktail {
namespace {

constexpr std::string_view kId = "2839e413-4843-4fc4-8377-00175ccecfd8";
constexpr std::string_view kRunId = "ce223947-4d93-44b4-98a7-0662faad9f28";
constexpr std::string_view kStopped = " was stopped";

std::string Named(std::string_view name) {
  std::string text(name);
  if (!name.empty()) text += ' ';
  return text + "[id = " + std::string(kId) + ", runId = " + std::string(kRunId) + "]";
}

constexpr std::string_view kNames[] = {"",
                                       "fails-expr",
                                       "two words",
                                       "запит-Обробка ✓ 日本語 \"quoted\" \\ back\ttab",
                                       "]",
                                       "[id = x, runId = y]",
                                       " leading and trailing ",
                                       "was stopped",
                                       "x to store the query checkpoint.",
                                       "\xff\x01"};

TEST(QueryEventTest, EndsNameTheQueryWhateverItsName) {
  for (const std::string_view name : kNames) {
    for (const std::string_view end : {kStopped, std::string_view(" terminated with error")}) {
      const std::string message = "Query " + Named(name) + std::string(end);
      const std::optional<QueryIds> ids = ParseQueryEnd(message, end);
      ASSERT_TRUE(ids) << message;
      EXPECT_TRUE(ids->known());
      EXPECT_EQ(ids->id, kId);
      EXPECT_EQ(ids->run_id, kRunId);
      EXPECT_EQ(ids->name, name);
    }
  }
}

TEST(QueryEventTest, ANameThatHoldsOtherIdsDoesNotReplaceThem) {
  const std::string forged =
      "a [id = 00000000-0000-0000-0000-000000000000, runId = 00000000-0000-0000-0000-000000000000]";
  const std::string message = "Query " + Named(forged) + " was stopped";
  const std::optional<QueryIds> ids = ParseQueryEnd(message, kStopped);
  ASSERT_TRUE(ids);
  EXPECT_EQ(ids->id, kId);
  EXPECT_EQ(ids->name, forged);
}

TEST(QueryEventTest, OtherMessagesAreNoEnds) {
  const std::string good = "Query " + Named("a") + " was stopped";
  ASSERT_TRUE(ParseQueryEnd(good, kStopped));
  EXPECT_FALSE(ParseQueryEnd(good, " terminated with error"));
  for (const std::string& message :
       {std::string(), std::string("Query "), std::string("Query was stopped"),
        std::string("Query  was stopped"), " " + good, good + " ", good + ".",
        "query " + Named("a") + " was stopped", "Query a" + Named("") + " was stopped",
        "Query a [id = " + std::string(kId) + "] was stopped",
        "Query [id = " + std::string(kId) + ", runId = not-a-uuid] was stopped",
        "Query [id = " + std::string(kId) + ",runId = " + std::string(kRunId) + "]  was stopped",
        "Query " + Named("a") + ") was stopped"}) {
    EXPECT_FALSE(ParseQueryEnd(message, kStopped)) << message;
  }
}

TEST(QueryEventTest, StartsNameQueryAndCheckpoint) {
  for (const std::string_view name : kNames) {
    for (const std::string_view path :
         {"file:/opt/streams/ck-a", "hdfs://nn/with space]. Use x",
          "file:/a to store the query checkpoint.", "s3a://б/✓", ""}) {
      const std::string message = "Starting " + Named(name) + ". Use " + std::string(path) +
                                  " to store the query checkpoint.";
      const std::optional<QueryStart> start = ParseQueryStart(message);
      ASSERT_TRUE(start) << message;
      EXPECT_EQ(start->ids.id, kId);
      EXPECT_EQ(start->ids.run_id, kRunId);
      EXPECT_EQ(start->ids.name, name);
      EXPECT_EQ(start->checkpoint, path);
    }
  }
}

TEST(QueryEventTest, ANameWithTheWordsOfAStartIsRead) {
  const std::string message =
      "Starting " + Named("a]. Use b") + ". Use c to store the query checkpoint.";
  const std::optional<QueryStart> start = ParseQueryStart(message);
  ASSERT_TRUE(start);
  EXPECT_EQ(start->ids.name, "a]. Use b");
  EXPECT_EQ(start->checkpoint, "c");
}

TEST(QueryEventTest, OtherMessagesAreNoStarts) {
  for (const std::string& message :
       {std::string(), std::string("Starting new streaming query."), std::string("Starting "),
        "Starting " + Named("a"), "Starting " + Named("a") + ". Use c",
        "Starting " + Named("a") + " Use c to store the query checkpoint.",
        "Starting a" + Named("") + ". Use c to store the query checkpoint.",
        "starting " + Named("a") + ". Use c to store the query checkpoint.",
        "Starting " + Named("a") + ". Use c to store the query checkpoint. ",
        std::string("Starting ]. Use  to store the query checkpoint.")}) {
    EXPECT_FALSE(ParseQueryStart(message)) << message;
  }
}

TEST(QueryEventTest, BatchIdsAreNumbers) {
  EXPECT_EQ(ParseBatchId("7 with committed offsets {} and available offsets {}"), "7");
  EXPECT_EQ(ParseBatchId("0"), "0");
  EXPECT_EQ(ParseBatchId("123456789012345678"), "123456789012345678");
  EXPECT_EQ(ParseBatchId("1234567890123456789"), std::nullopt);
  for (const std::string_view text : {"", " 7", "-1", "x", "+7", "٧"}) {
    EXPECT_EQ(ParseBatchId(text), std::nullopt) << text;
  }
}

TEST(QueryEventTest, StreamThreadsNameTheirQuery) {
  for (const std::string_view name : kNames) {
    const std::string thread = "stream execution thread for " + Named(name);
    const QueryIds ids = ParseStreamThread(thread);
    EXPECT_TRUE(ids.known()) << thread;
    EXPECT_EQ(ids.id, kId);
    EXPECT_EQ(ids.run_id, kRunId);
    EXPECT_EQ(ids.name, name);
  }
}

TEST(QueryEventTest, OtherThreadsNameNone) {
  for (const std::string& thread :
       {std::string(), std::string("main"), std::string("Thread-4"), Named("a"),
        std::string("stream execution thread for "), std::string("stream execution thread for a"),
        "stream execution thread for " + Named("a") + " ",
        "x stream execution thread for " + Named("a")}) {
    EXPECT_FALSE(ParseStreamThread(thread).known()) << thread;
    EXPECT_EQ(ParseStreamThread(thread).id, "") << thread;
  }
}

TEST(QueryEventTest, AThrowableHasClassMessageAndStack) {
  struct Case {
    std::string_view text;
    std::string_view error_class;
    std::string_view message;
    std::string_view stack;
  };
  static constexpr Case kCases[] = {
      {"java.lang.RuntimeException: boom\n\tat a.B.c(B.java:1)\n\t... 2 more\n",
       "java.lang.RuntimeException", "boom",
       "java.lang.RuntimeException: boom\n\tat a.B.c(B.java:1)\n\t... 2 more"},
      {"java.lang.NullPointerException\n\tat a.B.c(B.java:1)\n", "java.lang.NullPointerException",
       "", "java.lang.NullPointerException\n\tat a.B.c(B.java:1)"},
      {"java.lang.NullPointerException", "java.lang.NullPointerException", "",
       "java.lang.NullPointerException"},
      {"a.B: \n\tat a.B.c(B.java:1)", "a.B", "", "a.B: \n\tat a.B.c(B.java:1)"},
      {"a.B$C_1: two\nlines: of text\nCaused by: a.D: other\n\tat x", "a.B$C_1",
       "two\nlines: of text", "a.B$C_1: two\nlines: of text\nCaused by: a.D: other\n\tat x"},
      {"a.B: m\r\n\tat x\r\n", "a.B", "m", "a.B: m\r\n\tat x"},
      {"a.B:no space\n", "a.B", "no space", "a.B:no space"},
      {"a.B: message only\n\n\n", "a.B", "message only", "a.B: message only"},
      // No class in front.
      {"Traceback (most recent call last):\n  File x\n", "",
       "Traceback (most recent call last):\n  File x",
       "Traceback (most recent call last):\n  File x"},
      {"MyException: of no package", "MyException", "of no package", "MyException: of no package"},
      {"Oops: no class", "", "Oops: no class", "Oops: no class"},
      {"see a.b.c for more", "", "see a.b.c for more", "see a.b.c for more"},
      {"", "", "", ""},
      {"\n", "", "", ""},
  };
  for (const Case& c : kCases) {
    const ErrorText error = ParseErrorText(c.text);
    EXPECT_EQ(error.error_class, c.error_class) << c.text;
    EXPECT_EQ(error.message, c.message) << c.text;
    EXPECT_EQ(error.stack, c.stack) << c.text;
  }
}

TEST(QueryEventTest, APythonErrorKeepsItsTraceInTheMessage) {
  // 3.5.9/fail.default.log
  static constexpr std::string_view kMessage =
      "Job aborted: org.apache.spark.api.python.PythonException: Traceback (most recent call "
      "last):\n  File \"/opt/streams/sp/apps/app.py\", line 121, in boom\n"
      "ValueError: boom значення 42: {\"not\": \"json\"}\n";
  const std::string text = "org.apache.spark.SparkException: " + std::string(kMessage) +
                           "\n\tat org.apache.spark.api.python.A.b(PythonRunner.scala:572)\n";
  const ErrorText error = ParseErrorText(text);
  EXPECT_EQ(error.error_class, "org.apache.spark.SparkException");
  EXPECT_EQ(error.message, kMessage.substr(0, kMessage.size() - 1));
}

}  // namespace
}  // namespace sparktail
