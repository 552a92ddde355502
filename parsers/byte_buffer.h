#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "parsers/padded_view.h"

namespace sparktail {

// A growing buffer of bytes that does not zero what it is about to overwrite (std::string does).
// It is padded, so its contents can be parsed in place. Views of it are valid until the next
// call that is not const.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(ByteBuffer&&) = default;
  ByteBuffer& operator=(ByteBuffer&&) = default;

  // Room for `size` more bytes; returns where they go. Advance() says how many came.
  char* Reserve(size_t size);
  void Advance(size_t size) { size_ += size; }

  void Append(std::string_view bytes);
  void Append(char byte) {
    *Reserve(1) = byte;
    Advance(1);
  }

  // Drops everything behind `size`, or everything; keeps the memory.
  void Truncate(size_t size) { size_ = size; }
  void Clear() { size_ = 0; }

  // Drops the first `size` bytes; the others move to the front.
  void DropFront(size_t size);

  // Drops everything, and gives the memory back if it is more than `most` bytes.
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
