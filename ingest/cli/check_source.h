#pragma once

#include "ingest/base/os.h"
#include "ingest/cli/check_report.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// Looks for the files of a source, and at the beginning of each: can it be read, is it a driver's
// log in a layout that is known, is INFO on, is its clock that of the configuration.
void CheckSource(const SourceConfiguration& source, Os* os, CheckReport* report);

}  // namespace sparktail
