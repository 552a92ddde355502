#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace sparktail {

// What `sparktail setup` and `sparktail check` found, or changed, of one thing on a server: a
// sentence for the user. Bytes of it that come from outside are not escaped.
struct Finding {
  enum class Verdict : uint8_t {
    kOk,
    kDoubt,   // it works, but maybe not as it is meant
    kBroken,  // it does not; the text says what to do
  };

  static Finding Ok(std::string text) { return {Verdict::kOk, std::move(text)}; }
  static Finding Doubt(std::string text) { return {Verdict::kDoubt, std::move(text)}; }
  static Finding Broken(std::string text) { return {Verdict::kBroken, std::move(text)}; }

  Verdict verdict = Verdict::kOk;
  std::string text;
};

}  // namespace sparktail
