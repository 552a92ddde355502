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

// Remembers the last batch of each streaming query, for /metrics. The reader thread lets it see all
// events, so that costs next to nothing: of each buffer the last progress document of each query is
// copied, and not parsed before somebody asks.
//
// A query that stopped is forgotten, one that ended with an error is said to have failed. A query
// of which nothing was seen for kForgetAfter is forgotten too (its driver was killed, or its log
// vanished); so are those seen longest ago when there are too many. Thread-safe.
class QueryGauges {
 public:
  static constexpr size_t kMostQueries = 1000;
  static constexpr size_t kMostDocumentBytes = size_t{1} << 20;  // larger ones are passed over
  static constexpr size_t kMostBytes = size_t{16} << 20;         // of all documents together
  static constexpr absl::Duration kForgetAfter = absl::Hours(24);

  explicit QueryGauges(Os* os) : os_(os) {}
  QueryGauges(const QueryGauges&) = delete;
  QueryGauges& operator=(const QueryGauges&) = delete;

  void Observe(const EventBuffer& events);

  // Those seen longest ago come first. Parses the documents, without keeping Observe() waiting.
  std::vector<QueryStatus> Read();

 private:
  struct Entry {
    std::string id;
    std::shared_ptr<const std::string> document;
    bool failed = false;
    absl::Time seen;
  };
  using Entries = std::list<Entry>;

  // What one buffer says of one query, the last of it.
  struct News {
    std::string_view document;  // its last progress; empty: none
    bool stopped = false;
    bool failed = false;
  };
  using AllNews = std::unordered_map<std::string_view, News>;  // by query id

  static void Gather(EventKind kind, std::string_view document, AllNews* all);
  void Store(std::string_view id, std::shared_ptr<const std::string> document, const News& news,
             absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Drop(Entries::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Os* os_;
  absl::Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);  // seen longest ago first
  std::unordered_map<std::string, Entries::iterator> by_id_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sparktail
