#pragma once

namespace sparktail {

enum class ExitCode {
  kOk = 0,
  kFailed = 1,       // something could not be read or delivered
  kWrongUsage = 2,   // command line or configuration
  kDeadLetters = 3,  // finished, but something is in the dead letters
};

}  // namespace sparktail
