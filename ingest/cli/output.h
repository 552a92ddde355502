#pragma once

#include <string>
#include <string_view>

namespace sparktail {

// The same JSON with control characters that JSON allows in strings (DEL, and C1 in UTF-8) escaped:
// documents that go to a terminal must not command it.
std::string EscapeControls(std::string_view json);

}  // namespace sparktail
