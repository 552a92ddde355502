#pragma once

#include "ingest/base/check_report.h"
#include "ingest/streams/source_kind.h"

namespace sparktail {

// Asks the ResourceManagers which of them is active, and which applications run. For each chosen
// application, asks its driver for the deploy mode and its NodeManager for the log.
void CheckYarnSource(const SourceConfiguration& source, const CheckParts& parts,
                     CheckReport* report);

}  // namespace sparktail
