#pragma once

#include <string_view>

#include "ingest/base/log.h"
#include "ingest/base/os.h"

namespace sparktail {

// The log of short-lived commands: writes warnings and errors, printable, one line each, to
// standard error. Thread-safe.
class ErrorLog : public Log {
 public:
  explicit ErrorLog(Os* os) : os_(os) {}
  void Write(Level level, std::string_view what, std::string_view message) override;

 private:
  Os* os_;
};

}  // namespace sparktail
