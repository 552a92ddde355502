#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/guarded.h"
#include "ingest/base/log.h"
#include "ingest/http/http_client.h"
#include "parsers/event.h"
#include "sinks/bulk/bulk_dialect.h"
#include "sinks/bulk/bulk_options.h"
#include "sinks/bulk/bulk_statistics.h"
#include "sinks/bulk/connection_limit.h"
#include "sinks/bulk/gzip.h"
#include "sinks/bulk/node_pool.h"
#include "sinks/refused_events.h"

namespace sparktail {

// Sends documents to a search server, many in a request and several requests at a time. Each
// document ends up in its index or in the dead letters, whatever the server responds:
//
//   delivered, or there before     done
//   server overloaded or away      the failed documents are retried, with fewer requests at a time
//   response cut, or none at all   the request is retried with the same ids
//   document rejected              it goes to the dead letters
//   request bad or too large       it is halved until the faulty document is alone
//   rights, index, block           kUnavailable at once, with the reason: somebody must act
//
// After kMostRejections rejections in a row the fault is with the index, not with the events:
// kUnavailable too. The same error is returned if nothing was delivered for `patience`.
//
// Ids of delivered documents are remembered until Forget(), so documents that are put again after
// an error are not sent again. Documents are not copied: they must stay valid until Flush() or
// Reset(). Memory: an id of each document, and the bodies of the requests in flight. Not thread
// safe.
class BulkSender {
 public:
  static constexpr size_t kMostRejections = 100;

  struct Parts {
    Log* log = nullptr;
    std::string name;  // of the sink
    HttpClient* client = nullptr;
    BulkDialect* dialect = nullptr;
    RefusedEvents* refused = nullptr;
    Guarded<BulkStatistics>* meter = nullptr;
    BulkOptions options;  // their urls without "/" at the end
    absl::Duration patience = absl::Seconds(5);
    // Called before the first request, again until it succeeds; may be empty.
    std::function<absl::Status()> prepare;
  };
  explicit BulkSender(Parts parts);
  ~BulkSender();
  BulkSender(const BulkSender&) = delete;
  BulkSender& operator=(const BulkSender&) = delete;

  // Puts events[first …]. Sends each full request, and waits while the queue is full.
  absl::Status Put(const EventBuffer& events, size_t first);
  // Sends the rest, and waits for all responses.
  absl::Status Flush();
  // Call it after an error. Drops everything that was put; delivered and rejected documents stay
  // known.
  void Reset();
  // Call it after the cursors of the delivered documents are stored.
  void Forget() { delivered_.clear(); }

 private:
  // The documents of one request.
  struct Group {
    std::vector<BulkItem> items;
    size_t bytes = 0;

    void Add(const BulkItem& item) {
      items.push_back(item);
      bytes += item.line.size();
    }
  };
  struct Request {
    Group group;
    std::string body;
    size_t node = 0;
    absl::Time began;
    bool is_logged_as_slow = false;
  };

  absl::Status PutOne(const EventBuffer& events, const EventRef& event);
  void Close();
  bool IsIdle() const { return queue_.empty() && requests_.empty(); }
  absl::Status Turn();
  void StartMore();
  void Start(Group group, size_t node);
  void MakeBody(Request* request);
  absl::Status WaitForNodes();
  void Serve();

  void OnResponse(Request* request, HttpResponse response);
  void HandleAnswer(std::unique_ptr<Request> request, BulkAnswer answer,
                    std::optional<absl::Duration> retry_after);
  void HandleItems(const Request& request, std::vector<ItemAnswer> answers,
                   std::optional<absl::Duration> retry_after);
  void MarkDelivered(const BulkItem& item, const ItemAnswer& answer);
  void Reject(const BulkItem& item, const std::string& why);
  void Retry(Group group, const std::string& why);
  void Split(Group group);
  void Fail(absl::Status status);

  const Parts parts_;
  const bool is_gzip_;
  NodePool nodes_;
  ConnectionLimit limit_;
  Gzip gzip_;
  size_t bulk_bytes_;  // lowered when the server finds a request too large
  bool is_prepared_ = false;

  Group open_;                                      // not full yet
  std::deque<Group> queue_;                         // waits to be sent
  std::vector<std::unique_ptr<Request>> requests_;  // in flight
  absl::Status failure_;                            // the first one since Reset()
  std::string trouble_;                             // the reason for the last retry
  absl::Time progress_ = absl::InfinitePast();      // when a document was last settled
  size_t rejections_ = 0;                           // without a delivery in between

  absl::flat_hash_set<EventId> delivered_;  // ids since Forget()
};

}  // namespace sparktail
