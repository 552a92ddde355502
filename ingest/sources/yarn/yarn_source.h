#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/sources/yarn/application_choice.h"
#include "ingest/sources/yarn/cluster_poll.h"
#include "ingest/sources/yarn/followed_application.h"
#include "ingest/sources/yarn/host_queue.h"
#include "ingest/sources/yarn/yarn_source_options.h"
#include "ingest/sources/yarn/yarn_tail.h"

namespace sparktail {

// Follows the applications of a YARN cluster: asks the ResourceManager which there are, and gives
// what their drivers write to its tails. Waits for nothing. One thread, but for counts().
//
// An application that is not in the ResourceManager's list any more has ended only if the
// ResourceManager says so when it is asked for that one: after a fail-over the list is empty for a
// while.
class YarnSource {
 public:
  struct Parts {
    Os* os = nullptr;
    Log* log = nullptr;
    std::string name;
    YarnSourceOptions options;
    Web* web = nullptr;
    YarnTailMaker* tails = nullptr;
  };
  explicit YarnSource(Parts parts);
  ~YarnSource();

  // Logs that the sinks know, and have not all of. `reported`: when applications were last reported
  // on; what has ended since is read. InfinitePast: never. `since_ms`: of applications that are
  // found at first, events older than that are passed over; INT64_MIN: none.
  void Open(const std::vector<YarnLog>& remembered, absl::Time reported, int64_t since_ms);

  // Asks what is to be asked, and takes what was answered. Returns when it wants to be called
  // again.
  absl::Time Turn();

  // What is known may be old: until the cluster was asked again, nothing is at its end.
  void LookAgain();
  bool AtEnd() const;
  // The cluster has been asked, and the sinks were told of all logs of applications that it named.
  bool HasLooked() const { return looked_ > 0; }
  // No more is read: all logs end.
  void EndAll();

  struct Counts {
    uint64_t read_bytes = 0;
    uint64_t errors = 0;
    uint64_t shrunk = 0;  // looks at a log that was shorter than before
    uint64_t logs = 0;    // that have not ended
    uint64_t applications = 0;
    uint64_t lag_bytes = 0;
    std::string trouble;  // why nothing can be read; empty: none is known
  };
  // Thread-safe; as of the last turn.
  Counts counts() const;

 private:
  void Poll(absl::Time now);
  void Polled(absl::Time asked, const ClusterPoll::Result& result);
  void Add(const YarnApplication& application);
  void AskFor(FollowedApplication* application);
  void TakeOne(FollowedApplication* application, const HttpResponse& response);
  void LetGo();
  void Report(absl::Time now);
  std::vector<AppReport> Reports() const;
  void SetTrouble(const std::string& trouble);
  void CopyCounts();

  Parts parts_;
  Os* const os_;
  Log* const log_;
  ApplicationChoice choice_;
  HostQueue queue_;
  ClusterPoll cluster_;
  YarnShared shared_;
  std::map<std::string, std::unique_ptr<FollowedApplication>> applications_;
  std::deque<std::string> done_;  // ids of applications of which nothing is left, oldest first
  std::set<std::string> done_set_;
  // By name: what the last application that had it was like, when it had ended.
  std::map<std::string, AppReport> last_;
  std::deque<std::string> last_names_;  // of last_, oldest first
  int64_t since_ms_ = INT64_MIN;
  absl::Time next_poll_ = absl::InfinitePast();
  absl::Time ended_since_ = absl::InfinitePast();
  absl::Time next_report_ = absl::InfinitePast();
  absl::Time unsettled_until_ = absl::InfinitePast();  // after a fail-over
  int polls_failed_ = 0;
  uint64_t looked_ = 0;
  bool look_again_ = false;
  bool is_over_ = false;
  std::string trouble_;

  mutable absl::Mutex mutex_;
  Counts counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sparktail
