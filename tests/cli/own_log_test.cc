#include "ingest/cli/own_log.h"

#include <absl/strings/str_split.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Real files, a clock of its own, and writes to files that fail while a test wants it.
class LogOs : public PosixOs {
 public:
  absl::Time now = absl::FromUnixMillis(1'795'276'800'123);  // 2026-11-21T16:00:00.123Z
  absl::Status fail_files;
  size_t most_written = SIZE_MAX;  // by one call, to a file
  std::string standard_error;

  absl::Time Now() override { return now; }
  absl::StatusOr<size_t> Write(int fd, const char* buffer, size_t size) override {
    if (fd == STDERR_FILENO) {
      standard_error.append(buffer, size);
      return size;
    }
    if (!fail_files.ok() && most_written == 0) return fail_files;
    const size_t count = std::min(size, most_written);
    if (most_written != SIZE_MAX) most_written -= count;
    return PosixOs::Write(fd, buffer, count);
  }
};

std::vector<std::string> Lines(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

class OwnLogTest : public ::testing::Test {
 protected:
  OwnLogTest() {
    std::string name = ::testing::TempDir() + "/own_log_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  ~OwnLogTest() override { std::filesystem::remove_all(directory_); }

  LogConfiguration ToFile() const {
    LogConfiguration configuration;
    configuration.path = path();
    return configuration;
  }
  std::string path() const { return directory_ / "own.log"; }
  std::vector<std::string> File(const std::string& name) const {
    return Lines(testing::ReadFile(name));
  }

  std::filesystem::path directory_;
  LogOs os_;
};

TEST_F(OwnLogTest, ALineOfTextHasTimeLevelAndMessage) {
  OwnLog log(&os_, {});
  log.Warn("file_unreadable /logs/a", "/logs/a can't be read: Permission denied");
  log.Error("e", "it is over");
  EXPECT_THAT(
      Lines(os_.standard_error),
      ElementsAre("2026-11-21T16:00:00.123Z warning: /logs/a can't be read: Permission denied",
                  "2026-11-21T16:00:00.123Z error: it is over"));
}

TEST_F(OwnLogTest, ALineOfJsonIsAnObject) {
  LogConfiguration configuration;
  configuration.format = LogConfiguration::Format::kJson;
  OwnLog log(&os_, configuration);
  log.Info("said \"so\"", "a \\ \"b\" \x1b[31m \xff {} %v");
  EXPECT_EQ(
      os_.standard_error,
      "{\"time\":\"2026-11-21T16:00:00.123Z\",\"level\":\"info\",\"what\":\"said \\\"so\\\"\","
      "\"message\":\"a \\\\ \\\"b\\\" ?[31m \xEF\xBF\xBD {} %v\"}\n");
  simdjson::dom::parser parser;
  EXPECT_FALSE(parser.parse(os_.standard_error).error());
}

TEST_F(OwnLogTest, LevelsBelowTheLeastAreNotWrittenAndNotCounted) {
  LogConfiguration configuration;
  configuration.level = "warning";
  {
    OwnLog log(&os_, configuration);
    for (int i = 0; i < 100; ++i) log.Info("i", "info");
    log.Debug("d", "debug");
    log.Warn("w", "warning");
  }
  EXPECT_THAT(Lines(os_.standard_error), ElementsAre(EndsWith("warning: warning")));
}

TEST_F(OwnLogTest, BytesOfTheOutsideArePrintableAndLinesBounded) {
  OwnLog log(&os_, {});
  log.Error("x", "a\nb\r\x1b]0;title\x07 \xC2\x9B" + std::string(1'000'000, 'y'));
  ASSERT_THAT(Lines(os_.standard_error), SizeIs(1));
  EXPECT_THAT(os_.standard_error, HasSubstr("error: a?b??]0;title? ?yyy"));
  EXPECT_LT(os_.standard_error.size(), 5000U);
}

TEST_F(OwnLogTest, RepeatedMessagesAreLimitedAndCounted) {
  OwnLog log(&os_, {});
  for (int i = 0; i < 128; ++i) log.Warn("again", "number " + std::to_string(i));
  EXPECT_THAT(Lines(os_.standard_error), SizeIs(5));
  os_.now += absl::Seconds(61);
  log.Tick();
  const std::vector<std::string> lines = Lines(os_.standard_error);
  ASSERT_THAT(lines, SizeIs(6));
  EXPECT_EQ(lines[5],
            "2026-11-21T16:01:01.123Z warning: … and 123 more like this, the last: number 127");
}

TEST_F(OwnLogTest, TheNextMessageTellsOfWindowsThatEnded) {
  OwnLog log(&os_, {});
  for (int i = 0; i < 7; ++i) log.Warn("again", "and again");
  os_.now += absl::Seconds(61);
  log.Info("other", "something else");
  EXPECT_THAT(Lines(os_.standard_error).at(5), HasSubstr("… and 2 more like this"));
  EXPECT_THAT(Lines(os_.standard_error).at(6), EndsWith("info: something else"));
}

TEST_F(OwnLogTest, TheEndTellsOfAllThatWasLeftOut) {
  {
    OwnLog log(&os_, {});
    for (int i = 0; i < 7; ++i) log.Warn("again", "and again");
    EXPECT_THAT(Lines(os_.standard_error), SizeIs(5));
  }
  EXPECT_THAT(Lines(os_.standard_error).back(), HasSubstr("… and 2 more like this"));
}

TEST_F(OwnLogTest, AFileIsAppendedTo) {
  std::ofstream(path()) << "before\n";
  OwnLog(&os_, ToFile()).Info("a", "after");
  EXPECT_THAT(File(path()), ElementsAre("before", EndsWith("info: after")));
  EXPECT_EQ(os_.standard_error, "");
}

TEST_F(OwnLogTest, ReopenGoesOnInTheNewFile) {
  OwnLog log(&os_, ToFile());
  log.Info("a", "one");
  std::filesystem::rename(path(), path() + ".1");
  log.Info("a", "two");
  log.Reopen();
  log.Info("a", "three");
  EXPECT_THAT(File(path() + ".1"), ElementsAre(EndsWith("one"), EndsWith("two")));
  EXPECT_THAT(File(path()), ElementsAre(HasSubstr("reopened the own log"), EndsWith("three")));
}

TEST_F(OwnLogTest, ReopenKeepsTheOldFileIfThereCanBeNoNewOne) {
  OwnLog log(&os_, ToFile());
  log.Info("a", "one");
  std::filesystem::rename(path(), path() + ".1");
  std::filesystem::create_directory(path());
  log.Reopen();
  log.Info("a", "two");
  EXPECT_THAT(File(path() + ".1"),
              ElementsAre(EndsWith("one"), HasSubstr("can't reopen the own log"), EndsWith("two")));
}

TEST_F(OwnLogTest, WithoutItsFileItGoesToStandardErrorUntilThatWorks) {
  LogConfiguration configuration;
  configuration.path = directory_ / "missing" / "own.log";
  OwnLog log(&os_, configuration);
  log.Info("a", "one");
  EXPECT_THAT(
      Lines(os_.standard_error),
      ElementsAre(AllOf(HasSubstr("error: can't write the own log"), HasSubstr("missing/own.log"),
                        HasSubstr("No such file or directory")),
                  EndsWith("one")));
  std::filesystem::create_directory(directory_ / "missing");
  log.Tick();
  log.Info("a", "two");
  EXPECT_THAT(File(configuration.path),
              ElementsAre(EndsWith("two"), HasSubstr("2 lines went to standard error")));
}

TEST_F(OwnLogTest, AFullDiskStopsNothingAndNoLineIsTorn) {
  OwnLog log(&os_, ToFile());
  log.Info("a", "one");
  os_.fail_files = absl::ResourceExhaustedError("No space left on device");
  os_.most_written = 10;
  log.Info("a", "two");
  log.Info("a", "three");
  EXPECT_THAT(
      Lines(os_.standard_error),
      ElementsAre(EndsWith("two"), HasSubstr("No space left on device"), EndsWith("three")));
  os_.most_written = SIZE_MAX;
  log.Info("a", "four");
  EXPECT_THAT(File(path()), ElementsAre(EndsWith("one"), "2026-11-21", EndsWith("four"),
                                        HasSubstr("3 lines went to standard error")));
}

TEST_F(OwnLogTest, LinesOfManyThreadsStayWhole) {
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  {
    OwnLog log(&os_, ToFile());
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&log, t] {
        for (int i = 0; i < kEach; ++i) {
          log.Info("name " + std::to_string(t) + "." + std::to_string(i), std::string(100, 'x'));
        }
      });
    }
    for (int i = 0; i < 20; ++i) log.Tick();
    for (std::thread& thread : threads) thread.join();
  }
  const std::vector<std::string> lines = File(path());
  EXPECT_THAT(lines, SizeIs(kThreads * kEach));
  for (const std::string& line : lines) {
    EXPECT_THAT(line, StartsWith("2026-11-21T16:00:00.123Z info: "));
    EXPECT_THAT(line, EndsWith(" " + std::string(100, 'x')));
  }
}

}  // namespace
}  // namespace sparktail
