#include "ingest/sources/file/file_log_source.h"

#include <absl/strings/str_replace.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/delivery/distributor.h"
#include "ingest/delivery/sink_worker.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/memory_cursor_store.h"
#include "tests/support/of_kind.h"
#include "tests/support/recording_log.h"
#include "tests/support/spark_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using testing::Eventually;
using testing::FakeSink;
using testing::FaultyOs;
using ::testing::IsEmpty;
using testing::MemoryCursorStore;
using testing::NumbersOf;
using testing::RecordingLog;
using testing::Records;
using testing::SinkWorld;
using testing::TempDir;

// An hour before the events of Records().
const absl::Time kStarted = absl::FromUnixSeconds(1'795'269'600);

// Written before that.
std::string PastRecords(size_t begin, size_t end) {
  return absl::StrReplaceAll(Records(begin, end), {{"T15:", "T12:"}, {" 15:", " 12:"}});
}

constexpr std::string_view kLastWords =
    "26/11/21 15:00:00 INFO SparkContext: Successfully stopped SparkContext\n";

class FileLogSourceTest : public ::testing::Test {
 protected:
  FileLogSourceTest() {
    os_.SetNow(kStarted);
    FileSourceOptions options;
    options.paths = {path_};
    options.watch = Watch::kPoll;
    configuration_.name = "src";
    testing::SetOptions(options, &configuration_);
  }

  void Begin(std::vector<StreamCursor> from = {}) { Begin(FromOfSinks{std::move(from)}); }
  using FromOfSinks = std::vector<std::vector<StreamCursor>>;
  void Begin(FromOfSinks from) {
    worlds_.clear();
    std::vector<SinkWorker*> sinks;
    for (size_t i = 0; i < from.size(); ++i) {
      worlds_.push_back(std::make_unique<SinkWorld>());
      SinkWorker::Parts sink;
      sink.os = &os_;
      sink.log = &log_;
      sink.name = "out" + std::to_string(i);
      sink.options.commit_bytes = 1;
      sink.sink = std::make_unique<FakeSink>(worlds_.back().get());
      workers_.push_back(std::make_unique<SinkWorker>(std::move(sink), [] {}));
      sinks.push_back(workers_.back().get());
    }
    delivering_ = 0;
    SourceParts parts;
    parts.os = &os_;
    parts.log = &log_;
    parts.store = &store_;
    parts.configuration = &configuration_;
    parts.host = "host";
    parts.most_descriptors = 100;
    parts.output = std::make_unique<Distributor>(std::move(sinks), std::move(from));
    source_ = std::make_unique<FileLogSource>(std::move(parts));
    const absl::Status opened = source_->Open();
    ASSERT_TRUE(opened.ok()) << opened;
  }

  void StartAtEnd() {
    configuration_.options.Get<FileSourceOptions>().start_at.kind = StartAt::Kind::kEnd;
  }
  // The first `sinks`.
  void Deliver(size_t sinks = SIZE_MAX) {
    while (delivering_ < std::min(sinks, workers_.size())) workers_[delivering_++]->Start();
  }
  // Delivers, in a life that goes on until it has noted that it has.
  void SeeThatItHasStarted() {
    Deliver();
    ASSERT_TRUE(Eventually([this] { return workers_[0]->IsIdle(); }));
    source_->Turn();
  }
  void Kill() {
    source_ = nullptr;
    workers_.clear();
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

  // Of all documents that were delivered by the last sink.
  std::vector<size_t> Finish() {
    source_->HandOnAll();
    Deliver();
    for (const auto& worker : workers_) {
      worker->Finish();
      EXPECT_TRUE(worker->Join(os_.Now() + absl::Seconds(120)));
    }
    Kill();
    std::vector<size_t> numbers;
    for (const std::string& document : worlds_.back()->documents()) {
      for (const size_t number : NumbersOf(document)) numbers.push_back(number);
    }
    return numbers;
  }
  // Of the first sink.
  std::vector<StreamCursor> Cursors() const {
    std::vector<StreamCursor> cursors;
    for (const SinkWorld::Commit& commit : worlds_[0]->commits()) {
      for (const StreamCursor& cursor : commit.cursors) cursors = {cursor};
    }
    return cursors;
  }

  const TempDir folder_{TempDir::Place::kMemory};
  const std::string path_ = folder_ / "driver.log";
  FaultyOs os_;
  RecordingLog log_;
  MemoryCursorStore store_;
  SourceConfiguration configuration_;
  std::vector<std::unique_ptr<SinkWorld>> worlds_;
  std::vector<std::unique_ptr<SinkWorker>> workers_;
  size_t delivering_ = 0;  // so many of them have been started
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
  EXPECT_EQ(status.streams, 1U);
  EXPECT_EQ(status.read_bytes, Records(0, 2).size());
  EXPECT_EQ(status.lag_bytes, 0U);
  Finish();
}

// ---------------------------------------------------------------- the first start

TEST_F(FileLogSourceTest, WhatComesAfterAFirstStartThatFoundNothingIsReadFromItsBeginning) {
  StartAtEnd();
  for (const bool is_empty_file_there : {false, true}) {
    store_.Clear();
    if (is_empty_file_there) Append("");
    Begin();
    ReadAll();
    EXPECT_THAT(Finish(), IsEmpty());
    Append(PastRecords(0, 3));
    Begin();
    ReadAll();
    EXPECT_THAT(Finish(), ElementsAre(0, 1, 2));
    std::filesystem::remove(path_);
  }
}

TEST_F(FileLogSourceTest, TheFirstStartIsOverWhenWhatItFoundIsDelivered) {
  StartAtEnd();
  Append(PastRecords(0, 3));
  Begin();
  ReadAll();
  EXPECT_EQ(store_.commits(), 1U) << "that it has begun";
  SeeThatItHasStarted();
  EXPECT_EQ(store_.commits(), 2U);
  EXPECT_THAT(Finish(), IsEmpty());
  std::filesystem::rename(path_, folder_ / "other");
  Append(PastRecords(3, 6));
  Begin();
  ReadAll();
  EXPECT_THAT(Finish(), ElementsAre(3, 4, 5));
}

TEST_F(FileLogSourceTest, AKillInTheFirstStartDeliversNoPastAndLosesNothingSince) {
  StartAtEnd();
  Append(PastRecords(0, 3));
  Begin();
  ReadAll();
  Kill();
  Append(Records(3, 5));
  os_.Advance(absl::Hours(2));
  Begin();
  ReadAll();
  EXPECT_THAT(Finish(), ElementsAre(3, 4));
}

TEST_F(FileLogSourceTest, ASinkThatHasNothingYetOfAFirstStartIsNotTakenForANewOne) {
  StartAtEnd();
  Append(PastRecords(0, 3));
  Begin(FromOfSinks(2));
  ReadAll();
  Append(Records(3, 5));
  ReadAll();
  Deliver(/*sinks=*/1);
  ASSERT_TRUE(Eventually([this] { return workers_[0]->IsIdle(); }));
  const std::vector<StreamCursor> first = Cursors();
  Kill();
  Append(Records(5, 6));
  Begin(FromOfSinks{first, {}});
  ReadAll();
  EXPECT_THAT(Finish(), ElementsAre(3, 4, 5));
}

// ---------------------------------------------------------------- the driver's end

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

TEST_F(FileLogSourceTest, TheDriversLastWordsMayComeInTwoReads) {
  Append(Records(0, 1));
  Begin();
  for (size_t cut = 1; cut < kLastWords.size() - 1; cut += 7) {
    Append(kLastWords.substr(0, cut));
    ReadAll();
    os_.Advance(absl::Minutes(1));
    EXPECT_FALSE(source_->HasExited()) << cut;
    Append("\n");
  }
  Append(kLastWords.substr(0, 60));
  ReadAll();
  Append(kLastWords.substr(60));
  ReadAll();
  os_.Advance(absl::Minutes(1));
  EXPECT_TRUE(source_->HasExited());
}

}  // namespace
}  // namespace sparktail
