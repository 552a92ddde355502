#include "parsers/markers.h"

namespace sparktail {
namespace {

// The anchors were chosen by counting in real logs: an anchor that is in every second line costs
// more than the whole search.
//
// The texts are those of Spark 2.1 to 4.3 and of Hadoop's YARN client. The message decides, not the
// logger, because StreamExecution, MicroBatchExecution and ProgressReporter log the same texts.
constexpr MarkerRule kRules[] = {
    {Marker::kProgress, RecordExtent::kJson, "Streaming query made progress: {", "mad", "", false},
    {Marker::kIdle, RecordExtent::kLine,
     "Streaming query has been idle and waiting for new data more than ", "a m", "", false},
    {Marker::kStarting, RecordExtent::kLine, " to store the query checkpoint.", "e q", "Starting ",
     true},
    {Marker::kResuming, RecordExtent::kLine, "Resuming at batch ", "umi", "", false},
    {Marker::kResuming, RecordExtent::kLine, "Resuming streaming query, starting with batch ",
     "umi", "", false},
    {Marker::kStopped, RecordExtent::kLine, "] was stopped", "] w", "Query ", true},
    {Marker::kTerminated, RecordExtent::kTrace, "] terminated with error", " er", "Query ", true},
    {Marker::kBanner, RecordExtent::kLine, "Running Spark version ", "k v", "", false},
    {Marker::kAppName, RecordExtent::kLine, "Submitted application: ", " ap", "", false},
    {Marker::kAttempt, RecordExtent::kLine, "ApplicationAttemptId: appattempt_", "nAt", "", false},
    {Marker::kClusterMode, RecordExtent::kLine,
     "Starting the user application in a separate Thread", "e T", "", false},
    {Marker::kYarnClient, RecordExtent::kLine, "Submitted application application_", " ap", "",
     false},
    {Marker::kStandaloneApp, RecordExtent::kLine, "Connected to Spark cluster with app ID ", "p I",
     ""},
    {Marker::kEventLog, RecordExtent::kLine, "Logging events to ", "ogg", "", false},
};

}  // namespace

std::span<const MarkerRule> MarkerRules() { return kRules; }

}  // namespace sparktail
