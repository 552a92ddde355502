#pragma once

#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/cli/check_report.h"
#include "ingest/pipeline/configuration.h"
#include "sinks/opensearch/finding.h"

namespace sparktail {

// Can the sink deliver? Changes nothing that is there.
void CheckSink(const SinkConfiguration& sink, Os* os, Log* log, CheckReport* report);

// The same of the directory of cursors and dead letters, which `run` makes if it is missing, …
void CheckStateDirectory(const std::string& path, Os* os, CheckReport* report);

// … and of a file to which lines are appended.
void CheckOutputFile(const std::string& subject, const std::string& path, Os* os,
                     CheckReport* report);

// What a sink has found out itself.
void AddFindings(const std::string& subject, const std::vector<Finding>& findings,
                 CheckReport* report);

}  // namespace sparktail
