#include "ingest/pipeline/pipeline.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "offsets/database.h"
#include "tests/support/corpus.h"
#include "tests/support/eventually.h"
#include "tests/support/faulty_os.h"
#include "tests/support/of_kind.h"
#include "tests/support/other_process.h"
#include "tests/support/recording_log.h"
#include "tests/support/spark_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

namespace fs = std::filesystem;
using testing::BytesOf;
using ::testing::ElementsAre;
using testing::Eventually;
using testing::FaultyOs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Numbers;
using testing::NumbersOf;
using testing::OtherProcess;
using testing::RecordingLog;
using testing::Records;
using testing::Scale;
using testing::TempDir;
using testing::WriteBytes;
using Events = std::vector<size_t>;
using Call = FaultyOs::Call;
using State = SinkStatus::State;

constexpr std::string_view kLastWords =
    "26/11/21 15:00:00 INFO SparkContext: Successfully stopped SparkContext\n";
// In the order of the configuration.
constexpr size_t kEvents = 0;
constexpr size_t kHistory = 1;

// " 0-9 8-20": those that follow one another.
std::string Ranges(const Events& events) {
  std::string ranges;
  for (size_t i = 0; i < events.size(); ++i) {
    if (i == 0 || events[i] != events[i - 1] + 1) ranges += " " + std::to_string(events[i]);
    const bool is_last = i + 1 == events.size() || events[i + 1] != events[i] + 1;
    if (is_last) ranges += "-" + std::to_string(events[i]);
  }
  return ranges;
}

// One life of the process, over the real files of a test.
class Life {
 public:
  Life(Os* os, const Configuration& configuration, UntilExit until_exit = {}) {
    Pipeline::Parts parts;
    parts.os = os;
    parts.log = &log;
    parts.configuration = &configuration;
    parts.until_exit = std::move(until_exit);
    parts.host = "host";
    pipeline = std::make_unique<Pipeline>(std::move(parts));
  }
  ~Life() {
    if (reader_.joinable()) Stop().IgnoreError();
  }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  void Follow() {
    const absl::Status opened = pipeline->Open();
    ASSERT_TRUE(opened.ok()) << opened;
    reader_ = std::thread([this] {
      status_ = pipeline->Run();
      ended_ = true;
    });
  }
  bool has_ended() const { return ended_; }
  // Without a stop.
  absl::Status End() {
    if (!Eventually([this] { return ended_.load(); })) {
      ADD_FAILURE() << "does not end" << Said();
      pipeline->Stop();
    }
    reader_.join();
    return status_;
  }
  absl::Status Stop() {
    pipeline->Stop();
    return End();
  }

  uint64_t read_bytes() const { return pipeline->status().sources[0].read_bytes; }
  SinkStatus sink(size_t i) const { return pipeline->status().sinks[i]; }
  bool Delivers(size_t i, uint64_t events) const {
    return Eventually([&] { return sink(i).events >= events; });
  }
  std::string Said() const {
    std::string all;
    for (const std::string& line : log.lines()) all += "\n  " + line;
    return all;
  }

  RecordingLog log;
  std::unique_ptr<Pipeline> pipeline;

 private:
  std::atomic<bool> ended_ = false;
  absl::Status status_;
  std::thread reader_;
};

