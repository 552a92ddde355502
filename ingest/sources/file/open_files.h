#pragma once

#include <cstdint>

#include "ingest/base/os.h"

namespace sparktail {

// Whether another process that this one can see (/proc) has the file open for writing; who only
// reads it, as `tail -f`, does not count. What can't be looked into counts as not having it.
bool IsOpenElsewhere(Os* os, uint64_t device, uint64_t inode);

}  // namespace sparktail
