#include "ingest/sources/dead_letters/dead_letter_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/delivery/distributor.h"
#include "ingest/delivery/sink_worker.h"
#include "ingest/sources/dead_letters/dead_letter_survey.h"
#include "tests/support/dead_letter_lines.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/of_kind.h"
#include "tests/support/recording_log.h"
#include "tests/support/spark_log.h"
#include "tests/support/stream_keys.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::DeadLetterLine;
using ::testing::ElementsAre;
using testing::Eventually;
using testing::FakeSink;
using testing::FaultyOs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NumberedDocument;
using testing::NumbersOf;
using testing::SinkWorld;
using testing::WriteBytes;

constexpr size_t kMiB = size_t{1} << 20;
constexpr size_t kLongest = 3 * kMiB;

class DeadLetterSourceTest : public ::testing::Test {
 protected:
  DeadLetterSourceTest() {
    configuration_.name = "replay:h:search";
    testing::SetOptions(DeadLetterSourceOptions(), &configuration_);
    Options().sink = "search";
    Options().longest_line = kLongest;
  }

  DeadLetterSourceOptions& Options() {
    return configuration_.options.Get<DeadLetterSourceOptions>();
  }
  std::string Path(const std::string& name) const { return folder_ / name; }

  void Give(const std::string& name, const std::string& content) {
    WriteBytes(Path(name), content);
    const auto survey = SurveyDeadLetters(&os_, {Path(name)}, kLongest, false, [](auto) {});
    ASSERT_TRUE(survey.ok()) << survey.status();
    Options().files.insert(Options().files.end(), survey->files.begin(), survey->files.end());
  }

  void Begin(std::vector<StreamCursor> from = {}) {
    world_ = std::make_unique<SinkWorld>();
    SinkWorker::Parts sink;
    sink.os = &os_;
    sink.log = &log_;
    sink.name = "search";
    sink.options.commit_bytes = 1;
    sink.options.queue_bytes = queue_bytes_;
    sink.sink = std::make_unique<FakeSink>(world_.get());
    worker_ = std::make_unique<SinkWorker>(std::move(sink), [] {});
    is_delivering_ = false;
    SourceParts parts;
    parts.os = &os_;
    parts.log = &log_;
    parts.configuration = &configuration_;
    parts.output =
        std::make_unique<Distributor>(std::vector<SinkWorker*>{worker_.get()},
                                      std::vector<std::vector<StreamCursor>>{std::move(from)});
    source_ = std::make_unique<DeadLetterSource>(std::move(parts));
    ASSERT_TRUE(source_->Open().ok());
  }

  // Turns until it wants no more.
  void Read() {
    while (source_->Turn() < absl::InfiniteFuture()) continue;
  }
  void Deliver() {
    if (!std::exchange(is_delivering_, true)) worker_->Start();
  }
  // A batch is a commit.
  std::vector<SinkWorld::Commit> Finish() {
    Deliver();
    worker_->Finish();
    EXPECT_TRUE(worker_->Join(os_.Now() + absl::Seconds(120)));
    source_ = nullptr;
    worker_ = nullptr;
    return world_->commits();
  }
  std::vector<size_t> Delivered() {
    std::vector<size_t> numbers;
    for (const SinkWorld::Commit& commit : Finish()) {
      for (const std::string& document : commit.documents) {
        for (const size_t number : NumbersOf(document)) numbers.push_back(number);
      }
    }
    return numbers;
  }

  const testing::TempDir folder_{testing::TempDir::Place::kMemory};
  FaultyOs os_;
  testing::RecordingLog log_;
  SourceConfiguration configuration_;
  uint64_t queue_bytes_ = 1000 * kMiB;
  std::unique_ptr<SinkWorld> world_;
  std::unique_ptr<SinkWorker> worker_;
  bool is_delivering_ = false;
  std::unique_ptr<DeadLetterSource> source_;
};

