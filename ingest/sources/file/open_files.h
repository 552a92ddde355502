#pragma once

#include <cstdint>

#include "ingest/base/os.h"

namespace sparktail {

// True if another process has the file open for writing, as far as /proc shows. Readers such as
// `tail -f` do not count. Processes that cannot be inspected count as not having the file open.
bool IsOpenElsewhere(Os* os, uint64_t device, uint64_t inode);

}  // namespace sparktail
