#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/delivery/query_status.h"
#include "parsers/event.h"

namespace sparktail {

// Remembers the last batch of each streaming query, for /metrics. Observe() sees every event on the
// reader thread, so it must cost next to nothing: from each buffer it copies the last progress
// document of each query, which only Read() parses.
//
// A query that stopped is forgotten; one that ended with an error is marked as failed. A query
// without any event for kForgetAfter is forgotten too (its driver was killed, or its log was
// deleted), and when there are too many queries, those with the oldest events are. Thread-safe.
class QueryGauges {
 public:
  static constexpr size_t kMostQueries = 1000;
  static constexpr size_t kMostDocumentBytes = size_t{1} << 20;  // larger ones are skipped
  static constexpr size_t kMostBytes = size_t{16} << 20;         // all documents together
  static constexpr absl::Duration kForgetAfter = absl::Hours(24);

  explicit QueryGauges(Os* os) : os_(os) {}
  QueryGauges(const QueryGauges&) = delete;
  QueryGauges& operator=(const QueryGauges&) = delete;

  void Observe(const EventBuffer& events);

  // Returns the queries, those with the oldest events first. Parses the documents without blocking
  // Observe().
  std::vector<QueryStatus> Read();

 private:
  struct Entry {
    std::string id;
    std::shared_ptr<const std::string> document;
    bool failed = false;
    absl::Time seen;
  };
  using Entries = std::list<Entry>;

  // The latest news of one query in one buffer.
  struct News {
    std::string_view document;  // its last progress event; empty: none
    bool stopped = false;
    bool failed = false;
  };
  using AllNews = std::unordered_map<std::string_view, News>;  // keyed by query id

  static void Gather(EventKind kind, std::string_view document, AllNews* all);
  void Store(std::string_view id, std::shared_ptr<const std::string> document, const News& news,
             absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Drop(Entries::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Os* os_;
  absl::Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);  // oldest `seen` first
  std::unordered_map<std::string, Entries::iterator> by_id_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sparktail
