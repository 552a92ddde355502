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

// Returns the XXH3-128 with seed 0, in canonical (big-endian) form, of the fields joined by '\n'.
// The id of an event depends on its content alone, so an event that is read twice has one id.
EventId MakeEventId(std::initializer_list<std::string_view> fields);

// The hash of a stream's first line without its "\n" or "\r\n". It names the stream where nothing
// better does. It is fed in pieces, because the line may have any length.
class FirstLineHash {
 public:
  FirstLineHash();
  // Restores a complete hash.
  explicit FirstLineHash(std::string_view hex);
  FirstLineHash(FirstLineHash&&) noexcept;
  FirstLineHash& operator=(FirstLineHash&&) noexcept;
  ~FirstLineHash();

  // Adds the next bytes of the stream; those after the first line are ignored. A line that never
  // ends has no hash.
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