// A driver's log that is followed, with a file and a history as sinks.
class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    configuration_.state_dir = folder_ / "state";
    configuration_.shutdown_timeout = absl::Seconds(120);
    configuration_.sources.push_back(SourceOf("file", {log_path_}));
    configuration_.sinks.push_back(EventsSink("events"));
    configuration_.sinks.push_back(SinkOf("history", SqliteSinkOptions{.path = history_path_}));
  }

  static SourceConfiguration SourceOf(const std::string& name, std::vector<std::string> paths) {
    FileSourceOptions files;
    files.paths = std::move(paths);
    files.rotate_wait = absl::Milliseconds(50);
    SourceConfiguration source;
    source.name = name;
    source.environment = "test";
    testing::SetOptions(files, &source);
    return source;
  }
  template <typename Options>
  static SinkConfiguration SinkOf(const std::string& name, Options options) {
    SinkConfiguration sink;
    sink.name = name;
    sink.delivery.commit_interval = absl::Milliseconds(20);
    testing::SetOptions(std::move(options), &sink);
    return sink;
  }
  SinkConfiguration EventsSink(const std::string& name) const {
    return SinkOf(name, FileSinkOptions{.path = folder_ / (name + ".ndjson")});
  }
  FileSourceOptions& files() { return configuration_.sources[0].options.Get<FileSourceOptions>(); }
  // Turns follow one another quickly, also when a test moves the clock.
  void Poll(absl::Duration interval) {
    files().watch = Watch::kPoll;
    files().poll_interval = interval;
  }

  static void Append(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
  }
  void Append(std::string_view bytes) const { Append(log_path_, bytes); }
  // Rotates as logrotate does.
  void Rename() const {
    for (size_t n = 8; n > 0; --n) {
      const std::string older = log_path_ + "." + std::to_string(n);
      if (fs::exists(older)) fs::rename(older, log_path_ + "." + std::to_string(n + 1));
    }
    fs::rename(log_path_, log_path_ + ".1");
  }

  UntilExit Marked() const { return {.enabled = true, .marker = marker_}; }
  void Mark() const { WriteBytes(marker_, ""); }
  // A whole life, which ends when everything is delivered.
  void RunToTheEnd() {
    Mark();
    FaultyOs os;
    Life life(&os, configuration_, Marked());
    life.Follow();
    const absl::Status status = life.End();
    EXPECT_TRUE(status.ok()) << status << life.Said();
    fs::remove(marker_);
  }

  Events InFile(const std::string& name = "events") const {
    return NumbersOf(BytesOf(folder_ / (name + ".ndjson")));
  }
  std::string RowsOfHistory() const {
    std::string rows;
    PosixOs os;
    if (!fs::exists(history_path_)) return rows;
    absl::StatusOr<Database> database =
        Database::Open(&os, history_path_, {.access = Database::Access::kRead});
    if (!database.ok()) return std::string(database.status().message());
    absl::StatusOr<Statement> statement =
        Statement::Prepare(&*database, "SELECT document FROM events ORDER BY rowid");
    if (!statement.ok()) return std::string(statement.status().message());
    while (true) {
      const absl::StatusOr<bool> row = statement->Step();
      if (!row.ok()) return std::string(row.status().message());
      if (!*row) return rows;
      rows.append(statement->Text(0)).append("\n");
    }
  }
  Events InHistory() const { return NumbersOf(RowsOfHistory()); }
  void ExpectAll(size_t end) const {
    EXPECT_EQ(Ranges(InFile()), Ranges(Numbers(0, end)));
    EXPECT_EQ(Ranges(InHistory()), Ranges(Numbers(0, end)));
  }

  const TempDir folder_{TempDir::Place::kMemory};
  const std::string log_path_ = folder_ / "driver.log";
  const std::string history_path_ = folder_ / "history.db";
  const std::string marker_ = folder_ / "exited";
  Configuration configuration_;
};

// ---------------------------------------------------------------- delivering and resuming

TEST_F(PipelineTest, DeliversToAllSinksWhatIsThereAndWhatComes) {
  Append(Records(0, 10));
  FaultyOs os;
  Life life(&os, configuration_);
  EXPECT_FALSE(life.pipeline->status().ready);
  life.Follow();
  const PipelineStatus status = life.pipeline->status();
  EXPECT_TRUE(status.ready);
  ASSERT_EQ(status.sources.size(), 1U);
  EXPECT_EQ(status.sources[0].name, configuration_.sources[0].name);
  EXPECT_EQ(status.sources[0].kind, "file");
  EXPECT_TRUE(life.Delivers(kEvents, 10) && life.Delivers(kHistory, 10));
  Append(Records(10, 12));
  EXPECT_TRUE(life.Delivers(kEvents, 12) && life.Delivers(kHistory, 12));
  EXPECT_TRUE(life.pipeline->healthy());
  EXPECT_TRUE(life.Stop().ok());
  ExpectAll(12);
  EXPECT_EQ(RowsOfHistory(), BytesOf(folder_ / "events.ndjson"));
  EXPECT_EQ(life.pipeline->parsed().total(), 12U);
  EXPECT_EQ(life.pipeline->status().sources[0].parsed.total(), 12U);
  EXPECT_EQ(life.pipeline->dead_letters(), 0U);
}

