#include <gtest/gtest.h>

#include <string>

#include "ingest/base/os.h"
#include "tests/support/fake_os.h"

namespace sparktail {
namespace {

TEST(WriteAllTest, WritesEverythingHoweverShortTheWrites) {
  const std::string text = "one\ntwo\n" + std::string(1000, 'x');
  for (const size_t most : {size_t{1}, size_t{7}, size_t{100'000}}) {
    FakeOs os;
    os.most_written = most;
    EXPECT_TRUE(WriteAll(&os, 1, text).ok());
    EXPECT_EQ(os.written[1], text);
    EXPECT_EQ(os.calls(), (text.size() + most - 1) / most);
  }
}

TEST(WriteAllTest, NothingIsWrittenWithoutACall) {
  FakeOs os;
  EXPECT_TRUE(WriteAll(&os, 1, "").ok());
  EXPECT_EQ(os.calls(), 0U);
}

TEST(WriteAllTest, WritesToTheGivenDescriptor) {
  FakeOs os;
  EXPECT_TRUE(WriteAll(&os, 1, "out").ok());
  EXPECT_TRUE(WriteAll(&os, 2, "error").ok());
  EXPECT_EQ(os.written[1], "out");
  EXPECT_EQ(os.written[2], "error");
}

TEST(WriteAllTest, AGoneReaderDiffersFromOtherErrors) {
  FakeOs os;
  os.FailAt(1, absl::CancelledError("Broken pipe"));
  EXPECT_TRUE(absl::IsCancelled(WriteAll(&os, 1, "text")));
  EXPECT_EQ(os.calls(), 1U);
}

TEST(WriteAllTest, AnErrorEndsTheWriting) {
  FakeOs os;
  os.most_written = 2;
  os.FailAt(3, absl::ResourceExhaustedError("No space left on device"));
  const absl::Status status = WriteAll(&os, 1, "abcdefgh");
  EXPECT_EQ(status.message(), "No space left on device");
  EXPECT_EQ(os.written[1], "abcd");
  EXPECT_EQ(os.calls(), 3U);
}

}  // namespace
}  // namespace sparktail
