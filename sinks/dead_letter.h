#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/base/log.h"
#include "ingest/base/os.h"

namespace sparktail {

// Stores the events that a sink rejects for their content in state_dir/dead-letter/<sink>/*.ndjson,
// one JSON object a line:
//   {"time":"…Z","sink":"…","index":"…","cause":"…","document":{…}}
// `index` is the event's index or topic, if the sink has such. `sparktail replay` sends corrected
// events again. Each process creates files of its own, "<UTC yyyymmddThhmmssZ>[.n].ndjson", and a
// new one after 16 MiB. All files of a sink together stay below `max_bytes`: when they are full,
// Add() fails with kResourceExhausted, so the sink pauses and no event is lost. All other errors
// are kUnavailable. All calls but count() come from one thread.
//
// A killed process may leave lines that were not synced, and the last one may be cut: the events of
// these lines are read and delivered again.
class DeadLetters {
 public:
  // Stores in directory/<sink>; both are created (0700) when needed. `os` and `log` must outlive
  // this object.
  DeadLetters(Os* os, Log* log, std::string directory, std::string sink, uint64_t max_bytes);
  ~DeadLetters();
  DeadLetters(const DeadLetters&) = delete;
  DeadLetters& operator=(const DeadLetters&) = delete;

  // Appends a line, which is durable only after Sync(). A document that is not one line of JSON
  // (which may be why it was rejected) is stored as a string.
  absl::Status Add(std::string_view document, std::string_view cause, std::string_view index = {});
  absl::Status Sync();
  // Removes the lines that were added since the last Sync().
  absl::Status Rollback();

  // The number of durable dead letters of this process. Thread-safe.
  uint64_t count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sparktail