TEST_F(PipelineTest, GoesOnInTheMiddleOfARecord) {
  const std::string text = Records(0, 6);
  size_t written = 0;
  for (const size_t end : {size_t{100}, text.size() / 2, text.size() / 2 + 1, text.size()}) {
    FaultyOs os;
    Life life(&os, configuration_);
    life.Follow();
    const size_t begin = written - std::min(written, text.size());
    Append(std::string_view(text).substr(written, end - written));
    written = end;
    EXPECT_TRUE(Eventually([&] { return life.read_bytes() > begin; }));
    EXPECT_TRUE(life.Stop().ok()) << life.Said();
  }
  RunToTheEnd();
  ExpectAll(6);
}

TEST_F(PipelineTest, GoesOnAfterBeingStoppedAnywhere) {
  static constexpr size_t kAll = 6'000;
  Append(Records(0, kAll));
  const uint64_t size = fs::file_size(log_path_);
  std::mt19937_64 random(testing::Seed());
  bool is_done = false;
  for (size_t lives = 0; !is_done && lives < 100; ++lives) {
    FaultyOs os;
    os.set_most_read(1 + random() % 100'000);
    const size_t had = InFile().size();
    Life life(&os, configuration_);
    life.Follow();
    const uint64_t enough = 1 + random() % 1'000'000;
    EXPECT_TRUE(Eventually([&] {
      is_done = had + life.sink(kEvents).events == kAll;
      return is_done || life.read_bytes() >= enough;
    }));
    EXPECT_TRUE(life.Stop().ok()) << life.Said();
    ASSERT_LE(life.read_bytes(), size);
  }
  ExpectAll(kAll);
}

TEST_F(PipelineTest, ALifeThatWasOpenedOnlyChangesNothing) {
  Append(Records(0, 3));
  for (int i = 0; i < 3; ++i) {
    FaultyOs os;
    Life life(&os, configuration_);
    const absl::Status opened = life.pipeline->Open();
    ASSERT_TRUE(opened.ok()) << opened;
  }
  EXPECT_THAT(InFile(), IsEmpty());
  RunToTheEnd();
  ExpectAll(3);
}

TEST_F(PipelineTest, UndeliveredEventsAreDeliveredByTheNextLife) {
  Append(Records(0, 20));
  configuration_.shutdown_timeout = absl::Milliseconds(50);
  for (int i = 0; i < 3; ++i) {
    FaultyOs os;
    os.Fail({.from_then_on = true, .calls = {Call::kWrite}, .path_contains = "events.ndjson"});
    Life life(&os, configuration_);
    life.Follow();
    EXPECT_TRUE(Eventually([&] { return life.sink(kEvents).state == State::kPaused; }));
    const absl::Status status = life.Stop();
    EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr("by sink events;"));
    EXPECT_THAT(life.sink(kEvents).why, HasSubstr("Input/output error"));
  }
  EXPECT_THAT(InFile(), IsEmpty());
  RunToTheEnd();
  ExpectAll(20);
}

// Forked before there are threads, and killed at a random moment.
TEST_F(PipelineTest, GoesOnAfterBeingKilled) {
  static constexpr size_t kAll = 3'000;
  std::mt19937_64 random(testing::Seed());
  for (size_t end = 0; end < kAll;) {
    const pid_t process = ::fork();
    ASSERT_GE(process, 0);
    if (process == 0) {
      PosixOs os;
      Life life(&os, configuration_);
      if (!life.pipeline->Open().ok()) ::_exit(1);
      life.pipeline->Run().IgnoreError();
      ::_exit(2);
    }
    const size_t begin = end;
    end = std::min(kAll, end + 1 + random() % (2 * kAll / 4));
    Append(Records(begin, end));
    const size_t enough = begin + random() % (end - begin);
    EXPECT_TRUE(Eventually([&] { return InFile().size() >= enough; }));
    ::kill(process, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(process, &status, 0), process);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
  }
  RunToTheEnd();
  ExpectAll(kAll);
}

