#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sparktail {

// Returns the candidate that is most similar to a mistyped word; empty if none is similar.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace sparktail
