#pragma once

namespace sparktail {

// Raises the limit of open files to the maximum, since each followed file needs a descriptor.
// Returns the first descriptor that is reserved for sinks, scans and connections: 64 descriptors
// from there on are free, or half of all if there are few. Descriptors that this process inherited
// count as used.
int RaiseFileLimit();

}  // namespace sparktail
