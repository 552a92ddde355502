#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sparktail {

// Decodes a gzip-encoded body piece by piece, never to more than it may be: a small body can decode
// to anything.
class GzipDecoder {
 public:
  enum class Result : uint8_t {
    kOk,
    kTooLarge,  // there is more than most_bytes
    kInvalid,   // it is no gzip, or damaged
  };

  GzipDecoder();
  ~GzipDecoder();
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  // Appends to `out` what `piece` gives, until `out` has most_bytes.
  Result Decode(std::string_view piece, size_t most_bytes, std::string* out);
  // What came so far is whole: not cut in the midst of a member.
  bool is_complete() const { return at_end_; }

 private:
  z_stream stream_{};
  bool is_ready_ = false;
  bool at_end_ = false;
};

}  // namespace sparktail
