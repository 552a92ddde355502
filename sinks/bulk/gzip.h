#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

namespace sparktail {

// Compresses request bodies, one after the other (RFC 1952). Not thread safe.
class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  // Begins a body that Feed() and End() append to *out, which must stay valid until End().
  void Begin(std::string* out);
  void Feed(std::string_view bytes);
  void End();

 private:
  void Run(int flush);

  z_stream stream_{};
  std::string* out_ = nullptr;
};

}  // namespace sparktail
