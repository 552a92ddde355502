#pragma once

#include <string>
#include <string_view>

namespace sparktail {

// "/var/lib/x" for "/var/lib/x/events.ndjson", and "." for "events.ndjson".
std::string ParentDirectory(const std::string& path);
// "events.ndjson" for "/var/lib/x/events.ndjson".
std::string FileName(const std::string& path);
// The path of the file `name` in `directory`: the reverse of the functions above.
std::string PathIn(const std::string& directory, std::string_view name);

}  // namespace sparktail
