#include "parsers/markers.h"

namespace sparktail {
namespace {

// Texts of Spark 2.1 to 4.3 and of Hadoop's YARN client. The message decides, not the logger:
// the same text comes from StreamExecution, MicroBatchExecution or ProgressReporter.
constexpr MarkerRule kRules[] = {
    {Marker::kProgress, RecordExtent::kJson, "Streaming query made progress: {", ""},
    {Marker::kIdle, RecordExtent::kLine,
     "Streaming query has been idle and waiting for new data more than ", ""},
    {Marker::kStarting, RecordExtent::kLine, " to store the query checkpoint.", "Starting "},
    {Marker::kResuming, RecordExtent::kLine, "Resuming at batch ", ""},
    {Marker::kResuming, RecordExtent::kLine, "Resuming streaming query, starting with batch ", ""},
    {Marker::kStopped, RecordExtent::kLine, "] was stopped", "Query "},
    {Marker::kTerminated, RecordExtent::kTrace, "] terminated with error", "Query "},
    {Marker::kBanner, RecordExtent::kLine, "Running Spark version ", ""},
    {Marker::kAppName, RecordExtent::kLine, "Submitted application: ", ""},
    {Marker::kAttempt, RecordExtent::kLine, "ApplicationAttemptId: appattempt_", ""},
    {Marker::kClusterMode, RecordExtent::kLine,
     "Starting the user application in a separate Thread", ""},
    {Marker::kYarnClient, RecordExtent::kLine, "Submitted application application_", ""},
    {Marker::kStandaloneApp, RecordExtent::kLine, "Connected to Spark cluster with app ID ", ""},
    {Marker::kEventLog, RecordExtent::kLine, "Logging events to ", ""},
};

}  // namespace

std::span<const MarkerRule> MarkerRules() { return kRules; }

}  // namespace sparktail
