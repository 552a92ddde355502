#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <string_view>

#include "ingest/base/os.h"
#include "ingest/streams/source_kind.h"
#include "offsets/cursor.h"

// The functions of the row of `kind: file` for `sparktail offsets`.
namespace sparktail {

// Makes the source read the file again from `offset` of its content. kOutOfRange if the file has no
// such byte.
absl::Status MoveFileCursor(uint64_t offset, Os* os, Cursor* cursor);

// The lag is in bytes of the file, and unknown if the path leads to another file by now.
PositionSummary SummarizeFilePosition(std::string_view json, Os* os);

}  // namespace sparktail