TEST_F(DeadLetterSourceTest, DocumentsAreEmittedUnchanged) {
  const std::string odd =
      R"({ "kind" : "query", "id":"00000000000000000000000000000009", "x":1.50 })";
  Give("a", DeadLetterLine("search", 1) + "{\"sink\":\"search\", \"document\": " + odd + " }");
  Begin();
  EXPECT_FALSE(source_->AtEnd());
  Read();
  EXPECT_TRUE(source_->AtEnd());
  EXPECT_TRUE(source_->HasExited());
  EXPECT_TRUE(source_->failure().ok());
  EXPECT_EQ(source_->parsed().events[static_cast<size_t>(EventKind::kProgress)], 1U);
  EXPECT_EQ(source_->parsed().events[static_cast<size_t>(EventKind::kQuery)], 1U);
  EXPECT_EQ(source_->status().read_bytes, Options().files[0].size);
  EXPECT_EQ(source_->status().lag_bytes, 0U);
  Finish();
  EXPECT_THAT(world_->documents(), ElementsAre(NumberedDocument(1), odd));
}

TEST_F(DeadLetterSourceTest, EmitsOnlyEventsThatTheSinkRejected) {
  const std::string lines =
      DeadLetterLine("search", 1) + DeadLetterLine("other", 2) + DeadLetterLine("search", 3);
  Give("a", lines);
  Begin();
  Read();
  EXPECT_THAT(Delivered(), ElementsAre(1, 3));
  Options().sink = "";
  Begin();
  Read();
  EXPECT_THAT(Delivered(), ElementsAre(1, 2, 3)) << "all, if it is to have all";
}

TEST_F(DeadLetterSourceTest, LinesThatCannotBeSentAreSkipped) {
  Give("a", "\n" + DeadLetterLine("search", 1) + "{\"sink\":\"search\",\"document\":\"x\"}\n" +
                DeadLetterLine("search", 2) + "{\"time\":\"20");
  Begin();
  Read();
  EXPECT_TRUE(source_->AtEnd());
  EXPECT_THAT(Delivered(), ElementsAre(1, 2));
}

TEST_F(DeadLetterSourceTest, EachFileIsAStreamThatEnds) {
  Give("a", DeadLetterLine("search", 1));
  Give("b", DeadLetterLine("search", 2) + DeadLetterLine("other", 3));
  Begin();
  Read();
  EXPECT_THAT(source_->Streams(), ElementsAre("replay:h:search/" + Options().files[0].hash,
                                              "replay:h:search/" + Options().files[1].hash));
  const std::vector<StreamKey> streams = source_->Streams();
  const auto commits = Finish();
  ASSERT_EQ(commits.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    ASSERT_EQ(commits[i].cursors.size(), 1U);
    EXPECT_EQ(commits[i].cursors[0].stream, streams[i]);
    EXPECT_EQ(commits[i].cursors[0].cursor.order, Options().files[i].size);
    EXPECT_TRUE(commits[i].cursors[0].cursor.ended);
    ASSERT_NE(commits[i].cursors[0].cursor.context, nullptr);
  }
}

TEST_F(DeadLetterSourceTest, BatchesAreBounded) {
  const std::string half(kMiB / 2 - 500, 'x');
  const std::string more_than_one(kMiB + kMiB / 2, 'y');
  std::string lines;
  for (size_t n = 0; n < 5; ++n) lines += DeadLetterLine("search", n, half);
  lines += DeadLetterLine("search", 5, more_than_one) + DeadLetterLine("search", 6);
  Give("a", lines);
  Begin();
  Read();
  std::vector<std::vector<size_t>> batches;
  for (const SinkWorld::Commit& commit : Finish()) {
    batches.emplace_back();
    for (const std::string& document : commit.documents) {
      batches.back().push_back(NumbersOf(document).at(0));
    }
  }
  EXPECT_THAT(batches, ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3), ElementsAre(4),
                                   ElementsAre(5), ElementsAre(6)));
}

TEST_F(DeadLetterSourceTest, ATurnIsBoundedToo) {
  std::string lines;
  const std::string text(kMiB, 'x');
  for (size_t n = 0; n < 20; ++n) lines += DeadLetterLine("other", n, text);
  Give("a", lines + DeadLetterLine("search", 20));
  Begin();
  EXPECT_LT(source_->Turn(), os_.Now());
  EXPECT_FALSE(source_->AtEnd());
  EXPECT_LE(source_->status().read_bytes, 10 * kMiB);
  Read();
  EXPECT_THAT(Delivered(), ElementsAre(20));
}

