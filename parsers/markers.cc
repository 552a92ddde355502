#include "parsers/markers.h"

namespace sparktail {
namespace {

// The anchors were chosen by counting over real logs (an anchor that stands in every second line
// costs more than the whole search).
//
// Texts of Spark 2.1 to 4.3 and of Hadoop's YARN client. The message decides, not the logger:
// the same text comes from StreamExecution, MicroBatchExecution or ProgressReporter.
constexpr MarkerRule kRules[] = {
    {Marker::kProgress, RecordExtent::kJson, "Streaming query made progress: {", "mad", ""},
    {Marker::kIdle, RecordExtent::kLine,
     "Streaming query has been idle and waiting for new data more than ", "a m", ""},
    {Marker::kStarting, RecordExtent::kLine, " to store the query checkpoint.", "e q", "Starting "},
    {Marker::kResuming, RecordExtent::kLine, "Resuming at batch ", "umi", ""},
    {Marker::kResuming, RecordExtent::kLine, "Resuming streaming query, starting with batch ",
     "umi", ""},
    {Marker::kStopped, RecordExtent::kLine, "] was stopped", "] w", "Query "},
    {Marker::kTerminated, RecordExtent::kTrace, "] terminated with error", " er", "Query "},
    {Marker::kBanner, RecordExtent::kLine, "Running Spark version ", "k v", ""},
    {Marker::kAppName, RecordExtent::kLine, "Submitted application: ", " ap", ""},
    {Marker::kAttempt, RecordExtent::kLine, "ApplicationAttemptId: appattempt_", "nAt", ""},
    {Marker::kClusterMode, RecordExtent::kLine,
     "Starting the user application in a separate Thread", "e T", ""},
    {Marker::kYarnClient, RecordExtent::kLine, "Submitted application application_", " ap", ""},
    {Marker::kStandaloneApp, RecordExtent::kLine, "Connected to Spark cluster with app ID ", "p I",
     ""},
    {Marker::kEventLog, RecordExtent::kLine, "Logging events to ", "ogg", ""},
};

}  // namespace

std::span<const MarkerRule> MarkerRules() { return kRules; }

}  // namespace sparktail
