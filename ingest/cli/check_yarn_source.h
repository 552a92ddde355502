#pragma once

#include "ingest/base/log.h"
#include "ingest/cli/check_report.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// Asks the ResourceManagers which of them is active, and which applications there are; of each that
// is chosen, its driver for the deploy mode, and its NodeManager for the log.
void CheckYarnSource(const SourceConfiguration& source, Log* log, CheckReport* report);

}  // namespace sparktail
