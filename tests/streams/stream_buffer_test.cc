#include "ingest/streams/stream_buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

void Read(std::string_view bytes, StreamBuffer* buffer) {
  const std::span<char> room = buffer->Room();
  ASSERT_GE(room.size(), bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  buffer->Commit(bytes.size());
}

TEST(StreamBufferTest, HoldsWhatIsReadAndAppendedUntilItIsDropped) {
  BufferPool pool;
  StreamBuffer buffer(&pool);
  EXPECT_EQ(buffer.view(), "");
  EXPECT_EQ(buffer.padded().size(), 0U);
  EXPECT_EQ(buffer.Room().size(), StreamBuffer::kReadSize);
  Read("abc", &buffer);
  buffer.Append("def");
  EXPECT_EQ(buffer.view(), "abcdef");
  buffer.DropFront(4);
  Read("g", &buffer);
  EXPECT_EQ(buffer.padded().text(), "efg");
}

TEST(StreamBufferTest, NeedsLittleMemoryBetweenTurns) {
  BufferPool pool;
  StreamBuffer buffer(&pool);
  Read(std::string(200'000, 'x') + "rest", &buffer);
  buffer.DropFront(200'000);
  EXPECT_GE(buffer.capacity(), StreamBuffer::kReadSize);
  buffer.Rest();
  EXPECT_LE(buffer.capacity(), 1024U);
  EXPECT_EQ(buffer.view(), "rest");
  buffer.Append("ed");
  buffer.Rest();
  EXPECT_EQ(buffer.view(), "rested");
}

TEST(StreamBufferTest, ALargeRestStaysWhereItIs) {
  BufferPool pool;
  StreamBuffer buffer(&pool);
  Read(std::string(200'000, 'x'), &buffer);
  const char* bytes = buffer.view().data();
  buffer.Rest();
  EXPECT_EQ(buffer.view().data(), bytes);
}

TEST(StreamBufferTest, StreamsLendEachOtherTheirMemory) {
  BufferPool pool;
  StreamBuffer first(&pool);
  Read("first", &first);
  const char* lent = first.view().data();
  first.Rest();
  StreamBuffer second(&pool);
  Read("second", &second);
  EXPECT_EQ(second.view().data(), lent);
  EXPECT_EQ(second.view(), "second");
  EXPECT_EQ(first.view(), "first");
}

TEST(StreamBufferTest, TakesTheContentOfAnother) {
  BufferPool pool;
  StreamBuffer first(&pool);
  Read("first", &first);
  const char* bytes = first.view().data();
  StreamBuffer second(&pool);
  second.TakeAll(&first);
  EXPECT_EQ(second.view().data(), bytes) << "no copy";
  EXPECT_EQ(second.view(), "first");
  EXPECT_EQ(first.view(), "");
  first.Append(", then");
  second.TakeAll(&first);
  EXPECT_EQ(second.view(), "first, then");
  EXPECT_EQ(first.view(), "");
}

TEST(StreamBufferTest, ALentBufferOutlivesTheStream) {
  BufferPool pool;
  const char* lent = nullptr;
  {
    StreamBuffer first(&pool);
    Read("first", &first);
    lent = first.view().data();
  }
  StreamBuffer second(&pool);
  EXPECT_EQ(second.Room().data(), lent);
}

TEST(StreamBufferTest, GivesMemoryBackWhenALongRecordIsDone) {
  BufferPool pool;
  StreamBuffer buffer(&pool);
  const std::string piece(StreamBuffer::kReadSize, 'x');
  for (int i = 0; i < 20; ++i) Read(piece, &buffer);
  EXPECT_GE(buffer.capacity(), 20 * piece.size());
  buffer.DropFront(20 * piece.size() - 3);
  Read("y", &buffer);
  EXPECT_EQ(buffer.view(), "xxxy");
  EXPECT_LT(buffer.capacity(), 2 * piece.size());
}

TEST(StreamBufferTest, AgreesWithAString) {
  std::mt19937_64 random{testing::Seed()};
  BufferPool pool;
  StreamBuffer buffer(&pool);
  std::string expected;
  for (int step = 0; step < 3'000; ++step) {
    const std::string bytes(random() % (step % 50 == 0 ? 100'000 : 900),
                            static_cast<char>('a' + step % 26));
    switch (random() % 4) {
      case 0:
        buffer.Append(bytes);
        expected += bytes;
        break;
      case 1:
        Read(bytes, &buffer);
        expected += bytes;
        break;
      case 2: {
        const size_t size = expected.empty() ? 0 : random() % (expected.size() + 1);
        buffer.DropFront(size);
        expected.erase(0, size);
        break;
      }
      default:
        buffer.Rest();
    }
    ASSERT_EQ(buffer.view(), expected);
  }
}

TEST(BufferPoolTest, KeepsAFewBuffersOfTheUsualSize) {
  BufferPool pool;
  ByteBuffer small;
  small.Append("x");
  pool.GiveBack(std::move(small));
  ByteBuffer buffer = pool.Take();
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_GT(buffer.capacity(), StreamBuffer::kReadSize);
  buffer.Append("x");
  pool.GiveBack(std::move(buffer));
  EXPECT_EQ(pool.Take().size(), 0U) << "it comes back empty";
}

}  // namespace
}  // namespace sparktail
