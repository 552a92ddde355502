#pragma once

#include <string>

namespace sparktail {

// "/var/lib/x" for "/var/lib/x/events.ndjson", and "." for "events.ndjson".
std::string ParentDirectory(const std::string& path);
// "events.ndjson" for "/var/lib/x/events.ndjson".
std::string FileName(const std::string& path);

}  // namespace sparktail
