#include "sinks/bulk/gzip.h"

#include <absl/base/optimization.h>
#include <zlib.h>

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

struct Gzip::State {
  z_stream stream{};
  std::string* out = nullptr;

  void Run(int flush);
};

Gzip::Gzip() : state_(std::make_unique<State>()) {
  const int result =
      deflateInit2(&state_->stream, kLevel, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY);
  if (result != Z_OK) throw std::bad_alloc();
}

Gzip::~Gzip() { deflateEnd(&state_->stream); }

void Gzip::Begin(std::string* out) {
  deflateReset(&state_->stream);
  state_->out = out;
}

void Gzip::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t size = std::min<size_t>(bytes.size(), std::numeric_limits<uInt>::max());
    // zlib does not write to the input, though its pointer is not const.
    state_->stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    state_->stream.avail_in = static_cast<uInt>(size);
    state_->Run(Z_NO_FLUSH);
    bytes.remove_prefix(size);
  }
}

void Gzip::End() {
  state_->stream.next_in = nullptr;
  state_->stream.avail_in = 0;
  state_->Run(Z_FINISH);
  state_->out = nullptr;
}

void Gzip::State::Run(int flush) {
  do {
    const size_t size = out->size();
    out->resize(size + kOutputStep);
    stream.next_out = reinterpret_cast<Bytef*>(out->data() + size);
    stream.avail_out = kOutputStep;
    deflate(&stream, flush);
    out->resize(size + kOutputStep - stream.avail_out);
  } while (stream.avail_out == 0);
}

}  // namespace sparktail
