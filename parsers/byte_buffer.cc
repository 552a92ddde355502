#include "parsers/byte_buffer.h"

#include <algorithm>
#include <cstring>

namespace sparktail {

char* ByteBuffer::Reserve(size_t size) {
  if (data_ == nullptr || capacity_ - size_ < size) {
    const size_t capacity = std::max({size_ + size, capacity_ * 2, size_t{256}});
    std::unique_ptr<char[]> bigger(new char[capacity + kPadding]);
    if (size_ > 0) std::memcpy(bigger.get(), data_.get(), size_);
    std::memset(bigger.get() + capacity, 0, kPadding);
    data_ = std::move(bigger);
    capacity_ = capacity;
  }
  return data_.get() + size_;
}

void ByteBuffer::DropFront(size_t size) {
  if (size == 0) return;
  size_ -= size;
  std::memmove(data_.get(), data_.get() + size, size_);
}

void ByteBuffer::Trim(size_t most) {
  size_ = 0;
  if (capacity_ <= most) return;
  data_.reset();
  capacity_ = 0;
}

PaddedView ByteBuffer::padded() const {
  static constexpr char kNothing[kPadding] = {};
  return data_ == nullptr ? PaddedView::Promise(kNothing, 0)
                          : PaddedView::Promise(data_.get(), size_);
}

void ByteBuffer::Append(std::string_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(Reserve(bytes.size()), bytes.data(), bytes.size());
  Advance(bytes.size());
}

}  // namespace sparktail
