#include "parsers/byte_buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>

namespace sparktail {
namespace {

TEST(ByteBufferTest, IsEmptyAtFirst) {
  ByteBuffer buffer;
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_EQ(buffer.view(), "");
  EXPECT_EQ(buffer.padded().size(), 0U);
  buffer.Append("");
  EXPECT_EQ(buffer.size(), 0U);
}

TEST(ByteBufferTest, KeepsAppendedBytes) {
  ByteBuffer buffer;
  std::string expected;
  for (size_t i = 0; i < 300; ++i) {
    const std::string piece(i * 7 % 500, static_cast<char>('a' + i % 26));
    buffer.Append(piece);
    buffer.Append('\0');
    expected += piece + '\0';
    ASSERT_EQ(buffer.view(), expected);
  }
}

TEST(ByteBufferTest, KeepsBytesWrittenIntoItsRoom) {
  ByteBuffer buffer;
  buffer.Append("ab");
  char* room = buffer.Reserve(1000);
  std::memset(room, 'x', 1000);
  EXPECT_EQ(buffer.view(), "ab");
  buffer.Advance(3);
  EXPECT_EQ(buffer.view(), "abxxx");
  EXPECT_EQ(buffer.Reserve(997), room + 3);  // there was room
}

TEST(ByteBufferTest, TruncateAndClearKeepTheMemory) {
  ByteBuffer buffer;
  buffer.Append("abcdef");
  const char* memory = buffer.view().data();
  buffer.Truncate(2);
  EXPECT_EQ(buffer.view(), "ab");
  buffer.Append("x");
  EXPECT_EQ(buffer.view(), "abx");
  buffer.Clear();
  EXPECT_EQ(buffer.view(), "");
  buffer.Append("y");
  EXPECT_EQ(buffer.view(), "y");
  EXPECT_EQ(buffer.view().data(), memory);
}

TEST(ByteBufferTest, DropsItsFront) {
  ByteBuffer buffer;
  buffer.DropFront(0);
  buffer.Append("abcdef");
  buffer.DropFront(2);
  EXPECT_EQ(buffer.view(), "cdef");
  buffer.DropFront(4);
  EXPECT_EQ(buffer.view(), "");
  buffer.Append("x");
  EXPECT_EQ(buffer.view(), "x");
}

TEST(ByteBufferTest, FreesMemoryBeyondTheLimit) {
  ByteBuffer buffer;
  buffer.Append(std::string(1000, 'x'));
  const size_t capacity = buffer.capacity();
  EXPECT_GE(capacity, 1000U);
  buffer.Trim(capacity);
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_EQ(buffer.capacity(), capacity);
  buffer.Trim(capacity - 1);
  EXPECT_EQ(buffer.capacity(), 0U);
  EXPECT_EQ(buffer.padded().size(), 0U);
  buffer.Append("y");
  EXPECT_EQ(buffer.view(), "y");
}

TEST(ByteBufferTest, ThePaddingMayAlwaysBeRead) {
  // A sanitizer reports a read past the end of the memory.
  for (const size_t size : {size_t{1}, size_t{255}, size_t{256}, size_t{257}, size_t{4096}}) {
    ByteBuffer buffer;
    std::memset(buffer.Reserve(size), 'x', size);
    buffer.Advance(size);
    const PaddedView padded = buffer.padded();
    EXPECT_EQ(padded.text(), std::string(size, 'x'));
    volatile char sum = 0;
    for (size_t i = 0; i < kPadding; ++i) sum = static_cast<char>(sum ^ padded.data()[size + i]);
    EXPECT_EQ(padded.Part(size, 0).size(), 0U);
  }
}

TEST(ByteBufferTest, MovesItsBytes) {
  ByteBuffer first;
  first.Append("abc");
  const ByteBuffer second = std::move(first);
  EXPECT_EQ(second.view(), "abc");
}

TEST(PaddedViewTest, PartsAreViewsIntoTheWhole) {
  ByteBuffer buffer;
  buffer.Append("abcdef");
  const PaddedView part = buffer.padded().Part(2, 3);
  EXPECT_EQ(part.text(), "cde");
  EXPECT_EQ(part[0], 'c');
  EXPECT_EQ(part.data(), buffer.view().data() + 2);
  EXPECT_EQ(buffer.padded().Part(4, 100).text(), "ef");
}

}  // namespace
}  // namespace sparktail
