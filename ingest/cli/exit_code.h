#pragma once

namespace sparktail {

enum class ExitCode {
  kOk = 0,
  kFailed = 1,       // something could not be read or delivered
  kWrongUsage = 2,   // the command line or the configuration is wrong
  kDeadLetters = 3,  // finished, but some events are in the dead letters
};

}  // namespace sparktail
