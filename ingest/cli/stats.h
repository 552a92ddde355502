#pragma once

#include <string>

#include "parsers/event.h"

namespace sparktail {

// What --stats prints: a line for each figure, `name: value`. `seconds` is wall time.
std::string FormatStats(const ParserStats& stats, double seconds);

}  // namespace sparktail
