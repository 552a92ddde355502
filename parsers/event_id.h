#pragma once

#include <array>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace sparktail {

// 32 hex digits.
using EventId = std::array<char, 32>;

inline std::string_view View(const EventId& id) { return {id.data(), id.size()}; }

// XXH3-128 with seed 0, in canonical (big-endian) form, of the fields joined by '\n'. The id of
// an event comes from its content alone, so the same event read twice has one id.
EventId MakeEventId(std::initializer_list<std::string_view> fields);

// The hash of a stream's first line, which names the stream where nothing better does: the line
// without its "\n" or "\r\n". It is fed in pieces, since the line may be of any length.
class FirstLineHash {
 public:
  FirstLineHash();
  // Takes up a hash that was complete.
  explicit FirstLineHash(std::string_view hex);
  FirstLineHash(FirstLineHash&&) noexcept;
  FirstLineHash& operator=(FirstLineHash&&) noexcept;
  ~FirstLineHash();

  // Reads on from where the last call ended, until the line does. A line that never ends has no
  // hash.
  void Feed(std::string_view text);
  bool complete() const { return !hex_.empty(); }
  // Empty until complete.
  const std::string& hex() const { return hex_; }

 private:
  void Finish();

  struct State;
  std::unique_ptr<State> state_;  // freed when complete
  std::string hex_;
};

}  // namespace sparktail
