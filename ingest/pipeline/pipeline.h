#pragma once

#include <absl/status/status.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/delivery/query_gauges.h"
#include "ingest/delivery/sink_worker.h"
#include "ingest/pipeline/configuration.h"
#include "ingest/pipeline/pipeline_status.h"
#include "ingest/streams/source.h"
#include "offsets/cursor_store.h"
#include "sinks/dead_letter.h"

namespace sparktail {

// Sources, sinks and the cursor store of one configuration, wired together. Run() is the reader
// loop; each sink has a thread of its own.
class Pipeline {
 public:
  struct Parts {
    Os* os = nullptr;
    Log* log = nullptr;
    const Configuration* configuration = nullptr;
    UntilExit until_exit;
    bool recover = false;
    std::string host;              // of the documents
    bool observe_queries = false;  // for QueryStatus
  };
  explicit Pipeline(Parts parts);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Opens the state, all sinks and all sources. Waits for sinks whose stores are away; kCancelled
  // if Stop() came meanwhile.
  absl::Status Open();

  // Follows the sources until Stop(), until a sink stops, or until what until_exit waits for has
  // happened; then delivers what was read, for at most shutdown_timeout after Stop(). Why a sink
  // stopped, or kDeadlineExceeded: something is undelivered, and the object can't be destroyed
  // before its sink gives up.
  absl::Status Run();

  // Any thread, and signal handlers.
  void Stop();

  // Any thread.
  PipelineStatus status() const;
  // Open() waits for a sink.
  bool waits() const { return waits_; }
  // The reader loop goes round.
  bool healthy() const;
  // What the reader loop does, for when it hangs: "reads source logs".
  std::string doing() const;
  uint64_t dead_letters() const;
  // What was read and found, for a summary at the end; after Run().
  ParserStats parsed() const;

 private:
  absl::Status OpenSink(const SinkConfiguration& configuration);
  absl::StatusOr<std::vector<StreamCursor>> OpenOrWait(SinkWorker* sink);
  void SetNotReady(std::string why);
  void Does(std::string_view what, std::string_view of = {});
  absl::Status OpenSource(const SourceConfiguration& configuration);
  std::string OwnerOf(std::string_view stream) const;
  absl::StatusOr<std::vector<GroupOffsets>> OffsetsOf(const std::string& sink,
                                                      std::span<const StreamCursor> cursors) const;
  bool IsComplete();
  absl::Status Finish();
  void Wait(absl::Time until);
  void Wake();
  void CopyStats();
  void Touch(absl::Time now);

  const Parts parts_;
  Os* const os_;
  Log* const log_;
  int wake_fd_ = -1;  // eventfd
  int most_descriptors_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> ready_ = false;
  std::atomic<bool> waits_ = false;
  std::atomic<int64_t> turned_ns_ = 0;  // when the reader loop last went round
  absl::Time started_;
  bool marked_ = false;  // the marker of until_exit has been seen
  std::unique_ptr<CursorStore> store_;
  std::vector<std::unique_ptr<DeadLetters>> dead_letters_;
  std::vector<std::unique_ptr<SinkWorker>> sinks_;
  std::vector<std::vector<StreamCursor>> cursors_;  // of sinks_, until the sources are open
  std::vector<std::unique_ptr<Source>> sources_;
  std::unique_ptr<QueryGauges> gauges_;
  absl::Time next_touch_;
  absl::Time next_stats_ = absl::InfinitePast();
  mutable absl::Mutex mutex_;
  std::string not_ready_ ABSL_GUARDED_BY(mutex_) = "starting";
  // Views of constants and of the configuration.
  std::string_view doing_ ABSL_GUARDED_BY(mutex_) = "opens its state";
  std::string_view doing_of_ ABSL_GUARDED_BY(mutex_);
  std::vector<ParserStats> parsed_ ABSL_GUARDED_BY(mutex_);  // of sources_
};

}  // namespace sparktail