TEST_F(PipelineTest, ASecondProcessIsRefused) {
  FaultyOs os;
  Life life(&os, configuration_);
  life.Follow();
  Life other(&os, configuration_);
  EXPECT_FALSE(other.pipeline->Open().ok());
  EXPECT_TRUE(life.Stop().ok());
}

// ---------------------------------------------------------------- several sinks

TEST_F(PipelineTest, AFailingSinkDoesNotHoldTheOtherOneBack) {
  FaultyOs os;
  os.Fail({.from_then_on = true, .calls = {Call::kWrite}, .path_contains = "events.ndjson"});
  Life life(&os, configuration_);
  life.Follow();
  Append(Records(0, 30));
  EXPECT_TRUE(life.Delivers(kHistory, 30));
  EXPECT_TRUE(Eventually([&] { return life.sink(kEvents).state == State::kPaused; }));
  EXPECT_EQ(life.sink(kHistory).state, State::kRunning);
  EXPECT_EQ(life.sink(kEvents).events, 0U);
  EXPECT_TRUE(life.pipeline->status().ready) << "it may work again";
  os.Heal();
  EXPECT_TRUE(life.Delivers(kEvents, 30));
  EXPECT_TRUE(life.Stop().ok());
  ExpectAll(30);
}

TEST_F(PipelineTest, EachSinkGoesOnFromItsOwnCursor) {
  configuration_.shutdown_timeout = absl::Milliseconds(50);
  size_t end = 0;
  for (const size_t failing : {kEvents, kHistory, kEvents}) {
    const size_t healthy = 1 - failing;
    FaultyOs os;
    Life life(&os, configuration_);
    life.Follow();
    Append(Records(end, end + 10));
    EXPECT_TRUE(life.Delivers(failing, 1) && life.Delivers(healthy, 1));
    EXPECT_TRUE(Eventually([&] { return InFile().size() == InHistory().size(); }));
    end += 10;
    if (failing == kHistory) {
      EXPECT_TRUE(life.Stop().ok());
      continue;
    }
    EXPECT_TRUE(Eventually([&] { return InFile().size() == end; }));
    os.Fail({.from_then_on = true, .calls = {Call::kWrite}, .path_contains = "events.ndjson"});
    Append(Records(end, end + 10));
    end += 10;
    EXPECT_TRUE(Eventually([&] { return InHistory().size() == end; }));
    EXPECT_TRUE(absl::IsDeadlineExceeded(life.Stop()));
    EXPECT_EQ(InFile().size(), end - 10);
  }
  FaultyOs os;
  Mark();
  Life life(&os, configuration_, Marked());
  life.Follow();
  EXPECT_TRUE(life.End().ok());
  EXPECT_EQ(life.sink(kEvents).events, 10U);
  EXPECT_EQ(life.sink(kHistory).events, 0U) << "it had all";
  ExpectAll(end);
}

TEST_F(PipelineTest, ASinkThatStopsEndsTheRunAndTheOtherOneKeepsWhatItHas) {
  Append(Records(0, 10));
  FaultyOs os;
  Life life(&os, configuration_);
  life.Follow();
  EXPECT_TRUE(life.Delivers(kEvents, 10) && life.Delivers(kHistory, 10));
  fs::rename(history_path_, history_path_ + ".away");
  Append(Records(10, 15));
  const absl::Status status = life.End();
  fs::rename(history_path_ + ".away", history_path_);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("history.db was moved"));
  const PipelineStatus after = life.pipeline->status();
  EXPECT_FALSE(after.ready);
  EXPECT_THAT(after.not_ready, HasSubstr("sink history has stopped"));
  EXPECT_EQ(InFile(), Numbers(0, 15));
  EXPECT_EQ(InHistory(), Numbers(0, 10));
  life.pipeline = nullptr;
  RunToTheEnd();
  ExpectAll(15);
}

// An Os in which writes to one file block until they are released.
class GatedOs : public FaultyOs {
 public:
  explicit GatedOs(std::string path) : path_(std::move(path)) {}
  ~GatedOs() override { Open(); }

