#include "ingest/streams/stream_buffer.h"

#include <utility>

namespace sparktail {
namespace {

// Room for a read after what the one before usually leaves.
constexpr size_t kUsualSize = StreamBuffer::kReadSize + StreamBuffer::kReadSize / 4;
constexpr size_t kMostSize = 4 * kUsualSize;
constexpr size_t kMostBuffers = 4;
// A larger rest stays where it is: it will grow, and copying it costs more than its memory.
constexpr size_t kLargestRest = size_t{16} << 10;
constexpr size_t kSmallSize = size_t{1} << 10;

}  // namespace

ByteBuffer BufferPool::Take() {
  ByteBuffer buffer;
  if (!buffers_.empty()) {
    buffer = std::move(buffers_.back());
    buffers_.pop_back();
  }
  buffer.Reserve(kUsualSize);
  return buffer;
}

void BufferPool::GiveBack(ByteBuffer buffer) {
  const bool fits = buffer.capacity() >= kUsualSize && buffer.capacity() <= kMostSize;
  if (!fits || buffers_.size() >= kMostBuffers) return;
  buffer.Clear();
  buffers_.push_back(std::move(buffer));
}

StreamBuffer::~StreamBuffer() { pool_->GiveBack(std::move(bytes_)); }

std::span<char> StreamBuffer::Room() {
  const size_t capacity = bytes_.capacity();
  const bool is_wasteful = capacity > kMostSize && bytes_.size() <= kLargestRest;
  if (capacity < kUsualSize || is_wasteful) MoveInto(pool_->Take());
  return {bytes_.Reserve(kReadSize), kReadSize};
}

void StreamBuffer::TakeAll(StreamBuffer* other) {
  if (bytes_.size() == 0) {
    std::swap(bytes_, other->bytes_);
  } else {
    bytes_.Append(other->view());
    other->bytes_.Clear();
  }
}

void StreamBuffer::Rest() {
  const size_t size = bytes_.size();
  if (size <= kLargestRest && bytes_.capacity() > 2 * size + kSmallSize) MoveInto(ByteBuffer());
}

void StreamBuffer::MoveInto(ByteBuffer buffer) {
  buffer.Append(bytes_.view());
  std::swap(bytes_, buffer);
  pool_->GiveBack(std::move(buffer));
}

}  // namespace sparktail
