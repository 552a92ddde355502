#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sparktail {

// Names that log rotation gives to older files, in the directory of the file `base`:
//   driver.log.1  driver.log-20261121  0.log.20261121-103000  app-2026-11-21-1.log
// What is added must be of digits and . - _ T Z : only. Compressed ones do not count.
bool IsRotatedName(std::string_view base, std::string_view name);

// All names of which `name` may be a rotated one: "driver.log" of "driver.log.1".
std::vector<std::string> RotatedFrom(std::string_view name);

// The same where a mistake would read another application's log: app-1.log may be one, while
// app.log.1 and app-20261121.log are rotated.
bool IsCertainlyRotated(std::string_view base, std::string_view name);

// Which of two rotated files is the older one, by their names alone: it has the higher number
// (driver.log.2) or the earlier time (0.log.20261121-103000).
bool HasOlderName(std::string_view name, std::string_view other);

// Ends as archives do: .gz .bz2 .xz .zst .lz4 .snappy .Z .zip
bool IsCompressedName(std::string_view name);

}  // namespace sparktail
