#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sparktail {

// The candidate that is nearest to a mistyped word; empty if none is near.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace sparktail
