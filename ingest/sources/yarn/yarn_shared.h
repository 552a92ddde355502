#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/sources/yarn/host_queue.h"
#include "ingest/sources/yarn/yarn_source_options.h"
#include "ingest/sources/yarn/yarn_tail.h"

namespace sparktail {

// State that the applications of one source share.
struct YarnShared {
  Os* os = nullptr;
  Log* log = nullptr;
  const YarnSourceOptions* options = nullptr;
  HostQueue* queue = nullptr;
  YarnTailMaker* tails = nullptr;
  std::string rm;  // URL of the active ResourceManager; empty: not known yet
  // Uniform between 0 and 1.
  double (*random)() = nullptr;

  uint64_t read_bytes = 0;
  uint64_t errors = 0;
  uint64_t shrunk = 0;  // reads of a log that was shorter than before

  // Applications do not send their requests at the same moments.
  absl::Duration Jittered(absl::Duration duration) const {
    return duration * (0.9 + 0.2 * random());
  }
};

}  // namespace sparktail
