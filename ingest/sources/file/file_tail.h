#pragma once

#include <absl/functional/function_ref.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "ingest/sources/file/file_position.h"

namespace sparktail {

// Takes the bytes of one followed file. FileSource calls it on the reader thread. A tail knows
// nothing of paths and rotation; the source knows nothing of records.
class FileTail {
 public:
  virtual ~FileTail() = default;

  // The byte of the file at which to start reading.
  virtual uint64_t begin() const = 0;

  // True if the tail accepts bytes now. If false, the source asks again later.
  virtual bool HasRoom() = 0;
  // The buffer for the file's next bytes; never empty. Valid until the next call.
  virtual std::span<char> Room() = 0;
  // The source has written `size` bytes to the beginning of Room(). Their events are emitted by
  // EndTurn() at the latest.
  virtual void OnBytes(size_t size) = 0;
  virtual void EndTurn() = 0;

  // Called about once a second while no bytes come, until it returns false: then nothing in the
  // tail waits for time to pass. `at_end` checks that the file has been read to its end.
  virtual bool Tick(absl::Time now, absl::FunctionRef<bool()> at_end) = 0;

  // True if the file has been rotated away and ends within a record or a line: the first lines of
  // its successor may belong to it.
  virtual bool WantsContinuation() const = 0;
  // Takes the lines that belong to the open record from `bytes`, which is the successor from its
  // beginning. Called again with more bytes until WantsContinuation() is false, which means that
  // the end of those lines has been found. `last`: no more bytes will come, so an incomplete line
  // counts as a line.
  virtual void Continue(std::string_view bytes, bool last) = 0;

  // True if lines of the successor were taken. Bytes that are later appended to the file itself
  // cannot follow them.
  virtual bool has_continued() const = 0;

  // Ends the stream: no more bytes will come.
  virtual void End() = 0;
};

class FileTailMaker {
 public:
  virtual ~FileTailMaker() = default;

  // The tail begins at the earliest cursor of the sinks in this file, or at the file's beginning
  // if there is none. `file` outlives the tail, and the source keeps it up to date. `start` tells
  // which events are passed over.
  virtual std::unique_ptr<FileTail> MakeTail(const FileIdentity* file, const ReadPlace& start) = 0;
};

}  // namespace sparktail
