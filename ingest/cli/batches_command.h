#pragma once

#include <absl/time/time.h>

#include <string>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/cli/command.h"
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

Finish<BatchesCommand> AddBatches(CLI::App* app);

// Prints the finished batches of DStreams, one line each: when the batch began (UTC), its
// processing time and its scheduling delay in seconds. Without `follow`, then prints the summary of
// Spark's Streaming tab: the distribution of these and of the total delay, and the receivers. With
// `follow`, waits for further batches until a signal stops it. kFailed: the driver does not
// respond.
ExitCode RunBatches(const BatchesCommand& command, Os* os);

// The parts of the output.
std::string BatchLine(const SparkBatch& batch);
std::string BatchSummary(const std::vector<SparkBatch>& batches);
std::string ReceiverLines(const std::vector<SparkReceiver>& receivers);

}  // namespace sparktail
