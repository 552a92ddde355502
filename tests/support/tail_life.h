#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ingest/delivery/distributor.h"
#include "ingest/delivery/sink_worker.h"
#include "ingest/sources/file/log_tails.h"
#include "tests/support/fake_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"

namespace sparktail::testing {

inline constexpr absl::Duration kRecordTimeout = absl::Seconds(5);

// One life of a source with one sink, of which each batch, or group of batches, is a commit.
class TailLife {
 public:
  explicit TailLife(std::vector<StreamCursor> from = {}) {
    os.SetNow(absl::FromUnixSeconds(1'800'000'000));
    SinkWorker::Parts sink;
    sink.os = &os;
    sink.log = &log;
    sink.name = "out";
    sink.options.commit_bytes = 1;
    sink.options.queue_bytes = UINT64_MAX;
    sink.sink = std::make_unique<FakeSink>(&world);
    worker_ = std::make_unique<SinkWorker>(std::move(sink), [] {});
    output_ = std::make_unique<Distributor>(std::vector<SinkWorker*>{worker_.get()},
                                            std::vector<std::vector<StreamCursor>>{from});
    StreamParts parts;
    parts.os = &os;
    parts.log = &log;
    parts.source = "src";
    parts.environment = "test";
    parts.host = "host";
    parts.record_timeout = kRecordTimeout;
    parts.output = output_.get();
    tails = std::make_unique<LogTails>(std::move(parts));
  }

  // All batches are delivered; the life is over.
  const SinkWorld& Finish() {
    worker_->Start();
    worker_->Finish();
    EXPECT_TRUE(worker_->Join(os.Now() + absl::Seconds(120)));
    return world;
  }

  FaultyOs os;
  RecordingLog log;
  SinkWorld world;
  std::unique_ptr<LogTails> tails;

 private:
  std::unique_ptr<SinkWorker> worker_;
  std::unique_ptr<Distributor> output_;
};

inline FilePosition FileNamed(const std::string& name) {
  FilePosition file;
  file.file.name = name;
  file.file.path = "/logs/" + name;
  return file;
}

}  // namespace sparktail::testing
