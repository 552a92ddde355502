#pragma once

#include "ingest/base/check_report.h"
#include "ingest/streams/source_kind.h"

namespace sparktail {

// Finds the files of a source and examines the beginning of each: can it be read, is it a driver's
// log in a known layout, is INFO on, is its time zone the configured one.
void CheckFileSource(const SourceConfiguration& source, const CheckParts& parts,
                     CheckReport* report);

}  // namespace sparktail
