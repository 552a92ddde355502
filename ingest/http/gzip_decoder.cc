#include "ingest/http/gzip_decoder.h"

#include <algorithm>
#include <array>

namespace sparktail {
namespace {

constexpr int kGzipOnly = 16;  // added to the bits of the window

}  // namespace

GzipDecoder::GzipDecoder() { is_ready_ = inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK; }

GzipDecoder::~GzipDecoder() {
  if (is_ready_) inflateEnd(&stream_);
}

GzipDecoder::Result GzipDecoder::Decode(std::string_view piece, size_t most_bytes,
                                        std::string* out) {
  if (!is_ready_) return Result::kInvalid;
  std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream_.avail_in = static_cast<uInt>(piece.size());
  do {
    // A gzip file may have several members; the decoder is reset for each.
    if (at_end_ && (stream_.avail_in == 0 || inflateReset(&stream_) != Z_OK)) break;
    at_end_ = false;
    stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_.avail_out = buffer.size();
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return Result::kInvalid;
    const size_t size = buffer.size() - stream_.avail_out;
    const size_t room = most_bytes - std::min(most_bytes, out->size());
    out->append(buffer.data(), std::min(size, room));
    if (size > room) return Result::kTooLarge;
    at_end_ = code == Z_STREAM_END;
  } while (stream_.avail_in > 0 || stream_.avail_out == 0);
  return Result::kOk;
}

}  // namespace sparktail
