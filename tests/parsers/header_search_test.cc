#include "parsers/header_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/byte_buffer.h"
#include "parsers/header.h"

namespace sparktail {
namespace {

using Result = HeaderSearch::Result;

constexpr std::string_view kHeader = "26/11/21 15:33:12 INFO A: b";

// Offsets of the lines of `text` that are headers, from `from` on.
std::vector<uint64_t> NaiveHeaders(std::string_view text, size_t from = 0) {
  std::vector<uint64_t> found;
  for (size_t at = from; at < text.size();) {
    const size_t newline = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, newline - at);
    if (ParseHeader(line.substr(0, kMaxHeaderBytes))) found.push_back(at);
    at = newline + 1;
  }
  return found;
}

// A stream in windows of random sizes.
class Stream {
 public:
  Stream(std::string_view text, uint32_t seed) : random_(seed) { bytes_.Append(text); }

  // Returns a window that begins at or before `needed` and ends at or after the last window's end.
  Window Next(uint64_t needed, size_t largest_step) {
    end_ = std::min<uint64_t>(bytes_.size(), end_ + random_() % (largest_step + 1));
    if (end_ > begin_ && needed > begin_) {
      begin_ += random_() % (std::min(needed, end_) - begin_ + 1);
    }
    Window window;
    window.bytes = bytes_.padded().Part(begin_, end_ - begin_);
    window.begin = begin_;
    window.last = end_ == bytes_.size();
    return window;
  }

 private:
  std::mt19937 random_;
  ByteBuffer bytes_;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
};

std::vector<uint64_t> SearchInPieces(std::string_view text, uint32_t seed, size_t largest_step) {
  Stream stream(text, seed);
  HeaderSearch search;
  std::vector<uint64_t> found;
  while (true) {
    const Window window = stream.Next(search.line(), largest_step);
    while (search.Next(window, UINT64_MAX) == Result::kFound) {
      found.push_back(search.line());
      search.Pass();
    }
    if (window.last) return found;
  }
}

std::string RandomLog(std::mt19937* random) {
  std::string text;
  const size_t lines = (*random)() % 12;
  for (size_t i = 0; i < lines; ++i) {
    switch ((*random)() % 8) {
      case 0:
        text += kHeader;
        break;
      case 1:
        text += "glued " + std::string(kHeader) + std::string((*random)() % 40, 'x');
        break;
      case 2:
        text += "\tat org.apache.spark.A.b(A.scala:1)";
        break;
      case 3:
        break;
      case 4:
        text += std::string(kHeader.substr(0, (*random)() % kHeader.size()));
        break;
      case 5:
        text += std::string(kMaxHeaderBytes - 40 + (*random)() % 80, 'x') + std::string(kHeader);
        break;
      case 6:
        text += std::string(kHeader) + std::string((*random)() % 20000, 'y');
        break;
      default:
        text += std::string(kHeader) + "\r";
    }
    if (i + 1 < lines || (*random)() % 2 == 0) text += '\n';
  }
  return text;
}

TEST(HeaderSearchTest, PiecesFindTheHeadersThatAreInTheWhole) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    const std::string text = RandomLog(&random);
    const std::vector<uint64_t> expected = NaiveHeaders(text);
    for (const size_t step : {size_t{7}, size_t{3000}, text.size()}) {
      EXPECT_EQ(SearchInPieces(text, seed, step), expected) << "seed " << seed << " step " << step;
    }
  }
}

TEST(HeaderSearchTest, ByteByByteFindsTheSame) {
  std::string text;
  for (const std::string_view line :
       {std::string_view("x"), kHeader, std::string_view(""), kHeader, std::string_view("\tat y"),
        std::string_view("glued 26/11/21 15:33:12 WARN B: c")}) {
    text += std::string(line) + "\n";
  }
  text += kHeader;
  EXPECT_EQ(SearchInPieces(text, 1, 1), NaiveHeaders(text));
  EXPECT_EQ(NaiveHeaders(text).size(), 4U);
}

Window Whole(const ByteBuffer& bytes, bool last, uint64_t begin = 0) {
  Window window;
  window.bytes = bytes.padded();
  window.begin = begin;
  window.last = last;
  return window;
}

TEST(HeaderSearchTest, FoundStaysUntilItIsPassed) {
  ByteBuffer bytes;
  bytes.Append(kHeader);
  bytes.Append("\n");
  HeaderSearch search;
  EXPECT_EQ(search.Next(Whole(bytes, true), UINT64_MAX), Result::kFound);
  EXPECT_EQ(search.Next(Whole(bytes, true), UINT64_MAX), Result::kFound);
  EXPECT_EQ(search.line(), 0U);
  search.Pass();
  EXPECT_EQ(search.Next(Whole(bytes, true), UINT64_MAX), Result::kNeedMore);
}

TEST(HeaderSearchTest, AnOpenLineWaitsForItsEndOrTheStreams) {
  ByteBuffer bytes;
  bytes.Append(kHeader);
  HeaderSearch search;
  EXPECT_EQ(search.Next(Whole(bytes, false), UINT64_MAX), Result::kNeedMore);
  EXPECT_EQ(search.no_header_before(Whole(bytes, false)), 0U);
  EXPECT_EQ(search.Next(Whole(bytes, true), UINT64_MAX), Result::kFound);
}

