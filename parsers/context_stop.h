#pragma once

#include <cstddef>
#include <string_view>

namespace sparktail {

// How many bytes of a log's end hold the driver's last words.
inline constexpr size_t kContextStopSize = size_t{64} << 10;

// True if the driver's log says that its SparkContext has stopped. `end` is the log's end, at most
// kContextStopSize bytes of it and in one piece: words that two reads of the log have cut are
// found only if both are in it.
bool SaysThatContextStopped(std::string_view end);

}  // namespace sparktail
