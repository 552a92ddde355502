#pragma once

#include <absl/status/status.h>

#include <string>

#include "ingest/base/check_report.h"
#include "ingest/base/os.h"

// Checks of files that sparktail writes, for `sparktail check`.
namespace sparktail {

// Returns "; " and what a user can do about an error of writing a file; "" if that is unknown.
std::string WriteAdvice(const absl::Status& status);

// Creates a file in the directory, and deletes it.
absl::Status TryToWrite(const std::string& directory, Os* os);

// Reports if no file can be created in the directory: "cannot `deed` in …". Returns false then.
bool CheckDirectory(const std::string& subject, const std::string& deed,
                    const std::string& directory, Os* os, CheckReport* report);

// Reports the free space of the directory's disk, if the system knows it.
void CheckSpace(const std::string& subject, const std::string& directory, CheckReport* report);

// Reports whether the file can be appended to, or created, and the free space of its disk. Changes
// nothing. Returns false if it can't.
bool CheckOutputFile(const std::string& subject, const std::string& path, Os* os,
                     CheckReport* report);

}  // namespace sparktail
