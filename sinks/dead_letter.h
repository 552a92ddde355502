#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/base/log.h"
#include "ingest/base/os.h"

namespace sparktail {

// Where events go that a sink refuses for their content: state_dir/dead-letter/<sink>/*.ndjson,
// one JSON object a line:
//   {"time":"…Z","sink":"…","index":"…","cause":"…","document":{…}}
// (index: where it was to go, of sinks that have such) so that a corrected one can be sent again
// (`sparktail replay`). Each process begins files of its own, "<UTC yyyymmddThhmmssZ>[.n].ndjson",
// a new one behind 16 MiB; all of a sink's together stay below `max_bytes`: when full, Add() fails
// with kResourceExhausted, so the sink pauses, and nothing is dropped unseen. All other errors are
// kUnavailable. One thread, but for count().
//
// A process that is killed may leave lines that were not synced, the last one cut anywhere: their
// events come again.
class DeadLetters {
 public:
  // In directory/<sink>; both are made (0700) when they are needed. `os` and `log` are shared.
  DeadLetters(Os* os, Log* log, std::string directory, std::string sink, uint64_t max_bytes);
  ~DeadLetters();
  DeadLetters(const DeadLetters&) = delete;
  DeadLetters& operator=(const DeadLetters&) = delete;

  // Appends; durable only after Sync(). The document is one line of JSON; if it is not (that may
  // be why it was refused) it is kept as a string.
  absl::Status Add(std::string_view document, std::string_view cause, std::string_view index = {});
  absl::Status Sync();
  // Forgets what was added since the last Sync().
  absl::Status Rollback();

  // Of this process, durable ones.
  uint64_t count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sparktail