  using FaultyOs::Open;
  void Open() {
    const absl::MutexLock lock(&mutex_);
    is_open_ = true;
  }

  absl::StatusOr<int> OpenToAppend(const std::string& path, mode_t mode) override {
    absl::StatusOr<int> fd = FaultyOs::OpenToAppend(path, mode);
    if (fd.ok() && path == path_) fd_ = *fd;
    return fd;
  }
  absl::StatusOr<size_t> Write(int fd, const char* buffer, size_t size) override {
    if (fd == fd_) {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&is_open_));
    }
    return FaultyOs::Write(fd, buffer, size);
  }

 private:
  const std::string path_;
  std::atomic<int> fd_ = -1;
  absl::Mutex mutex_;
  bool is_open_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST_F(PipelineTest, ASlowSinkHoldsTheReadingWhenItsQueueIsFull) {
  static constexpr size_t kAll = 8'000;
  static constexpr uint64_t kTurn = 1 << 20;
  configuration_.sinks[kEvents].delivery.queue_bytes = 1;
  Append(Records(0, kAll));
  ASSERT_GT(fs::file_size(log_path_), 4 * kTurn);
  GatedOs os(folder_ / "events.ndjson");
  Life life(&os, configuration_);
  life.Follow();
  // The healthy sink gets everything that was read.
  EXPECT_TRUE(Eventually([&] {
    const SinkStatus slow = life.sink(kEvents);
    const SinkStatus healthy = life.sink(kHistory);
    return slow.queue_events > 0 && healthy.queue_events == 0 &&
           healthy.events == slow.queue_events;
  }));
  EXPECT_LE(life.read_bytes(), 2 * kTurn);
  EXPECT_EQ(life.sink(kEvents).events, 0U);
  EXPECT_TRUE(life.pipeline->healthy());
  os.Open();
  EXPECT_TRUE(life.Delivers(kEvents, kAll) && life.Delivers(kHistory, kAll));
  EXPECT_TRUE(life.Stop().ok());
  ExpectAll(kAll);
}

TEST_F(PipelineTest, ASinkThatHangsIsNamedWhenTheProcessIsToEnd) {
  configuration_.shutdown_timeout = absl::Milliseconds(50);
  Append(Records(0, 10));
  {
    GatedOs os(folder_ / "events.ndjson");
    Life life(&os, configuration_);
    life.Follow();
    EXPECT_TRUE(life.Delivers(kHistory, 10));
    const absl::Status status = life.Stop();
    EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr("by sink events;"));
    os.Open();  // or it could not be destroyed
  }
  RunToTheEnd();
  ExpectAll(10);
}

TEST_F(PipelineTest, ANewSinkBeginsWhereStartAtSays) {
  Append(Records(0, 5));
  RunToTheEnd();
  configuration_.sinks.push_back(EventsSink("second"));
  RunToTheEnd();
  EXPECT_EQ(InFile("second"), Numbers(0, 5));
  files().start_at.kind = StartAt::Kind::kEnd;
  configuration_.sinks.push_back(EventsSink("third"));
  Append(Records(5, 7));
  RunToTheEnd();
  ExpectAll(7);
  EXPECT_EQ(InFile("second"), Numbers(0, 7));
  EXPECT_EQ(InFile("third"), Numbers(5, 7));
}

TEST_F(PipelineTest, ASourceFeedsTheSinksThatItNames) {
  const std::string other = folder_ / "other.log";
  configuration_.sources[0].sinks = {"events"};
  configuration_.sources.push_back(SourceOf("other", {other}));
  configuration_.sources[1].sinks = {"history"};
  for (size_t n = 0; n < 3; ++n) {
    Append(Records(2 * n, 2 * n + 2));
    Append(other, Records(100 + n, 101 + n));
    RunToTheEnd();
  }
  EXPECT_EQ(InFile(), Numbers(0, 6));
  EXPECT_EQ(InHistory(), Numbers(100, 103));
}

// ---------------------------------------------------------------- the end, by a marker

