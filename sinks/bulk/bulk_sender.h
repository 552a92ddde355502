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

#include "ingest/base/log.h"
#include "ingest/http/http_client.h"
#include "parsers/event.h"
#include "sinks/bulk/bulk_dialect.h"
#include "sinks/bulk/bulk_statistics.h"
#include "sinks/bulk/connection_limit.h"
#include "sinks/bulk/gzip.h"
#include "sinks/bulk/node_pool.h"
#include "sinks/refused_events.h"

namespace sparktail {

// Sends documents to a search server, many in a request and several requests at a time, and sees to
// it that each is in its index or among the refused events, whatever the server answers:
//
//   delivered, or there before   it is done
//   server overloaded, away      sent again, and only what has failed; fewer requests at a time
//   answer cut, or none at all   sent again, with the same ids
//   refused                      goes to the refused events
//   request bad, or too large    halved, until what is to blame stands alone
//   rights, index, block         kUnavailable at once, with the reason: somebody has to mend it
//
// After kMostRefusals refusals without one success something is wrong with the index, and not with
// the events: kUnavailable as well. So it is if nothing was delivered for `patience`.
//
// What is delivered stays known until Forget(): what is put again after an error is not sent again.
// Memory: what is put (not copied: it must live until Flush() or Reset()), an id of each, and the
// bodies of the requests on their way. One thread.
class BulkSender {
 public:
  static constexpr size_t kMostRefusals = 100;

  struct Parts {
    Log* log = nullptr;
    std::string name;  // of the sink
    HttpClient* client = nullptr;
    BulkDialect* dialect = nullptr;
    RefusedEvents* refused = nullptr;
    BulkMeter* meter = nullptr;
    std::vector<std::string> urls;  // of nodes, without "/" at their ends
    size_t bulk_bytes = 0;
    size_t connections = 0;
    bool gzip = false;
    absl::Duration request_timeout;
    absl::Duration patience = absl::Seconds(5);
    // Called before the first request, until it succeeds; may be empty.
    std::function<absl::Status()> prepare;
  };
  explicit BulkSender(Parts parts);
  ~BulkSender();
  BulkSender(const BulkSender&) = delete;
  BulkSender& operator=(const BulkSender&) = delete;

  // Takes events[first …]; sends what is enough for a request, and waits while too much is there.
  absl::Status Put(const EventBuffer& events, size_t first);
  // Sends the rest, and waits for all answers.
  absl::Status Flush();
  // After an error: forgets what was put, but for what is known to be delivered or refused.
  void Reset();
  // All that was put is delivered, and their cursors are stored.
  void Forget() { delivered_.clear(); }

 private:
  // What goes together in a request.
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
    bool is_told_slow = false;
  };

  absl::Status PutOne(PaddedView line, const EventRef& event);
  void Close();
  bool IsIdle() const { return queue_.empty() && requests_.empty(); }
  absl::Status Turn();
  void StartMore();
  void Start(Group group, size_t node);
  void MakeBody(Request* request);
  absl::Status WaitForNodes();
  void Serve();

  void Done(Request* request, HttpResponse response);
  void Take(std::unique_ptr<Request> request, BulkAnswer answer,
            std::optional<absl::Duration> retry_after);
  void TakeItems(const Request& request, std::vector<ItemAnswer> answers,
                 std::optional<absl::Duration> retry_after);
  void Deliver(const BulkItem& item, const ItemAnswer& answer);
  void Refuse(const BulkItem& item, const std::string& why);
  void Again(Group group, const std::string& why);
  void Split(Group group);
  void Fail(absl::Status status);

  const Parts parts_;
  NodePool nodes_;
  ConnectionLimit limit_;
  Gzip gzip_;
  size_t bulk_bytes_;  // as much as the server has not found too much
  bool is_prepared_ = false;

  Group open_;                                      // not yet enough
  std::deque<Group> queue_;                         // to be sent
  std::vector<std::unique_ptr<Request>> requests_;  // on their way
  absl::Status failure_;                            // since Reset()
  std::string trouble_;                         // why something had to be sent again, the last time
  absl::Time progress_ = absl::InfinitePast();  // when a document was last settled
  size_t refusals_ = 0;                         // without a success in between

  absl::flat_hash_set<EventId> delivered_;  // since Forget()
};

}  // namespace sparktail
