#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sparktail {

// Returns at most `max_size` bytes of `text`, with control bytes and bytes that are not UTF-8
// replaced. For terminals: a log must not control them.
std::string Printable(std::string_view text, size_t max_size);

}  // namespace sparktail
