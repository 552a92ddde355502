#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "parsers/byte_buffer.h"
#include "parsers/padded_view.h"

namespace sparktail {

// Large buffers that the streams of one source lend each other: a stream needs one only while its
// bytes are read and parsed. Keeps a few of them. Not thread-safe.
class BufferPool {
 public:
  // Returns an empty buffer with room for a read.
  ByteBuffer Take();
  // Keeps the buffer for the next Take(), or frees it if it is too small, too large or one too
  // many.
  void GiveBack(ByteBuffer buffer);

 private:
  std::vector<ByteBuffer> buffers_;
};

// The bytes of a stream that were read and are still needed. Between turns it uses little more
// memory than those bytes: usually a part of a line. Views are valid until the next call that is
// not const.
class StreamBuffer {
 public:
  static constexpr size_t kReadSize = size_t{256} << 10;

  // `pool` must outlive it.
  explicit StreamBuffer(BufferPool* pool) : pool_(pool) {}
  StreamBuffer(const StreamBuffer&) = delete;
  StreamBuffer& operator=(const StreamBuffer&) = delete;
  ~StreamBuffer();

  // Returns kReadSize bytes to read into. Commit() adds the first `size` of them to the content.
  std::span<char> Room();
  void Commit(size_t size) { bytes_.Advance(size); }
  void Append(std::string_view bytes) { bytes_.Append(bytes); }
  // Appends all content of `other`, without a copy if this one is empty. `other` is empty then.
  void TakeAll(StreamBuffer* other);

  void DropFront(size_t size) { bytes_.DropFront(size); }
  // Frees memory that the content does not need. Call it when no more bytes come for a while.
  void Rest();

  std::string_view view() const { return bytes_.view(); }
  PaddedView padded() const { return bytes_.padded(); }
  size_t capacity() const { return bytes_.capacity(); }

 private:
  void MoveInto(ByteBuffer buffer);

  BufferPool* pool_;
  ByteBuffer bytes_;
};

}  // namespace sparktail