TEST_F(PipelineTest, AMarkerThatIsThereAlreadyEndsItWhenAllIsDelivered) {
  Append(Records(0, 10));
  RunToTheEnd();
  ExpectAll(10);
  RunToTheEnd();
  ExpectAll(10);
}

TEST_F(PipelineTest, AMarkerWithoutALogEndsIt) {
  RunToTheEnd();
  EXPECT_THAT(InFile(), IsEmpty());
}

TEST_F(PipelineTest, TheEndWaitsUntilAllIsDelivered) {
  Append(Records(0, 10));
  Mark();
  FaultyOs os;
  os.Fail({.status = absl::ResourceExhaustedError("No space left on device"),
           .from_then_on = true,
           .calls = {Call::kWrite},
           .path_contains = "events.ndjson"});
  Life life(&os, configuration_, Marked());
  life.Follow();
  EXPECT_TRUE(Eventually([&] { return life.sink(kEvents).errors >= 2; }));
  EXPECT_FALSE(life.has_ended());
  os.Heal();
  EXPECT_TRUE(life.End().ok());
  ExpectAll(10);
}

TEST_F(PipelineTest, LinesAfterTheMarkerBelongToTheNextLife) {
  Append(Records(0, 10));
  RunToTheEnd();
  Append(Records(10, 12));
  RunToTheEnd();
  ExpectAll(12);
  Rename();
  Append(Records(12, 14));
  RunToTheEnd();
  ExpectAll(14);
}

// The driver writes its last lines between a turn of the reader and its check of the marker.
class LateOs : public FaultyOs {
 public:
  // Before the n-th check.
  LateOs(std::string marker, size_t n, std::function<void()> last)
      : marker_(std::move(marker)), n_(n), last_(std::move(last)) {}

  absl::StatusOr<FileInfo> StatPath(const std::string& path, bool follow_links) override {
    if (path == marker_ && ++looks_ == n_) last_();
    return FaultyOs::StatPath(path, follow_links);
  }

 private:
  const std::string marker_;
  const size_t n_;
  const std::function<void()> last_;
  size_t looks_ = 0;
};

struct Ending {
  std::string name;
  std::function<void(const std::string& log)> last;  // writes events [10, 20)
};

void AppendTo(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
}

std::vector<Ending> Endings() {
  const std::string text = Records(10, 20);
  const auto until = [text](size_t end) { return std::string_view(text).substr(0, end); };
  const auto from = [text](size_t begin) { return text.substr(begin); };
  const size_t half = text.size() / 2;
  const size_t last = text.size() - 50;
  return {
      {"Lines", [=](const std::string& log) { AppendTo(log, text); }},
      {"WithoutANewline", [=](const std::string& log) { AppendTo(log, until(text.size() - 1)); }},
      {"ThenRenamed",
       [=](const std::string& log) {
         AppendTo(log, text);
         fs::rename(log, log + ".1");
       }},
      {"RenamedBetween",
       [=](const std::string& log) {
         AppendTo(log, until(half));
         fs::rename(log, log + ".1");
         AppendTo(log, from(half));
       }},
      {"RenamedWithinTheLastRecord",
       [=](const std::string& log) {
         AppendTo(log, until(last));
         fs::rename(log, log + ".1");
         AppendTo(log, text.substr(last, text.size() - 1 - last));
       }},
      {"RenamedTwice",
       [=](const std::string& log) {
         AppendTo(log, until(half));
         fs::rename(log, log + ".1");
         AppendTo(log, text.substr(half, 100));
         fs::rename(log + ".1", log + ".2");
         fs::rename(log, log + ".1");
         AppendTo(log, from(half + 100));
       }},
      {"RenamedAndEmpty",
       [=](const std::string& log) {
         AppendTo(log, text);
         fs::rename(log, log + ".1");
         AppendTo(log, "");
       }},
      {"CopiedAndTruncated",
       [=](const std::string& log) {
         AppendTo(log, until(half));
         fs::copy_file(log, log + ".1");
         fs::resize_file(log, 0);
         AppendTo(log, from(half));
       }},
      {"Deleted",
       [=](const std::string& log) {
         AppendTo(log, text);
         fs::remove(log);
       }},
      {"DeletedAndMadeAnew",
       [=](const std::string& log) {
         AppendTo(log, until(half));
         fs::remove(log);
         AppendTo(log, from(half));
       }},
  };
}

