#include "sinks/bulk/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace sparktail {
namespace {

std::string Gunzip(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string text(size_t{16} << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

TEST(GzipTest, RequestsOneAfterTheOther) {
  Gzip gzip;
  for (const std::string& text : {std::string(), std::string("short"), std::string(1 << 20, 'x')}) {
    std::string out;
    gzip.Begin(&out);
    gzip.Feed(text);
    gzip.End();
    EXPECT_EQ(Gunzip(out), text);
  }
}

TEST(GzipTest, PiecesMakeOne) {
  Gzip gzip;
  std::string text;
  std::string out;
  gzip.Begin(&out);
  unsigned noise = 1;
  for (int i = 0; i < 5000; ++i) {
    std::string piece;
    for (int n = 0; n < 100; ++n) piece += static_cast<char>(noise = noise * 1664525 + 1013904223);
    gzip.Feed(piece);
    text += piece;
  }
  gzip.End();
  EXPECT_EQ(Gunzip(out), text);
}

// A body that was not finished, as after an error, does not spoil the next.
TEST(GzipTest, CanBeginAgain) {
  Gzip gzip;
  std::string first;
  gzip.Begin(&first);
  gzip.Feed("never ended");
  std::string out;
  gzip.Begin(&out);
  gzip.Feed("whole");
  gzip.End();
  EXPECT_EQ(Gunzip(out), "whole");
}

}  // namespace
}  // namespace sparktail
