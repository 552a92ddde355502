#pragma once

namespace sparktail {

// Each followed file needs a descriptor: allows this process as many as it may have. Returns the
// first of those that are kept back for sinks, scans and connections: from it on 64 are free, or
// half of them all if they are few. Those that whoever started this process has left open are not.
int RaiseFileLimit();

}  // namespace sparktail
