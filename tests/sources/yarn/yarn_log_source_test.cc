#include "ingest/sources/yarn/yarn_log_source.h"

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ingest/delivery/distributor.h"
#include "ingest/delivery/sink_worker.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_node_manager.h"
#include "tests/support/fake_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/memory_cursor_store.h"
#include "tests/support/of_kind.h"
#include "tests/support/raw_http_server.h"
#include "tests/support/recording_log.h"
#include "tests/support/spark_log.h"
#include "tests/support/stream_keys.h"

namespace sparktail {
namespace {

using ::sparktail::testing::Eventually;
using ::sparktail::testing::FakeNodeManager;
using ::sparktail::testing::FakeSink;
using ::sparktail::testing::FaultyOs;
using ::sparktail::testing::MemoryCursorStore;
using ::sparktail::testing::NoiseLine;
using ::sparktail::testing::Numbers;
using ::sparktail::testing::NumbersOf;
using ::sparktail::testing::RawAnswer;
using ::sparktail::testing::RawHttpServer;
using ::sparktail::testing::RawRequest;
using ::sparktail::testing::RecordingLog;
using ::sparktail::testing::Records;
using ::sparktail::testing::SinkWorld;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

// ResourceManager, proxy and NodeManager at one address.
class Cluster {
 public:
  // Application `n` is called "etl<n>"; its ApplicationMaster has written this to stderr.
  void Write(int n, const std::string& text) {
    const absl::MutexLock lock(&mutex_);
    node_.logs[ContainerOf(n) + "/stderr"].bytes += text;
    node_.logs[ContainerOf(n) + "/stdout"];
    states_.try_emplace(n, "RUNNING");
  }
  void Finish(int n) {
    const absl::MutexLock lock(&mutex_);
    states_[n] = "FINISHED";
    node_.logs[ContainerOf(n) + "/stderr"].is_running = false;
    node_.logs[ContainerOf(n) + "/stdout"].is_running = false;
  }
  const std::string& url() const { return server_.url(); }

  static std::string IdOf(int n) { return "application_1_000" + std::to_string(n); }
  static std::string ContainerOf(int n) {
    return "container_1_000" + std::to_string(n) + "_01_000001";
  }

 private:
  static std::string Json(const std::string& body) {
    return RawAnswer(200, body, "Content-Type: application/json\r\n");
  }

  std::string Answer(const RawRequest& request) {
    const absl::MutexLock lock(&mutex_);
    const std::string& target = request.target;
    const auto has = [&](std::string_view part) { return target.find(part) != std::string::npos; };
    if (has("/cluster/info")) return Json(R"({"clusterInfo":{"haState":"ACTIVE"}})");
    if (has("/cluster/apps?")) {
      return Json(R"({"apps":{"app":[)" + Applications(has("FINISHED")) + "]}}");
    }
    if (has("/environment")) {
      return Json(R"({"sparkProperties":[["spark.submit.deployMode","cluster"]]})");
    }
    if (has("/proxy/")) return RawAnswer(404, "no streaming listener");
    const HttpResponse log = node_.Answer(target);
    return RawAnswer(log.status, log.body, "Content-Type: " + log.content_type + "\r\n");
  }

  std::string Applications(bool that_have_ended) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::string list;
    for (const auto& [n, state] : states_) {
      if ((state == "FINISHED") != that_have_ended) continue;
      if (!list.empty()) list += ',';
      list += R"({"id":")" + IdOf(n) + R"(","name":"etl)" + std::to_string(n) +
              R"(","user":"root","state":")" + state + R"(","amContainerLogs":")" + server_.url() +
              "/node/containerlogs/" + ContainerOf(n) + "/root\"}";
    }
    return list;
  }

  absl::Mutex mutex_;
  FakeNodeManager node_ ABSL_GUARDED_BY(mutex_);
  std::map<int, std::string> states_ ABSL_GUARDED_BY(mutex_);
  RawHttpServer server_{
      RawHttpServer::Answering([this](const RawRequest& request) { return Answer(request); })};
};

