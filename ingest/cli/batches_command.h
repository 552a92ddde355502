#pragma once

#include <absl/time/time.h>

#include <string>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/cli/exit_code.h"
#include "ingest/sources/yarn/driver_api.h"

namespace sparktail {

// sparktail batches --master HOST[:PORT] --application-id ID [--follow]
struct BatchesCommand {
  std::vector<std::string> masters;  // addresses of ResourceManagers: http://rm1:8088
  std::string application;
  bool follow = false;
  absl::Duration interval = absl::Seconds(5);
};

// Prints the batches of DStreams that have ended, a line each: when the batch began (UTC), its
// processing time and its scheduling delay in seconds. Then, unless it follows, what Spark's
// Streaming tab shows: the distribution of these and of the total delay, and the receivers. With
// `follow` it goes on until a signal ends it. kFailed if the driver does not answer.
ExitCode RunBatches(const BatchesCommand& command, Os* os);

// The pieces of what it prints.
std::string BatchLine(const SparkBatch& batch);
std::string BatchSummary(const std::vector<SparkBatch>& batches);
std::string ReceiverLines(const std::vector<SparkReceiver>& receivers);

}  // namespace sparktail
