#include "ingest/pipeline/file_log_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/pipeline/sink_worker.h"
#include "tests/support/fake_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"
#include "tests/support/spark_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using testing::FakeSink;
using testing::FaultyOs;
using testing::NumbersOf;
using testing::RecordingLog;
using testing::Records;
using testing::SinkWorld;
using testing::TempDir;

constexpr std::string_view kLastWords =
    "26/11/21 15:00:00 INFO SparkContext: Successfully stopped SparkContext\n";

class FileLogSourceTest : public ::testing::Test {
 protected:
  FileLogSourceTest() {
    os_.SetNow(absl::Now());
    FileSourceOptions options;
    options.paths = {path_};
    options.watch = Watch::kPoll;
    configuration_.name = "src";
    configuration_.options = options;
  }

  void Begin(std::vector<StreamCursor> from = {}) {
    world_ = std::make_unique<SinkWorld>();
    SinkWorker::Parts sink;
    sink.os = &os_;
    sink.log = &log_;
    sink.name = "out";
    sink.options.commit_bytes = 1;
    sink.sink = std::make_unique<FakeSink>(world_.get());
    worker_ = std::make_unique<SinkWorker>(std::move(sink), [] {});
    SourceParts parts;
    parts.os = &os_;
    parts.log = &log_;
    parts.configuration = &configuration_;
    parts.host = "host";
    parts.output =
        std::make_unique<Distributor>(std::vector<SinkWorker*>{worker_.get()},
                                      std::vector<std::vector<StreamCursor>>{std::move(from)});
    source_ = std::make_unique<FileLogSource>(std::move(parts), /*most_descriptors=*/100);
    const absl::Status opened = source_->Open();
    ASSERT_TRUE(opened.ok()) << opened;
  }

  void Append(std::string_view text) const {
    std::ofstream(path_, std::ios::binary | std::ios::app) << text;
  }

  void ReadAll() {
    source_->LookAgain();
    do {
      os_.Advance(absl::Seconds(2));
      source_->Turn();
    } while (!source_->AtEnd());
  }

  // Of all documents that were delivered.
  std::vector<size_t> Finish() {
    source_->HandOnAll();
    worker_->Start();
    worker_->Finish();
    EXPECT_TRUE(worker_->Join(os_.Now() + absl::Seconds(120)));
    source_ = nullptr;
    std::vector<size_t> numbers;
    for (const std::string& document : world_->documents()) {
      for (const size_t number : NumbersOf(document)) numbers.push_back(number);
    }
    return numbers;
  }
  std::vector<StreamCursor> Cursors() const {
    std::vector<StreamCursor> cursors;
    for (const SinkWorld::Commit& commit : world_->commits()) {
      for (const StreamCursor& cursor : commit.cursors) cursors = {cursor};
    }
    return cursors;
  }

  const TempDir folder_{TempDir::Place::kMemory};
  const std::string path_ = folder_ / "driver.log";
  FaultyOs os_;
  RecordingLog log_;
  SourceConfiguration configuration_;
  std::unique_ptr<SinkWorld> world_;
  std::unique_ptr<SinkWorker> worker_;
  std::unique_ptr<FileLogSource> source_;
};

TEST_F(FileLogSourceTest, ReadsFilesAndGoesOnWhereTheSinksStand) {
  Append(Records(0, 3));
  Begin();
  ReadAll();
  EXPECT_EQ(source_->Streams().size(), 1U);
  EXPECT_EQ(source_->parsed().total(), 3U);
  EXPECT_THAT(Finish(), ElementsAre(0, 1, 2));

  Append(Records(3, 5));
  Begin(Cursors());
  ReadAll();
  EXPECT_THAT(Finish(), ElementsAre(3, 4));
}

TEST_F(FileLogSourceTest, TellsHowItStands) {
  Append(Records(0, 2));
  Begin();
  ReadAll();
  source_->Turn();
  const SourceStatus status = source_->status();
  EXPECT_EQ(status.name, "src");
  EXPECT_EQ(status.kind, "file");
  EXPECT_EQ(status.streams, 1U);
  EXPECT_EQ(status.read_bytes, Records(0, 2).size());
  EXPECT_EQ(status.behind_bytes, 0U);
  Finish();
}

TEST_F(FileLogSourceTest, TheDriverHasExitedAfterItsLastWordsAndSilence) {
  Append(Records(0, 1));
  Begin();
  ReadAll();
  os_.Advance(absl::Minutes(1));
  EXPECT_FALSE(source_->HasExited());
  Append(kLastWords);
  os_.Advance(absl::Seconds(2));
  source_->Turn();
  EXPECT_FALSE(source_->HasExited()) << "it was silent for a moment only";
  os_.Advance(absl::Seconds(4));
  EXPECT_TRUE(source_->HasExited());
  source_->EndAll();
  EXPECT_THAT(Finish(), ElementsAre(0));
  ASSERT_EQ(Cursors().size(), 1U);
  EXPECT_TRUE(Cursors()[0].cursor.ended);
}

}  // namespace
}  // namespace sparktail