class YarnLogSourceTest : public ::testing::Test {
 protected:
  YarnLogSourceTest() {
    os_.SetNow(absl::FromUnixSeconds(1'800'000'000));
    configuration_.name = "src";
    configuration_.environment = "test";
    options_.resource_managers = {cluster_.url()};
    options_.start_at = {StartAt::Kind::kBeginning, absl::ZeroDuration()};
    options_.poll_interval = absl::Seconds(2);
    options_.read_interval = absl::Milliseconds(500);
  }
  void TearDown() override {
    if (source_ != nullptr) Die();
  }

  // A life, with a sink of which each batch is a commit.
  absl::Status Begin() {
    testing::SetOptions(options_, &configuration_);
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
    parts.store = &store_;
    parts.configuration = &configuration_;
    parts.output = std::make_unique<Distributor>(std::vector<SinkWorker*>{worker_.get()},
                                                 std::vector<std::vector<StreamCursor>>{cursors_});
    source_ = std::make_unique<YarnLogSource>(std::move(parts));
    absl::Status opened = source_->Open();
    worker_->Start();
    return opened;
  }
  template <typename Condition>
  bool Until(Condition condition) {
    return Eventually([&] {
      source_->Turn();
      os_.Advance(absl::Milliseconds(100));
      return condition();
    });
  }
  // What the sink was given by then is committed, and its cursors are those of the next life.
  void Die() {
    worker_->Finish();
    EXPECT_TRUE(worker_->Join(os_.Now() + absl::Minutes(2)));
    source_ = nullptr;
    for (const SinkWorld::Commit& commit : world_->commits()) {
      for (const StreamCursor& cursor : commit.cursors) {
        std::erase_if(cursors_,
                      [&](const StreamCursor& one) { return one.stream == cursor.stream; });
        cursors_.push_back(cursor);
      }
    }
  }
  std::vector<size_t> Delivered() const {
    std::string lines;
    for (const std::string& document : world_->documents()) {
      if (document.find("\"kind\":\"app\"") == std::string::npos) lines += document + "\n";
    }
    return NumbersOf(lines);
  }
  static StreamKey KeyOf(int n, const std::string& file) {
    return {"src", Cluster::IdOf(n) + "/" + Cluster::ContainerOf(n) + "/" + file};
  }
  const Cursor* CursorOf(const StreamKey& key) const {
    for (const StreamCursor& cursor : cursors_) {
      if (cursor.stream == key) return &cursor.cursor;
    }
    return nullptr;
  }

  FaultyOs os_;
  RecordingLog log_;
  MemoryCursorStore store_;
  Cluster cluster_;
  YarnSourceOptions options_;
  SourceConfiguration configuration_;
  std::vector<StreamCursor> cursors_;  // where the sink stands before a life
  std::unique_ptr<SinkWorld> world_;
  std::unique_ptr<SinkWorker> worker_;
  std::unique_ptr<YarnLogSource> source_;
};

TEST_F(YarnLogSourceTest, WhatAClusterWritesBecomesEvents) {
  cluster_.Write(1, Records(0, 3));
  ASSERT_TRUE(Begin().ok());
  EXPECT_FALSE(source_->AtEnd());
  ASSERT_TRUE(Until([&] { return Delivered() == Numbers(0, 3) && source_->AtEnd(); }));
  EXPECT_THAT(world_->documents(), Contains(HasSubstr("\"appName\":\"etl1\"")));
  EXPECT_THAT(source_->Streams(), IsSupersetOf({KeyOf(1, "stderr"), KeyOf(1, "stdout")}));
  EXPECT_EQ(source_->parsed().events[static_cast<size_t>(EventKind::kProgress)], 3U);
  EXPECT_FALSE(source_->HasExited());
  EXPECT_EQ(source_->wake_fd(), -1);
  const SourceStatus status = source_->status();
  EXPECT_EQ(status.read_bytes, Records(0, 3).size());
  EXPECT_EQ(status.streams, 2U);
  EXPECT_EQ(status.trouble, "");
  source_->LookAgain();
  EXPECT_FALSE(source_->AtEnd());
  EXPECT_TRUE(Until([&] { return source_->AtEnd(); }));
}

TEST_F(YarnLogSourceTest, TheNextLifeGoesOnWhereTheSinksStand) {
  cluster_.Write(1, Records(0, 3));
  ASSERT_TRUE(Begin().ok());
  ASSERT_TRUE(Until([&] { return Delivered() == Numbers(0, 3); }));
  Die();
  ASSERT_NE(CursorOf(KeyOf(1, "stderr")), nullptr);
  EXPECT_FALSE(CursorOf(KeyOf(1, "stderr"))->ended);
  // It has ended meanwhile: the ResourceManager lists it no more.
  cluster_.Write(1, Records(3, 5));
  cluster_.Finish(1);
  ASSERT_TRUE(Begin().ok());
  ASSERT_TRUE(Until([&] { return source_->status().streams == 0 && source_->AtEnd(); }));
  Die();
  EXPECT_EQ(Delivered(), Numbers(3, 5));
  EXPECT_TRUE(CursorOf(KeyOf(1, "stderr"))->ended);
  EXPECT_EQ(CursorOf(KeyOf(1, "stderr"))->order, Records(0, 5).size());
  ASSERT_TRUE(Begin().ok());
  ASSERT_TRUE(Until([&] { return source_->AtEnd(); }));
  EXPECT_EQ(source_->status().read_bytes, 0U);
  EXPECT_THAT(Delivered(), IsEmpty());
}

TEST_F(YarnLogSourceTest, EndAllEndsTheLogsAndHandsOnWhatWaits) {
  const std::string text = Records(0, 2);
  cluster_.Write(1, text);
  ASSERT_TRUE(Begin().ok());
  ASSERT_TRUE(Until([&] { return Delivered() == Numbers(0, 2) && source_->AtEnd(); }));
  source_->EndAll();
  EXPECT_EQ(source_->Turn(), absl::InfiniteFuture());
  source_->HandOnAll();
  Die();
  for (const char* file : {"stderr", "stdout"}) {
    ASSERT_NE(CursorOf(KeyOf(1, file)), nullptr) << file;
    EXPECT_TRUE(CursorOf(KeyOf(1, file))->ended) << file;
  }
  EXPECT_EQ(CursorOf(KeyOf(1, "stderr"))->order, text.size());
}

TEST_F(YarnLogSourceTest, NoiseIsHandedOnInTheEnd) {
  const std::string noise = NoiseLine(1) + NoiseLine(2);
  cluster_.Write(1, noise);
  options_.record_timeout = absl::Hours(1);
  ASSERT_TRUE(Begin().ok());
  ASSERT_TRUE(Until([&] { return source_->status().read_bytes == noise.size(); }));
  source_->HandOnAll();
  Die();
  ASSERT_NE(CursorOf(KeyOf(1, "stderr")), nullptr);
  EXPECT_EQ(CursorOf(KeyOf(1, "stderr"))->order, NoiseLine(1).size());  // the last may grow
  EXPECT_FALSE(CursorOf(KeyOf(1, "stderr"))->ended);
}

TEST_F(YarnLogSourceTest, TheFirstStartPassesOverThePastOnly) {
  options_.start_at = {StartAt::Kind::kEnd, absl::ZeroDuration()};
  cluster_.Write(1, Records(0, 3));
  ASSERT_TRUE(Begin().ok());
  ASSERT_TRUE(Until([&] { return source_->AtEnd() && source_->status().streams == 2; }));
  // What comes later is read from its beginning.
  cluster_.Write(2, Records(7, 9));
  ASSERT_TRUE(Until([&] { return Delivered() == Numbers(7, 9); }));
  Die();
  cluster_.Write(3, Records(20, 21));
  ASSERT_TRUE(Begin().ok());
  ASSERT_TRUE(Until([&] { return !Delivered().empty(); }));
  EXPECT_EQ(Delivered(), Numbers(20, 21));
}

TEST_F(YarnLogSourceTest, AClusterThatIsAwayIsTrouble) {
  {
    const Cluster gone;
    options_.resource_managers = {gone.url()};
  }
  ASSERT_TRUE(Begin().ok());
  ASSERT_TRUE(Until([&] { return !source_->status().trouble.empty(); }));
  EXPECT_FALSE(source_->AtEnd());
  EXPECT_TRUE(source_->failure().ok());
}

TEST_F(YarnLogSourceTest, OptionsThatDoNotFitTogetherEndIt) {
  options_.error_min_sleep = options_.error_max_sleep + absl::Seconds(1);
  const absl::Status opened = Begin();
  EXPECT_TRUE(absl::IsInvalidArgument(opened));
  EXPECT_THAT(std::string(opened.message()), HasSubstr("error_min_sleep"));
}

}  // namespace
}  // namespace sparktail
