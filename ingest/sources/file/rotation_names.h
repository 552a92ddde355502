#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sparktail {

// True if `name` is one that log rotation gives to older files of `base`:
//   driver.log.1  driver.log-20261121  0.log.20261121-103000  app-2026-11-21-1.log
// The added part consists of digits and . - _ T Z : only. Compressed files do not count.
bool IsRotatedName(std::string_view base, std::string_view name);

// All names that `name` may be a rotated form of: "driver.log" for "driver.log.1".
std::vector<std::string> RotatedFrom(std::string_view name);

// Like IsRotatedName(), but true only if `name` cannot be the log of another application: app-1.log
// may be one, while app.log.1 and app-20261121.log are certainly rotated.
bool IsCertainlyRotated(std::string_view base, std::string_view name);

// True if, of two rotated files, `name` is the older one, judged by the names alone: it has the
// higher number (driver.log.2) or the earlier time (0.log.20261121-103000).
bool HasOlderName(std::string_view name, std::string_view other);

// True if the name ends with .gz .bz2 .xz .zst .lz4 .snappy .Z or .zip.
bool IsCompressedName(std::string_view name);

}  // namespace sparktail
