#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/synchronization/mutex.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sinks/bulk/bulk_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/feed.h"
#include "tests/support/memory_cursor_store.h"
#include "tests/support/raw_http_server.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail::testing {

// What a BulkSink needs beside its options, and a server that notes what it is asked.
class OneSinkTest : public ::testing::Test {
 protected:
  BulkSink::Parts Parts() {
    BulkSink::Parts parts;
    parts.log = &log_;
    parts.store = &store_;
    parts.dead_letters = &dead_letters_;
    parts.name = "search";
    return parts;
  }
  static absl::Status Deliver(BulkSink* sink, size_t end) {
    const EventBuffer events = Feed::Events(0, end);
    if (absl::Status status = sink->Write(events, 0); !status.ok()) return status;
    const StreamCursor cursor = Feed::CursorAt(end);
    return sink->Commit({&cursor, 1});
  }
  // "PUT /_index_template/sparktail"; without queries.
  std::vector<std::string> Asked() const {
    const absl::MutexLock lock(&mutex_);
    return asked_;
  }
  void Note(const RawRequest& request) {
    const absl::MutexLock lock(&mutex_);
    asked_.push_back(request.method + " " + request.target.substr(0, request.target.find('?')));
  }

  TempDir folder_;
  FaultyOs os_;
  RecordingLog log_;
  MemoryCursorStore store_;
  DeadLetters dead_letters_{&os_, &log_, folder_.path(), "search", 1 << 20};

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> asked_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sparktail::testing
