#pragma once

#include <string>
#include <string_view>

namespace sparktail {

// Appends the text of HTML that a NodeManager has written. Replaces the 252 named entities of HTML
// 4 by their characters and leaves everything else as it is, so the result is the escaped text byte
// by byte.
void AppendHtmlText(std::string_view html, std::string* out);

}  // namespace sparktail
