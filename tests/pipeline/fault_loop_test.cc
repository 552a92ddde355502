// A whole pipeline whose n-th call of the operating system fails, and the healthy one after it:
// every event is delivered to both sinks, and once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "ingest/pipeline/pipeline.h"
#include "offsets/database.h"
#include "tests/support/corpus.h"
#include "tests/support/eventually.h"
#include "tests/support/faulty_os.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/of_kind.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

namespace fs = std::filesystem;
using testing::BytesOf;
using testing::Eventually;
using testing::FaultyOs;
using testing::FaultyVfs;
using testing::RecordingLog;
using testing::Scale;
using testing::TempDir;
using testing::WriteBytes;
using Ids = std::vector<std::string>;

constexpr size_t kLogBytes = 100'000;
constexpr size_t kSteps = 40;

// The beginning of a recorded log, cut after a line.
std::string LogText() {
  std::string text = testing::ReadFile(testing::DataPath("3.5.9/basic.default.log"));
  text.resize(text.rfind('\n', kLogBytes) + 1);
  return text;
}

// The log of one driver, in three parts: the first ends within a line, after the second the log is
// rotated. And the state and the outputs of those that follow it.
class Scene {
 public:
  Scene() : folder_(TempDir::Place::kMemory), text_(LogText()) {
    configuration_.state_dir = folder_ / "state";
    configuration_.shutdown_timeout = absl::Seconds(60);
    FileSourceOptions files;
    files.paths = {folder_ / "spark.log*"};
    files.rotate_wait = absl::Milliseconds(50);
    SourceConfiguration source;
    source.name = "file";
    source.environment = "test";
    testing::SetOptions(files, &source);
    configuration_.sources.push_back(source);
    configuration_.sinks.push_back(SinkOf("events", FileSinkOptions{.path = events_path()}));
    configuration_.sinks.push_back(SinkOf("history", SqliteSinkOptions{.path = history_path()}));
    Append(0, FirstEnd());
  }

  std::string events_path() const { return folder_ / "events.ndjson"; }
  std::string history_path() const { return folder_ / "history.db"; }

  // One life of the process. The first one sees the log written, rotated and ended.
  absl::Status Run(FaultyOs* os, RecordingLog* log) {
    Pipeline::Parts parts;
    parts.os = os;
    parts.log = log;
    parts.configuration = &configuration_;
    parts.until_exit = {.enabled = true, .marker = folder_ / "exited"};
    parts.host = "host";
    Pipeline pipeline(std::move(parts));
    absl::Status status = pipeline.Open();
    if (!status.ok()) {
      log->Error("start", std::string(status.message()));  // as `run` does
      Drive(nullptr, nullptr);
      return status;
    }
    std::atomic<bool> ended = false;
    std::thread reader([&] {
      status = pipeline.Run();
      ended = true;
    });
    Drive(&pipeline, &ended);
    if (!Eventually([&] { return ended.load(); }, absl::Seconds(60))) {
      ADD_FAILURE() << "hangs: " << Joined(*log);
      pipeline.Stop();
    }
    reader.join();
    return status;
  }

