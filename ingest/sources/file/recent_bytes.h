#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "ingest/sources/file/file_position.h"

namespace sparktail {

// The last bytes of a file that have passed, as many as a marker covers.
class RecentBytes {
 public:
  // `bytes` follow those before.
  void Add(std::string_view bytes);

  std::string_view view() const { return {last_.data(), size_}; }
  // The marker of the place after `bytes`, which follow those before but are not added.
  Fingerprint MarkerAfter(std::string_view bytes) const;

 private:
  std::array<char, kMarkerSize> last_{};
  size_t size_ = 0;
};

}  // namespace sparktail
