#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "parsers/padded_view.h"

namespace sparktail {

// A growing buffer of bytes. Unlike std::string, it does not zero memory that is overwritten
// anyway, and it is padded, so that its content can be parsed in place. Views of it are valid until
// the next call that is not const.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(ByteBuffer&&) = default;
  ByteBuffer& operator=(ByteBuffer&&) = default;

  // Makes room for `size` more bytes and returns where to write them. Advance() then adds the
  // bytes that were written to the content.
  char* Reserve(size_t size);
  void Advance(size_t size) { size_ += size; }

  void Append(std::string_view bytes);
  void Append(char byte) {
    *Reserve(1) = byte;
    Advance(1);
  }

  // Truncate() drops the bytes after the first `size`, Clear() drops all. Both keep the memory.
  void Truncate(size_t size) { size_ = size; }
  void Clear() { size_ = 0; }

  // Drops the first `size` bytes and moves the others to the front.
  void DropFront(size_t size);

  // Drops all bytes, and frees the memory if it is more than `most` bytes.
  void Trim(size_t most);

  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  std::string_view view() const { return {data_.get(), size_}; }
  PaddedView padded() const;

 private:
  std::unique_ptr<char[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace sparktail
