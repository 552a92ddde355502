#include "ingest/http/gzip_decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/http_client_fixture.h"

namespace sparktail {
namespace {

using testing::Gzip;
using Result = GzipDecoder::Result;

std::string Text() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919);
  return text;
}

TEST(GzipDecoderTest, InPiecesOfAnySize) {
  const std::string text = Text();
  const std::string packed = Gzip(text);
  for (const size_t size : {size_t{1}, size_t{7}, size_t{4096}, packed.size()}) {
    GzipDecoder decoder;
    std::string out;
    for (size_t at = 0; at < packed.size(); at += size) {
      EXPECT_FALSE(decoder.is_complete());
      ASSERT_EQ(decoder.Decode(std::string_view(packed).substr(at, size), text.size(), &out),
                Result::kOk);
    }
    EXPECT_TRUE(decoder.is_complete()) << size;
    EXPECT_EQ(out, text) << size;
  }
}

TEST(GzipDecoderTest, SeveralMembers) {
  const std::string packed = Gzip("one ") + Gzip("") + Gzip("two");
  for (size_t cut = 0; cut <= packed.size(); ++cut) {
    GzipDecoder decoder;
    std::string out;
    ASSERT_EQ(decoder.Decode(packed.substr(0, cut), 100, &out), Result::kOk);
    ASSERT_EQ(decoder.Decode(packed.substr(cut), 100, &out), Result::kOk);
    EXPECT_TRUE(decoder.is_complete());
    EXPECT_EQ(out, "one two") << cut;
  }
}

TEST(GzipDecoderTest, NeverMoreThanItMayBe) {
  const std::string packed = Gzip(std::string(1 << 20, '\0'));
  for (const size_t most : {size_t{0}, size_t{1}, size_t{16384}, (size_t{1} << 20) - 1}) {
    GzipDecoder decoder;
    std::string out;
    EXPECT_EQ(decoder.Decode(packed, most, &out), Result::kTooLarge) << most;
    EXPECT_EQ(out.size(), most);
  }
  GzipDecoder decoder;
  std::string out;
  EXPECT_EQ(decoder.Decode(packed, size_t{1} << 20, &out), Result::kOk);
  EXPECT_TRUE(decoder.is_complete());
}

TEST(GzipDecoderTest, WhatIsDamaged) {
  const std::string packed = Gzip("some text that is long enough to be packed, packed, packed");
  size_t found = 0;
  for (size_t at = 0; at < packed.size(); ++at) {
    std::string damaged = packed;
    damaged[at] = static_cast<char>(~damaged[at]);
    GzipDecoder decoder;
    std::string out;
    const Result result = decoder.Decode(damaged, 1000, &out);
    if (result != Result::kOk || !decoder.is_complete()) ++found;
  }
  // Bytes 4 to 9 of the header (time, level, system) may have any value.
  EXPECT_EQ(found, packed.size() - 6);
}

TEST(GzipDecoderTest, InvalidInput) {
  for (const std::string& text : {std::string("plain"), std::string(100, '\0'), Gzip("x") + "more",
                                  std::string("\x78\x9c\x03\x00", 4)}) {
    GzipDecoder decoder;
    std::string out;
    EXPECT_EQ(decoder.Decode(text, 1000, &out), Result::kInvalid);
  }
}

TEST(GzipDecoderTest, WhatIsCutIsNotComplete) {
  const std::string packed = Gzip("text");
  for (size_t size = 0; size < packed.size(); ++size) {
    GzipDecoder decoder;
    std::string out;
    EXPECT_EQ(decoder.Decode(packed.substr(0, size), 1000, &out), Result::kOk);
    EXPECT_FALSE(decoder.is_complete()) << size;
  }
}

}  // namespace
}  // namespace sparktail