class PipelineEndingTest : public PipelineTest,
                           public ::testing::WithParamInterface<std::tuple<size_t, Watch>> {};
INSTANTIATE_TEST_SUITE_P(Endings, PipelineEndingTest,
                         ::testing::Combine(::testing::Range(size_t{0}, Endings().size()),
                                            ::testing::Values(Watch::kInotify, Watch::kPoll)),
                         [](const auto& ending) {
                           return Endings()[std::get<0>(ending.param)].name +
                                  (std::get<1>(ending.param) == Watch::kPoll ? "Poll" : "Inotify");
                         });

TEST_P(PipelineEndingTest, LinesRightBeforeTheMarkerAreDelivered) {
  const Ending ending = Endings()[std::get<0>(GetParam())];
  const bool polls = std::get<1>(GetParam()) == Watch::kPoll;
  // Only the marker makes it look again.
  if (polls) Poll(absl::Minutes(10));
  Append(Records(0, 10));
  LateOs os(marker_, polls ? 1 : 2, [&] {
    ending.last(log_path_);
    Mark();
  });
  Life life(&os, configuration_, Marked());
  life.Follow();
  const absl::Status status = life.End();
  EXPECT_TRUE(status.ok()) << status;
  ExpectAll(20);
  EXPECT_EQ(life.pipeline->status().sources[0].lost_bytes, 0U);
  if (HasFailure()) ADD_FAILURE() << life.Said();
  life.pipeline = nullptr;
  RunToTheEnd();
  ExpectAll(20);
}

