#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/delivery/query_status.h"
#include "parsers/event.h"
#include "parsers/event_values.h"

namespace sparktail {

// Remembers the last batch of each streaming query, for /metrics. Observe() sees every event on the
// reader thread, so it must cost next to nothing: from each buffer it copies the numbers of the
// last progress event of each query.
//
// A query that stopped is forgotten; one that ended with an error is marked as failed. A query
// without any event for kForgetAfter is forgotten too (its driver was killed, or its log was
// deleted), and when there are too many queries, those with the oldest events are. One thread at a
// time may call Observe(); Read() is thread-safe.
class QueryGauges {
 public:
  static constexpr size_t kMostQueries = 1000;
  // Batches with longer texts (the names of application and query) are skipped.
  static constexpr size_t kMostTextBytes = size_t{1} << 20;
  static constexpr size_t kMostBytes = size_t{16} << 20;  // all texts together
  static constexpr absl::Duration kForgetAfter = absl::Hours(24);

  explicit QueryGauges(Os* os) : os_(os) {}
  QueryGauges(const QueryGauges&) = delete;
  QueryGauges& operator=(const QueryGauges&) = delete;

  void Observe(const EventBuffer& events);

  // Returns the queries, those with the oldest events first.
  std::vector<QueryStatus> Read();

 private:
  struct Entry {
    std::string id;
    QueryStatus query;
    absl::Time seen;
  };
  using Entries = std::list<Entry>;

  // The latest news of one query in one buffer.
  struct News {
    std::optional<QueryStatus> progress;  // its last progress event
    bool stopped = false;
    bool failed = false;
  };
  using AllNews = std::map<std::string, News, std::less<>>;  // keyed by query id

  void Gather(const EventBuffer& events, const EventRef& event, AllNews* all);
  void Store(const std::string& id, News news, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Drop(Entries::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Os* os_;
  // Only Observe() uses these two.
  EventValuesReader reader_;
  EventValues values_;
  absl::Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);  // oldest `seen` first
  std::unordered_map<std::string, Entries::iterator> by_id_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sparktail
