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

// Wires together the sources, sinks and the cursor store of one configuration. Run() is the reader
// loop; each sink has a thread of its own.
class Pipeline {
 public:
  struct Parts {
    Os* os = nullptr;
    Log* log = nullptr;
    const Configuration* configuration = nullptr;
    UntilExit until_exit;
    bool recover = false;
    std::string host;              // source.host of the documents
    bool observe_queries = false;  // fill PipelineStatus::queries
  };
  explicit Pipeline(Parts parts);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Opens the state, all sinks and all sources. Waits for sinks whose stores are unreachable;
  // kCancelled if Stop() is called meanwhile.
  absl::Status Open();

  // Follows the sources until Stop(), until a sink or source fails, or until the driver has exited
  // (until_exit). Then delivers what was read, for at most shutdown_timeout after Stop(). Returns
  // the error of the sink or source. kDeadlineExceeded: something is undelivered, and the object
  // can't be destroyed before its sink gives up.
  absl::Status Run();

  // Can be called by any thread and by signal handlers.
  void Stop();

  // The functions below can be called by any thread.

  PipelineStatus status() const;
  // True while Open() waits for a sink.
  bool is_waiting() const { return is_waiting_; }
  // False if the reader loop has been stuck for a minute.
  bool healthy() const;
  // The current step of the reader loop, in case it hangs: "reads source logs".
  std::string doing() const;
  uint64_t dead_letters() const;
  // The sum over all sources, for a summary after Run().
  ParserStats parsed() const;

 private:
  absl::Status OpenSink(const SinkConfiguration& configuration);
  absl::StatusOr<std::vector<StreamCursor>> OpenOrWait(SinkWorker* sink);
  void SetNotReady(std::string why);
  void SetDoing(std::string_view what, std::string_view of = {});
  absl::Status OpenSource(const SourceConfiguration& configuration);
  std::string OwnerOf(const StreamKey& stream) const;
  absl::StatusOr<std::vector<GroupOffsets>> OffsetsOf(const std::string& sink,
                                                      std::span<const StreamCursor> cursors) const;
  bool IsComplete();
  absl::Status Finish();
  void Wait(absl::Time until);
  void Wake();
  void CopyStatuses();
  void Touch(absl::Time now);

  const Parts parts_;
  Os* const os_;
  Log* const log_;
  int wake_fd_ = -1;  // eventfd
  int most_descriptors_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> ready_ = false;
  std::atomic<bool> is_waiting_ = false;
  std::atomic<int64_t> turned_ns_ = 0;  // the end of the reader loop's last turn
  absl::Time started_;
  bool marked_ = false;  // the marker of until_exit exists
  std::unique_ptr<CursorStore> store_;
  std::vector<std::unique_ptr<DeadLetters>> dead_letters_;
  std::vector<std::unique_ptr<SinkWorker>> sinks_;
  std::vector<std::vector<StreamCursor>> cursors_;  // per sink, until the sources are open
  std::vector<std::unique_ptr<Source>> sources_;
  std::unique_ptr<QueryGauges> gauges_;
  absl::Time next_touch_;
  absl::Time next_copy_ = absl::InfinitePast();
  mutable absl::Mutex mutex_;
  std::string not_ready_ ABSL_GUARDED_BY(mutex_) = "starting";
  // Views of constants and of names in the configuration.
  std::string_view doing_ ABSL_GUARDED_BY(mutex_) = "opens its state";
  std::string_view doing_of_ ABSL_GUARDED_BY(mutex_);
  std::vector<SourceStatus> statuses_ ABSL_GUARDED_BY(mutex_);  // per source
};

}  // namespace sparktail
