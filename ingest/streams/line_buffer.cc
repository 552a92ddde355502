#include "ingest/streams/line_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sparktail {

LineBuffer::LineBuffer(size_t capacity, size_t padding) : least_room_(capacity), padding_(padding) {
  // Room for a read behind what is usually left of the one before.
  Reallocate(capacity + capacity / 4);
}

void LineBuffer::Reallocate(size_t capacity) {
  std::unique_ptr<char[]> bytes(new char[capacity + padding_]);
  const std::string_view left = data();
  if (!left.empty()) std::memcpy(bytes.get(), left.data(), left.size());
  std::memset(bytes.get() + capacity, 0, padding_);
  bytes_ = std::move(bytes);
  end_ = left.size();
  begin_ = 0;
  capacity_ = capacity;
}

void LineBuffer::MakeRoom() {
  const size_t left = end_ - begin_;
  const size_t usual = least_room_ + least_room_ / 4;
  if (capacity_ - left < least_room_) {
    Reallocate(std::max(capacity_ * 2, left + least_room_));
  } else if (capacity_ > 4 * usual && left < usual / 4) {
    Reallocate(usual);
  } else if (begin_ > 0) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, left);
    end_ = left;
    begin_ = 0;
  }
}

}  // namespace sparktail
