#include "sinks/bulk/gzip.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>

namespace sparktail {
namespace {

// Documents are repetitive: higher levels save little, for several times the CPU.
constexpr int kLevel = 1;
constexpr int kGzipWindow = 15 + 16;
constexpr int kMemory = 8;
constexpr size_t kOutputStep = size_t{64} << 10;

}  // namespace

Gzip::Gzip() {
  const int result =
      deflateInit2(&stream_, kLevel, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY);
  if (result != Z_OK) throw std::bad_alloc();
}

Gzip::~Gzip() { deflateEnd(&stream_); }

void Gzip::Begin(std::string* out) {
  deflateReset(&stream_);
  out_ = out;
}

void Gzip::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t size = std::min<size_t>(bytes.size(), std::numeric_limits<uInt>::max());
    // zlib does not write to the input, though its pointer is not const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(size);
    Run(Z_NO_FLUSH);
    bytes.remove_prefix(size);
  }
}

void Gzip::End() {
  stream_.next_in = nullptr;
  stream_.avail_in = 0;
  Run(Z_FINISH);
  out_ = nullptr;
}

void Gzip::Run(int flush) {
  do {
    const size_t size = out_->size();
    out_->resize(size + kOutputStep);
    stream_.next_out = reinterpret_cast<Bytef*>(out_->data() + size);
    stream_.avail_out = kOutputStep;
    deflate(&stream_, flush);
    out_->resize(size + kOutputStep - stream_.avail_out);
  } while (stream_.avail_out == 0);
}

}  // namespace sparktail
