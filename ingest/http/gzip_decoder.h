#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sparktail {

// Decodes a gzip-encoded body piece by piece. The size of the output is bounded, because a small
// body can decode to gigabytes.
class GzipDecoder {
 public:
  enum class Result : uint8_t {
    kOk,
    kTooLarge,  // the output exceeds most_bytes
    kInvalid,   // the input is not gzip, or is damaged
  };

  GzipDecoder();
  ~GzipDecoder();
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  // Decodes `piece` and appends the output to `out`, which never grows beyond `most_bytes`.
  Result Decode(std::string_view piece, size_t most_bytes, std::string* out);
  // True if the input so far ends at the end of a gzip member.
  bool is_complete() const { return at_end_; }

 private:
  z_stream stream_{};
  bool is_ready_ = false;
  bool at_end_ = false;
};

}  // namespace sparktail
