#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ingest/http/http_message.h"

namespace sparktail {

// What became of one document.
enum class ItemOutcome : uint8_t {
  kDelivered,  // it is in the index, now or before
  kRetry,      // the server had too much to do, or had trouble: it may take it later
  kRefused,    // it will never be taken, for what is in it
  kBlocked,    // nor any other, before somebody mends something: rights, a missing index, a block
};

struct ItemAnswer {
  ItemOutcome outcome = ItemOutcome::kDelivered;
  std::string why;                // unless kDelivered: status, the server's reason
  bool was_there = false;         // kDelivered: before this request
  bool in_failure_store = false;  // kDelivered: to where Elasticsearch keeps what failed
};

// What became of a request.
enum class RequestOutcome : uint8_t {
  kAnswered,    // each document has its own answer
  kOverloaded,  // the server has too much to do, or did not answer in time: all again, fewer at
                // once
  kAway,        // it can't be reached, or has trouble: all again, perhaps by another node
  kUnreadable,  // the answer was cut, or is none: all again
  kTooLarge,    // there is too much in it
  kBad,         // something in it is wrong, and nobody says what
  kBlocked,     // nothing is taken before somebody mends something
};

struct BulkAnswer {
  RequestOutcome outcome = RequestOutcome::kAnswered;
  std::string why;                // unless kAnswered: for an operator
  std::vector<ItemAnswer> items;  // of kAnswered: in the order of the request, as many as it had
};

// By status and failure alone:
//   2xx                     kAnswered, if the body says so too
//   429, 408, 503, no answer in time      kOverloaded
//   other 5xx, no connection, or broken   kAway
//   413                     kTooLarge
//   400                     kBad
//   an answer that is too large           kUnreadable
//   all else: 401, 403, 404, a redirect, certificates that are not trusted   kBlocked
RequestOutcome OutcomeOfRequest(const HttpResponse& response);

}  // namespace sparktail
