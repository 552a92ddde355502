#pragma once

#include <ostream>
#include <string_view>

#include "offsets/stream_key.h"

// Lets tests compare the keys of streams with their texts, and print them.
namespace sparktail {

inline bool operator==(const StreamKey& key, std::string_view text) { return key.text() == text; }
inline void PrintTo(const StreamKey& key, std::ostream* out) { *out << '"' << key.text() << '"'; }

}  // namespace sparktail
