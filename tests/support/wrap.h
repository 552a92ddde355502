#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/unwrapper.h"

namespace sparktail::testing {

// How container runtimes store what a container writes. A converter: it writes what containerd,
// CRI-O and Docker would have, of text that it is given.
struct WrapOptions {
  Wrapping wrapping = Wrapping::kCri;
  // Longer lines are stored in parts of so many bytes: 16 KiB in containerd and Docker, 8 KiB in
  // CRI-O. The cut may split a character.
  size_t part = size_t{16} << 10;
  // Docker: other order of keys, and attrs.
  bool unusual = false;
};

// Stores what was written to both streams, `next` telling before each part whether it is one of
// stderr; when one stream has no more, the other one goes on.
std::string Wrap(std::string_view standard_output, std::string_view standard_error,
                 const WrapOptions& options, const std::function<bool()>& next);

// Of one stream only.
std::string Wrap(std::string_view standard_error, const WrapOptions& options);

}  // namespace sparktail::testing
