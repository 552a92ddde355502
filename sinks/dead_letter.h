#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "parsers/byte_buffer.h"

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
  DeadLetters(Os* os, Log* log, const std::string& directory, std::string sink, uint64_t max_bytes);
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
  uint64_t count() const { return count_; }

 private:
  ByteBuffer Format(std::string_view document, std::string_view cause, std::string_view index);
  absl::Status EnsureRoom(uint64_t bytes);
  absl::StatusOr<uint64_t> SizeOfOthers();
  absl::Status EnsureOpen();
  absl::Status CreateDirectories();
  absl::StatusOr<std::string> FreePath();
  absl::Status Cut(uint64_t to);
  void Close();

  Os* const os_;
  Log* const log_;
  const std::string directory_;  // of this sink
  const std::string sink_;
  const uint64_t max_bytes_;

  int fd_ = -1;  // -1: no file is open; the next Add() creates one
  std::string path_;
  uint64_t length_ = 0;             // durable bytes
  uint64_t written_ = 0;            // bytes of complete lines
  bool is_torn_ = false;            // a part of a line may follow the complete ones
  std::optional<uint64_t> others_;  // bytes in the sink's other files; nothing: not known
  uint64_t added_ = 0;              // lines since the last Sync()
  std::atomic<uint64_t> count_ = 0;
};

}  // namespace sparktail