  Ids EventIds() const {
    static constexpr std::string_view kName = "\"id\":\"";
    Ids ids;
    std::istringstream lines(BytesOf(events_path()));
    for (std::string line; std::getline(lines, line);) {
      const size_t at = line.find(kName);
      ids.push_back(at == std::string::npos || line.back() != '}'
                        ? "torn: " + line
                        : line.substr(at + kName.size(), 32));
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  Ids RowIds() const { return Query("SELECT id FROM events ORDER BY id"); }
  Ids Damage() const { return Query("PRAGMA integrity_check"); }

  static std::string Joined(const RecordingLog& log) {
    std::string all;
    for (const std::string& line : log.lines()) all += "\n  " + line;
    return all;
  }

 private:
  template <typename Options>
  static SinkConfiguration SinkOf(const std::string& name, Options options) {
    SinkConfiguration sink;
    sink.name = name;
    sink.delivery.commit_interval = absl::Milliseconds(20);
    testing::SetOptions(std::move(options), &sink);
    return sink;
  }

  Ids Query(const std::string& sql) const {
    PosixOs os;
    if (!fs::exists(history_path())) return {};
    absl::StatusOr<Database> database =
        Database::Open(&os, history_path(), {.access = Database::Access::kRead});
    if (!database.ok()) return {std::string(database.status().message())};
    absl::StatusOr<Statement> statement = Statement::Prepare(&*database, sql);
    if (!statement.ok()) return {std::string(statement.status().message())};
    Ids rows;
    while (true) {
      const absl::StatusOr<bool> row = statement->Step();
      if (!row.ok()) return {std::string(row.status().message())};
      if (!*row) return rows;
      rows.emplace_back(statement->Text(0));
    }
  }

  size_t FirstEnd() const { return text_.size() / 3; }
  size_t SecondEnd() const { return text_.rfind('\n', text_.size() * 2 / 3) + 1; }

  void Append(size_t begin, size_t end) {
    std::ofstream(folder_ / "spark.log", std::ios::binary | std::ios::app)
        << std::string_view(text_).substr(begin, end - begin);
  }

  // Runs the driver's steps while its log is followed; at once if nobody follows it any more.
  void Drive(Pipeline* pipeline, const std::atomic<bool>* ended) {
    if (driven_) return;
    driven_ = true;
    const auto await_read = [&](size_t size) {
      if (pipeline == nullptr) return;
      // A fault may delay reading: then the next step happens first.
      Eventually([&] { return *ended || pipeline->status().sources[0].read_bytes >= size; },
                 absl::Milliseconds(300));
    };
    await_read(FirstEnd());
    Append(FirstEnd(), SecondEnd());
    fs::rename(folder_ / "spark.log", folder_ / "spark.log.1");
    Append(SecondEnd(), text_.size());
    await_read(text_.size());
    WriteBytes(folder_ / "exited", "");
  }

  const TempDir folder_;
  const std::string text_;
  Configuration configuration_;
  bool driven_ = false;
};

class FaultLoopTest : public ::testing::Test {
 protected:
  void SetUp() override {
    vfs_.SkipSyncs();
    Scene scene;
    FaultyOs os;
    RecordingLog log;
    const size_t vfs_calls = vfs_.calls();
    ASSERT_TRUE(scene.Run(&os, &log).ok()) << Scene::Joined(log);
    os_calls_ = os.calls();
    vfs_calls_ = vfs_.calls() - vfs_calls;
    expected_ = scene.EventIds();
    ASSERT_GT(expected_.size(), 10U);
    ASSERT_EQ(std::adjacent_find(expected_.begin(), expected_.end()), expected_.end());
    ASSERT_EQ(scene.RowIds(), expected_);
  }

  // Each number of a call, of 1 to `calls`, with each way to fail; or about kSteps of these pairs,
  // from a random one on.
  template <typename Way>
  static std::vector<std::pair<size_t, Way>> Steps(size_t calls, std::initializer_list<Way> ways) {
    const size_t all = calls * ways.size();
    size_t step = Scale() >= 10 ? 1 : std::max<size_t>(1, all / kSteps);
    while (step > 1 && step % ways.size() == 0) ++step;  // or only one way would come
    std::mt19937_64 random(testing::Seed());
    std::vector<std::pair<size_t, Way>> steps;
    for (size_t i = random() % step; i < all; i += step) {
      steps.emplace_back(1 + i / ways.size(), ways.begin()[i % ways.size()]);
    }
    return steps;
  }

  void ExpectAll(const Scene& scene) const {
    EXPECT_EQ(scene.EventIds(), expected_);
    EXPECT_EQ(scene.RowIds(), expected_);
    EXPECT_EQ(scene.Damage(), Ids{"ok"});
  }

  // A run that succeeded has delivered everything; after a failed one, the next run has to.
  void ExpectAllAfterNext(const absl::Status& first, const RecordingLog& first_log, Scene* scene) {
    if (first.ok()) {
      SCOPED_TRACE("after the run with the fault, which ended well");
      ExpectAll(*scene);
    } else {
      EXPECT_FALSE(first.message().empty());
      EXPECT_TRUE(first_log.Has("W ") || first_log.Has("E ")) << "says nothing: " << first;
    }
    FaultyOs os;
    RecordingLog log;
    const absl::Status status = scene->Run(&os, &log);
    EXPECT_TRUE(status.ok()) << status << Scene::Joined(log);
    SCOPED_TRACE("after the healthy run, of which the log is" + Scene::Joined(log));
    ExpectAll(*scene);
  }

  FaultyVfs vfs_;
  size_t os_calls_ = 0;
  size_t vfs_calls_ = 0;
  Ids expected_;
};

TEST_F(FaultLoopTest, AnyCallOfTheOsFails) {
  enum class Way { kInputOutput, kFull, kShort };
  size_t struck = 0;
  for (const auto& [n, way] : Steps(os_calls_, {Way::kInputOutput, Way::kFull, Way::kShort})) {
    Scene scene;
    FaultyOs os;
    if (way == Way::kShort) {
      os.set_most_read(4096);
      os.set_most_written(1000);
    }
    FaultyOs::Fault fault{.n = n};
    if (way == Way::kFull) fault.status = absl::ResourceExhaustedError("No space left on device");
    os.Fail(fault);
    RecordingLog log;
    const absl::Status status = scene.Run(&os, &log);
    struck += os.failed();
    SCOPED_TRACE("call " + std::to_string(n) + " (" + os.first_failure() + ") fails, way " +
                 std::to_string(static_cast<int>(way)) + ": " + std::string(status.message()) +
                 Scene::Joined(log));
    ExpectAllAfterNext(status, log, &scene);
    if (HasFailure()) return;
  }
  EXPECT_GT(struck, 0U);
}

TEST_F(FaultLoopTest, AnyCallOfSqliteFails) {
  using Kind = FaultyVfs::Kind;
  size_t struck = 0;
  for (const auto& [n, kind] : Steps(vfs_calls_, {Kind::kInputOutput, Kind::kFull, Kind::kTorn})) {
    Scene scene;
    FaultyOs os;
    RecordingLog log;
    vfs_.Fail({.n = n, .kind = kind});
    const absl::Status status = scene.Run(&os, &log);
    vfs_.Heal();
    struck += vfs_.failed();
    SCOPED_TRACE("call " + std::to_string(n) + " (" + vfs_.first_failure() + ") fails, kind " +
                 std::to_string(static_cast<int>(kind)) + ": " + std::string(status.message()) +
                 Scene::Joined(log));
    ExpectAllAfterNext(status, log, &scene);
    if (HasFailure()) return;
  }
  EXPECT_GT(struck, 0U);
}

// The disk has no room for the first calls.
class FullOs : public FaultyOs {
 public:
  FullOs(std::string path, size_t calls) : path_(std::move(path)), left_(calls) {
    Fail({.status = absl::ResourceExhaustedError("No space left on device"),
          .from_then_on = true,
          .calls = {Call::kWrite},
          .path_contains = path_});
  }
  absl::StatusOr<size_t> Write(int fd, const char* buffer, size_t size) override {
    if (failed() >= left_) Heal();
    return FaultyOs::Write(fd, buffer, size);
  }

 private:
  const std::string path_;
  const size_t left_;
};

TEST_F(FaultLoopTest, WaitsUntilTheDiskHasRoom) {
  for (const size_t calls : {size_t{1}, size_t{3}}) {
    Scene scene;
    FullOs os(scene.events_path(), calls);
    RecordingLog log;
    const absl::Status status = scene.Run(&os, &log);
    SCOPED_TRACE(std::to_string(calls) + " calls" + Scene::Joined(log));
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(os.failed(), calls);
    EXPECT_TRUE(log.Has("sink events is paused"));
    EXPECT_TRUE(log.Has("it resumes when there is room"));
    ExpectAll(scene);
    ExpectAllAfterNext(status, log, &scene);
  }
}

}  // namespace
}  // namespace sparktail