// A driver writes, rotates and exits at random moments; the reader is stopped now and then.
TEST_F(PipelineTest, RandomEndings) {
  std::mt19937_64 random(testing::Seed());
  const auto chance = [&](size_t percent) { return random() % 100 < percent; };
  for (int round = 0; round < 12 * Scale() && !HasFailure(); ++round) {
    fs::remove_all(folder_.path());
    fs::create_directory(folder_.path());
    files().watch = chance(50) ? Watch::kInotify : Watch::kPoll;
    files().poll_interval = absl::Milliseconds(1 + random() % 30);
    files().rotate_wait = absl::Milliseconds(1 + random() % 100);
    std::string text = Records(0, 40);
    if (chance(30)) text.pop_back();
    // A log that was rotated before it was ever seen cannot be found.
    Append(Records(0, 1));
    {
      FaultyOs os;
      Life life(&os, configuration_);
      life.Follow();
      EXPECT_TRUE(life.Delivers(kEvents, 1));
      EXPECT_TRUE(life.Stop().ok());
    }
    text.erase(0, Records(0, 1).size());
    std::vector<size_t> ends;  // of what is written at once
    std::vector<absl::Duration> pauses;
    for (size_t end = 0; end < text.size();) {
      end = std::min(text.size(), end + 1 + random() % 12'000);
      ends.push_back(end);
      pauses.push_back(absl::Microseconds(chance(50) ? random() % 200 : random() % 30'000));
    }
    std::vector<bool> renames;
    for (size_t i = 0; i < ends.size(); ++i) renames.push_back(i + 1 < ends.size() && chance(40));
    std::string history;
    std::thread driver([&] {
      size_t written = 0;
      for (size_t i = 0; i < ends.size(); ++i) {
        absl::SleepFor(pauses[i]);
        Append(std::string_view(text).substr(written, ends[i] - written));
        written = ends[i];
        if (renames[i]) Rename();
        history += " " + std::to_string(ends[i]) + (renames[i] ? "r" : "");
      }
      Mark();
    });
    std::string said;
    bool is_over = false;
    while (!is_over) {
      FaultyOs os;
      Life life(&os, configuration_, Marked());
      life.Follow();
      is_over = chance(60);
      if (!is_over) {
        const uint64_t enough = random() % text.size();
        Eventually([&] { return life.has_ended() || life.read_bytes() >= enough; },
                   absl::Milliseconds(20));
      }
      const absl::Status status = is_over ? life.End() : life.Stop();
      EXPECT_TRUE(status.ok()) << status;
      said += "\n a life:" + life.Said();
    }
    driver.join();
    ExpectAll(40);
    if (HasFailure()) FAIL() << "round " << round << history << said;
  }
}

// ---------------------------------------------------------------- the end, by the driver's last
// words

class PipelineLastWordsTest : public PipelineTest {
 protected:
  PipelineLastWordsTest() { Poll(absl::Milliseconds(5)); }

  // The reader has had time for everything, and continues.
  static void ExpectGoesOn(FaultyOs* os, const Life& life) {
    os->Advance(absl::Minutes(1));
    const size_t looks = os->calls(Call::kRealPath);  // one a turn
    EXPECT_TRUE(
        Eventually([&] { return life.has_ended() || os->calls(Call::kRealPath) > looks + 5; }));
    EXPECT_FALSE(life.has_ended());
  }
  static void ExpectEnds(FaultyOs* os, Life* life) {
    os->Advance(absl::Minutes(1));
    const absl::Status status = life->End();
    EXPECT_TRUE(status.ok()) << status;
  }

  FaultyOs os_;
};

TEST_F(PipelineLastWordsTest, EndsAfterThemWhenNothingCameForAWhile) {
  Append(Records(0, 5));
  Life life(&os_, configuration_, {.enabled = true, .marker = ""});
  life.Follow();
  ExpectGoesOn(&os_, life);
  Append(Records(5, 10) + std::string(kLastWords));
  EXPECT_TRUE(life.Delivers(kEvents, 10));
  ExpectEnds(&os_, &life);
  ExpectAll(10);
}

TEST_F(PipelineLastWordsTest, EndsThoughAllWasReadBefore) {
  Append(Records(0, 5) + std::string(kLastWords));
  RunToTheEnd();
  Life life(&os_, configuration_, {.enabled = true, .marker = ""});
  life.Follow();
  ExpectEnds(&os_, &life);
  ExpectAll(5);
}

TEST_F(PipelineLastWordsTest, EventsAfterThemAreDelivered) {
  Append(Records(0, 5) + std::string(kLastWords) + Records(5, 6));
  Life life(&os_, configuration_, {.enabled = true, .marker = ""});
  life.Follow();
  EXPECT_TRUE(life.Delivers(kEvents, 6));
  ExpectEnds(&os_, &life);
  ExpectAll(6);
}

TEST_F(PipelineLastWordsTest, AWriterKeepsItFromTheEnd) {
  auto writer = std::make_unique<OtherProcess>(log_path_, O_WRONLY | O_APPEND | O_CREAT);
  Append(Records(0, 5) + std::string(kLastWords));
  Life life(&os_, configuration_, {.enabled = true, .marker = ""});
  life.Follow();
  EXPECT_TRUE(life.Delivers(kEvents, 5));
  ExpectGoesOn(&os_, life);
  Append(Records(5, 6));
  EXPECT_TRUE(life.Delivers(kEvents, 6));
  ExpectGoesOn(&os_, life);
  writer = nullptr;
  ExpectEnds(&os_, &life);
  ExpectAll(6);
}

TEST_F(PipelineLastWordsTest, WithAMarkerTheyAreNotEnough) {
  Append(Records(0, 5) + std::string(kLastWords));
  Life life(&os_, configuration_, Marked());
  life.Follow();
  EXPECT_TRUE(life.Delivers(kEvents, 5));
  ExpectGoesOn(&os_, life);
  Mark();
  EXPECT_TRUE(life.End().ok());
  ExpectAll(5);
}

TEST_F(PipelineLastWordsTest, EndsAfterARotationRightBeforeThem) {
  Append(Records(0, 5));
  Life life(&os_, configuration_, {.enabled = true, .marker = ""});
  life.Follow();
  EXPECT_TRUE(life.Delivers(kEvents, 5));
  Append(Records(5, 7));
  Rename();
  Append(Records(7, 9) + std::string(kLastWords));
  EXPECT_TRUE(life.Delivers(kEvents, 9));
  ExpectEnds(&os_, &life);
  ExpectAll(9);
}

}  // namespace
}  // namespace sparktail
