#pragma once

#include <absl/status/status.h>
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
#include "ingest/streams/source_status.h"

namespace sparktail {

// Follows the applications of a YARN cluster: polls the ResourceManager for them, and passes what
// their drivers write to its tails. Never blocks. Single-threaded.
//
// An application that has disappeared from the ResourceManager's list has ended only if the
// ResourceManager confirms it in a request for that application: after a fail-over the list is
// empty for a while.
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

  // `remembered`: logs that a sink has a cursor in, and that not all sinks have to their end.
  // `reported`: when applications were last reported, InfinitePast if never; applications that have
  // ended since then are read, too. `since_ms`: older events are skipped in the applications of the
  // first poll; INT64_MIN skips none.
  void Open(const std::vector<YarnLog>& remembered, absl::Time reported, int64_t since_ms);

  // Sends the requests that are due and handles the responses. Returns when it wants to be called
  // again.
  absl::Time Turn();

  // Polls the cluster again at once; until then AtEnd() is false.
  void LookAgain();
  bool AtEnd() const;
  // True once a poll has succeeded, and all logs of its applications are reported to the sinks.
  bool HasLooked() const { return has_looked_; }
  // Ends all logs. Nothing is read afterwards.
  void EndAll();

  // Applications that are followed.
  size_t applications() const { return applications_.size(); }
  // All members except `name`, `kind` and `parsed`. `truncations` counts reads of a log that was
  // shorter than before.
  SourceStatus status() const;

 private:
  FollowedApplication* Follow(const std::string& id, int64_t since_ms);
  void Poll(absl::Time now);
  void OnPolled(absl::Time asked, const ClusterPoll::Result& result);
  void Add(const YarnApplication& application);
  void RequestApplication(FollowedApplication* application);
  void OnApplication(FollowedApplication* application, const HttpResponse& response);
  void DropDone();
  void EmitReports(absl::Time now);
  std::vector<AppReport> MakeReports() const;
  void SetTrouble(const std::string& trouble);

  Parts parts_;
  ApplicationChoice choice_;
  HostQueue queue_;
  ClusterPoll cluster_;
  YarnShared shared_;
  std::map<std::string, std::unique_ptr<FollowedApplication>> applications_;
  std::deque<std::string> done_;  // ids of completely read applications, oldest first
  std::set<std::string> done_set_;
  // By name: the final state of the last application with that name.
  std::map<std::string, AppReport> last_;
  std::deque<std::string> last_names_;  // of last_, oldest first
  int64_t since_ms_ = INT64_MIN;
  absl::Time next_poll_ = absl::InfinitePast();
  absl::Time ended_since_ = absl::InfinitePast();
  absl::Time next_report_ = absl::InfinitePast();
  absl::Time unsettled_until_ = absl::InfinitePast();  // after a fail-over
  bool has_looked_ = false;
  bool look_again_ = false;
  bool is_over_ = false;
  std::string trouble_;
};

}  // namespace sparktail
