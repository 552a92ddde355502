#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace sparktail {

// The part of a byte stream that was read but is not yet done with. A reader fills free_space()
// and says so by Commit(); what looks at data() says by Consume() what it is done with.
//
// `padding` bytes behind data() may always be read. Views are valid until MakeRoom().
class LineBuffer {
 public:
  // `capacity` is also the least that MakeRoom() leaves free.
  LineBuffer(size_t capacity, size_t padding);

  // Frees room for a read: moves what is left to the front, and grows when that is not enough.
  // Gives memory back when it is no longer needed.
  void MakeRoom();

  std::span<char> free_space() { return {bytes_.get() + end_, capacity_ - end_}; }
  void Commit(size_t size) { end_ += size; }

  std::string_view data() const { return {bytes_.get() + begin_, end_ - begin_}; }
  void Consume(size_t size) { begin_ += size; }

 private:
  void Reallocate(size_t capacity);

  const size_t least_room_;
  const size_t padding_;
  size_t capacity_ = 0;
  std::unique_ptr<char[]> bytes_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace sparktail
