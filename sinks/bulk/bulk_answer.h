#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ingest/http/http_message.h"

namespace sparktail {

// The outcome for one document.
enum class ItemOutcome : uint8_t {
  kDelivered,  // it is in the index, now or before
  kRetry,      // the server is overloaded or has trouble: it may accept the document later
  kRejected,   // the server never accepts it, because of its content
  kBlocked,    // no document is accepted until somebody acts: rights, a missing index, a block
};

struct ItemAnswer {
  ItemOutcome outcome = ItemOutcome::kDelivered;
  std::string why;                // unless kDelivered: the status and the server's reason
  bool was_there = false;         // kDelivered: it was in the index before this request
  bool in_failure_store = false;  // kDelivered: to Elasticsearch's failure store
};

// The outcome of a request.
enum class RequestOutcome : uint8_t {
  kAnswered,    // each document has its own outcome
  kOverloaded,  // the server is overloaded, or did not respond in time: retry all, with fewer
                // requests at a time
  kAway,        // it can't be reached, or has trouble: retry all, perhaps at another node
  kUnreadable,  // the response is cut or malformed: retry all
  kTooLarge,    // the request is too large
  kBad,         // a part of the request is wrong, and the server does not say which
  kBlocked,     // no request is accepted until somebody acts
};

struct BulkAnswer {
  RequestOutcome outcome = RequestOutcome::kAnswered;
  std::string why;                // unless kAnswered: a message for operators
  std::vector<ItemAnswer> items;  // for kAnswered: one for each document, in the request's order
};

// Classifies a response by its status and failure alone:
//   2xx                     kAnswered, if the body says so too
//   429, 408, 503, no response in time    kOverloaded
//   other 5xx, no connection, or broken   kAway
//   413                     kTooLarge
//   400                     kBad
//   a response that is too large          kUnreadable
//   all else: 401, 403, 404, a redirect, certificates that are not trusted   kBlocked
RequestOutcome OutcomeOfRequest(const HttpResponse& response);

}  // namespace sparktail
