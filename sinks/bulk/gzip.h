#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace sparktail {

// Compresses requests, one after the other (RFC 1952). One thread.
class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  // What is fed from now on goes to *out, which must live until End().
  void Begin(std::string* out);
  void Feed(std::string_view bytes);
  void End();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sparktail