TEST(HeaderSearchTest, ALongLineIsDecidedFromItsBeginning) {
  ByteBuffer bytes;
  bytes.Append(std::string(kMaxHeaderBytes, 'x'));
  HeaderSearch search;
  EXPECT_EQ(search.Next(Whole(bytes, false), UINT64_MAX), Result::kNeedMore);
  EXPECT_EQ(search.no_header_before(Whole(bytes, false)), kMaxHeaderBytes);

  ByteBuffer header;
  header.Append(kHeader);
  header.Append(std::string(kMaxHeaderBytes, 'x'));
  HeaderSearch other;
  EXPECT_EQ(other.Next(Whole(header, false), UINT64_MAX), Result::kFound);
}

TEST(HeaderSearchTest, SkipsTheFirstLineIfAsked) {
  ByteBuffer bytes;
  bytes.Append(std::string(kHeader) + "\n" + std::string(kHeader) + "\n");
  for (uint64_t at = 0; at <= kHeader.size(); ++at) {
    HeaderSearch search(at, /*skip_line=*/true);
    ASSERT_EQ(search.Next(Whole(bytes, true), UINT64_MAX), Result::kFound) << at;
    EXPECT_EQ(search.line(), kHeader.size() + 1) << at;
  }
  HeaderSearch search(kHeader.size() + 1, /*skip_line=*/false);
  EXPECT_EQ(search.Next(Whole(bytes, true), UINT64_MAX), Result::kFound);
  EXPECT_EQ(search.line(), kHeader.size() + 1);
}

TEST(HeaderSearchTest, StopsAtTheLimit) {
  ByteBuffer bytes;
  bytes.Append("0123\n5678\n" + std::string(kHeader) + "\n");
  for (const uint64_t limit : {0, 4, 5, 9}) {
    HeaderSearch search;
    EXPECT_EQ(search.Next(Whole(bytes, true), limit), Result::kLimit) << limit;
  }
  for (const uint64_t limit : {uint64_t{10}, uint64_t{11}, UINT64_MAX}) {
    HeaderSearch search;
    EXPECT_EQ(search.Next(Whole(bytes, true), limit), Result::kFound) << limit;
    EXPECT_EQ(search.line(), 10U);
  }
}

TEST(HeaderSearchTest, OffsetsAreThoseOfTheStream) {
  constexpr uint64_t kFar = uint64_t{1} << 40;
  ByteBuffer bytes;
  bytes.Append("x\n" + std::string(kHeader) + "\n");
  HeaderSearch search(kFar, /*skip_line=*/false);
  EXPECT_EQ(search.Next(Whole(bytes, true, kFar), UINT64_MAX), Result::kFound);
  EXPECT_EQ(search.line(), kFar + 2);
  EXPECT_EQ(search.no_header_before(Whole(bytes, true, kFar)), kFar + 2);
}

TEST(HeaderSearchTest, CountsEachLongLineOnceInAnyPieces) {
  constexpr uint64_t kLong = 10;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    uint64_t expected = 0;
    for (int line = 0; line < 20; ++line) {
      const size_t size = random() % 20;
      expected += size > kLong ? 1 : 0;
      text += std::string(size, 'x');
      if (line + 1 < 20 || random() % 2 == 0) text += '\n';
    }
    Stream stream(text, seed);
    HeaderSearch search;
    search.CountLongLines(kLong);
    Window window;
    while (!window.last) {
      window = stream.Next(search.line(), 7);
      EXPECT_EQ(search.Next(window, UINT64_MAX), Result::kNeedMore);
    }
    EXPECT_EQ(search.long_lines(), expected) << "seed " << seed;
  }
}

TEST(HeaderSearchTest, CountsNoLongLinesUnasked) {
  ByteBuffer bytes;
  bytes.Append(std::string(100'000, 'x'));
  HeaderSearch search;
  search.Next(Whole(bytes, true), UINT64_MAX);
  EXPECT_EQ(search.long_lines(), 0U);
}

TEST(HeaderSearchTest, ALongHeaderIsALongLine) {
  ByteBuffer bytes;
  bytes.Append(std::string(kHeader) + "\n" + std::string(kHeader) + "\n");
  HeaderSearch search;
  search.CountLongLines(5);
  for (int line = 0; line < 2; ++line) {
    EXPECT_EQ(search.Next(Whole(bytes, true), UINT64_MAX), Result::kFound);
    search.Pass();
  }
  EXPECT_EQ(search.Next(Whole(bytes, true), UINT64_MAX), Result::kNeedMore);
  EXPECT_EQ(search.long_lines(), 2U);
}

TEST(HeaderSearchTest, AnEmptyStreamHasNone) {
  HeaderSearch search;
  EXPECT_EQ(search.Next(Window{PaddedView(), 0, true}, UINT64_MAX), Result::kNeedMore);
  EXPECT_EQ(search.line(), 0U);
}

}  // namespace
}  // namespace sparktail
