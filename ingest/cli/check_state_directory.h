#pragma once

#include <string>

#include "ingest/base/check_report.h"
#include "ingest/base/os.h"

namespace sparktail {

// Reports whether the directory of cursors and dead letters can be written to, or created, and
// whether the cursors in it can be read. Changes nothing.
void CheckStateDirectory(const std::string& path, Os* os, CheckReport* report);

}  // namespace sparktail
