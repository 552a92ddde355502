#pragma once

#include <string>
#include <string_view>

namespace sparktail {

// Appends the text that stands in HTML as a NodeManager writes it: the 252 named entities of HTML 4
// are undone, nothing else is one. Text that has been escaped comes back byte by byte.
void AppendHtmlText(std::string_view html, std::string* out);

}  // namespace sparktail
