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

// What becomes of the bytes of one followed file. The source calls it, on the reader thread; it
// knows nothing of paths and rotation, as the source knows nothing of records.
class FileTail {
 public:
  virtual ~FileTail() = default;

  // The byte of the file from which to read.
  virtual uint64_t begin() const = 0;

  // Bytes may come. If not, the source asks again later.
  virtual bool HasRoom() = 0;
  // Where the file's next bytes go; never empty. Valid until the next call.
  virtual std::span<char> Room() = 0;
  // So many bytes were put there. What comes of them is handed on at the latest by EndTurn().
  virtual void Took(size_t size) = 0;
  virtual void EndTurn() = 0;

  // Time passes; nothing new has come. Called once a second or so until it returns false: there
  // is nothing that only waits for time. `at_end` looks whether really all of the file was read.
  virtual bool Tick(absl::Time now, absl::FunctionRef<bool()> at_end) = 0;

  // The file has been rotated away and ends within a record or a line: the first lines of its
  // successor may belong to it.
  virtual bool WantsContinuation() const = 0;
  // `bytes` is the successor from its beginning, as far as it goes. Takes the lines
  // that belong to the open record; WantsContinuation() is false once it is known where they end.
  // Called again with more. `last`: no more is to be expected, a line that is not complete is one.
  virtual void Continue(std::string_view bytes, bool last) = 0;

  // Lines of the successor were taken: what comes now in the file itself can't follow them.
  virtual bool has_continued() const = 0;

  // No more bytes will come.
  virtual void End() = 0;
};

class FileTailMaker {
 public:
  virtual ~FileTailMaker() = default;

  // Begins where the sinks stand in the file, or at its beginning if none knows it. `file` is kept
  // up to date by the source and outlives the tail; of it raw, content, marker, wrapping,
  // std_stream and seek are the tail's own.
  virtual std::unique_ptr<FileTail> MakeTail(const FilePosition* file) = 0;
};

}  // namespace sparktail