TEST_F(DeadLetterSourceTest, ItWaitsForRoom) {
  const std::string text(kMiB / 2, 'x');
  std::string lines;
  for (size_t n = 0; n < 10; ++n) lines += DeadLetterLine("search", n, text);
  Give("a", lines);
  queue_bytes_ = kMiB;
  Begin();
  Read();
  EXPECT_FALSE(source_->AtEnd());
  EXPECT_LT(source_->status().read_bytes, 4 * kMiB);
  EXPECT_GT(source_->status().lag_bytes, kMiB);
  Deliver();
  EXPECT_TRUE(Eventually([this] {
    source_->Turn();
    return source_->AtEnd();
  }));
  EXPECT_THAT(Delivered(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

// A process that was killed: from each cursor the rest comes, and nothing twice.
TEST_F(DeadLetterSourceTest, ResumesFromAnyCursor) {
  const std::string text(kMiB / 3, 'x');
  for (const char* name : {"a", "b"}) {
    std::string lines;
    for (size_t n = 0; n < 5; ++n) {
      lines += DeadLetterLine(n % 2 == 0 ? "search" : "other", n + (*name == 'b' ? 5 : 0), text);
    }
    Give(name, lines);
  }
  Begin();
  Read();
  const std::vector<SinkWorld::Commit> commits = Finish();
  ASSERT_GE(commits.size(), 3U);
  std::vector<StreamCursor> cursors;
  std::vector<std::string> before;
  const std::vector<std::string> all = world_->documents();
  for (const SinkWorld::Commit& commit : commits) {
    cursors.insert(cursors.end(), commit.cursors.begin(), commit.cursors.end());
    before.insert(before.end(), commit.documents.begin(), commit.documents.end());
    Begin(cursors);
    uint64_t left = 0;
    for (const auto& file : Options().files) left += file.size;
    EXPECT_LT(source_->status().lag_bytes, left);
    Read();
    EXPECT_TRUE(source_->AtEnd());
    EXPECT_EQ(source_->status().lag_bytes, 0U);
    Finish();
    std::vector<std::string> both = before;
    for (const std::string& document : world_->documents()) both.push_back(document);
    EXPECT_EQ(both, all);
  }
}

TEST_F(DeadLetterSourceTest, BytesAppendedSinceTheSurveyAreNotRead) {
  Give("a", DeadLetterLine("search", 1));
  WriteBytes(Path("a"), DeadLetterLine("search", 1) + DeadLetterLine("search", 2));
  Begin();
  Read();
  EXPECT_THAT(Delivered(), ElementsAre(1));
}

TEST_F(DeadLetterSourceTest, AFileThatHasChangedIsAFailure) {
  const std::string one = DeadLetterLine("search", 1);
  Give("a", one + one);
  for (const std::string& now : {one, one + "x" + one.substr(1)}) {
    WriteBytes(Path("a"), now);
    Begin();
    Read();
    EXPECT_EQ(source_->failure().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(source_->failure().message()), HasSubstr(Path("a")));
    EXPECT_FALSE(source_->AtEnd());
    EXPECT_EQ(source_->Turn(), absl::InfiniteFuture()) << "it has ended";
    EXPECT_THAT(Delivered(), IsEmpty());
  }
}

TEST_F(DeadLetterSourceTest, AnyCallMayFail) {
  Give("a", DeadLetterLine("search", 1) + DeadLetterLine("search", 2));
  for (size_t n = 1;; ++n) {
    os_.Fail({.n = n, .status = absl::UnavailableError("it is broken"), .path_contains = "/a"});
    Begin();
    Read();
    if (os_.failed() == 0) {
      EXPECT_GT(n, 3U);
      EXPECT_THAT(Delivered(), ElementsAre(1, 2));
      return;
    }
    EXPECT_EQ(source_->failure(),
              absl::UnavailableError("cannot read " + Path("a") + ": it is broken"));
    EXPECT_TRUE(log_.Has("it is broken")) << os_.first_failure();
    EXPECT_THAT(Delivered(), IsEmpty());
    os_.Heal();
    EXPECT_EQ(os_.open_files(), 0U);
  }
}

}  // namespace
}  // namespace sparktail
