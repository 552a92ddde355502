#include "ingest/streams/line_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

namespace sparktail {
namespace {

constexpr size_t kCapacity = 64;
constexpr size_t kPadding = 16;

void Put(LineBuffer* buffer, std::string_view text) {
  buffer->MakeRoom();
  ASSERT_GE(buffer->free_space().size(), text.size());
  std::memcpy(buffer->free_space().data(), text.data(), text.size());
  buffer->Commit(text.size());
}

TEST(LineBufferTest, IsEmptyAtFirst) {
  LineBuffer buffer(kCapacity, kPadding);
  EXPECT_EQ(buffer.data(), "");
  EXPECT_GE(buffer.free_space().size(), kCapacity);
}

TEST(LineBufferTest, HoldsWhatIsCommittedUntilItIsConsumed) {
  LineBuffer buffer(kCapacity, kPadding);
  Put(&buffer, "abc");
  EXPECT_EQ(buffer.data(), "abc");
  Put(&buffer, "def");
  EXPECT_EQ(buffer.data(), "abcdef");
  buffer.Consume(4);
  EXPECT_EQ(buffer.data(), "ef");
  Put(&buffer, "g");
  EXPECT_EQ(buffer.data(), "efg");
  buffer.Consume(3);
  EXPECT_EQ(buffer.data(), "");
}

TEST(LineBufferTest, AlwaysMakesTheRoomThatWasPromised) {
  LineBuffer buffer(kCapacity, kPadding);
  std::string expected;
  for (size_t i = 0; i < 100; ++i) {
    buffer.MakeRoom();
    ASSERT_GE(buffer.free_space().size(), kCapacity) << i;
    Put(&buffer, std::string(kCapacity, static_cast<char>('a' + i % 26)));
    expected.append(kCapacity, static_cast<char>('a' + i % 26));
    ASSERT_EQ(buffer.data(), expected);
  }
}

TEST(LineBufferTest, ThePaddingMayAlwaysBeRead) {
  // A sanitizer sees a read behind the memory.
  LineBuffer buffer(kCapacity, kPadding);
  for (size_t i = 0; i < 50; ++i) {
    buffer.MakeRoom();
    const std::span<char> room = buffer.free_space();
    std::memset(room.data(), 'x', room.size());
    buffer.Commit(room.size());
    volatile char sum = 0;
    const std::string_view data = buffer.data();
    for (size_t at = 0; at < kPadding; ++at) {
      sum = static_cast<char>(sum ^ data.data()[data.size() + at]);
    }
    if (i % 7 == 0) buffer.Consume(data.size());
  }
}

TEST(LineBufferTest, GivesMemoryBackWhenALongLineIsDone) {
  LineBuffer buffer(kCapacity, kPadding);
  buffer.MakeRoom();
  const size_t usual = buffer.free_space().size();
  for (size_t i = 0; i < 1000; ++i) Put(&buffer, std::string(kCapacity, 'x'));
  buffer.Consume(buffer.data().size() - 3);
  buffer.MakeRoom();
  EXPECT_EQ(buffer.data(), "xxx");
  EXPECT_LE(buffer.free_space().size(), usual);
}

TEST(LineBufferTest, GrowsByDoublingNotByReads) {
  // Otherwise a line of n reads would be copied n times.
  LineBuffer buffer(kCapacity, kPadding);
  size_t moves = 0;
  const char* memory = buffer.data().data();
  for (size_t i = 0; i < 1024; ++i) {
    Put(&buffer, std::string(kCapacity, 'x'));
    if (buffer.data().data() != memory) ++moves;
    memory = buffer.data().data();
  }
  EXPECT_LE(moves, 20U);
}

TEST(LineBufferTest, AgreesWithAStringWhateverIsDone) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    LineBuffer buffer(kCapacity, kPadding);
    std::string model;
    for (int step = 0; step < 300; ++step) {
      if (random() % 3 != 0) {
        Put(&buffer, std::string(random() % (kCapacity + 1), static_cast<char>('a' + step % 26)));
        model = std::string(buffer.data().substr(0, model.size())) ==
                        model  // what was there did not change
                    ? std::string(buffer.data())
                    : "changed";
      } else {
        const size_t size = random() % (model.size() + 1);
        buffer.Consume(size);
        model.erase(0, size);
      }
      ASSERT_EQ(buffer.data(), model) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace sparktail
