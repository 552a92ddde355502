#include "ingest/cli/batches_command.h"

#include <gtest/gtest.h>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::ReadFile;

SparkBatch Batch(int64_t time, int64_t scheduling, int64_t processing) {
  SparkBatch batch;
  batch.time = time;
  batch.status = "completed";
  batch.scheduling_delay = scheduling;
  batch.processing = processing;
  batch.total_delay = scheduling + processing;
  return batch;
}

TEST(BatchesCommandTest, ThreeColumns) {
  EXPECT_EQ(BatchLine(Batch(1795276745000, 3783837, 3991)), "15:59:05 3.991 3783.837\n");
  SparkBatch unknown;
  unknown.time = 0;
  EXPECT_EQ(BatchLine(unknown), "00:00:00 - -\n");
}

TEST(BatchesCommandTest, DistributionsAsInSparksTab) {
  EXPECT_EQ(BatchSummary({Batch(0, 1, 100), Batch(1, 2, 200), Batch(2, 3, 300), Batch(3, 4, 400)}),
            "\nseconds                  min         25%      median         75%         max\n"
            "processing time        0.100       0.200       0.300       0.400       0.400\n"
            "scheduling delay       0.001       0.002       0.003       0.004       0.004\n"
            "total delay            0.101       0.202       0.303       0.404       0.404\n");
  EXPECT_NE(BatchSummary({}).find("processing time            -\n"), std::string::npos);
}

TEST(BatchesCommandTest, Receivers) {
  const auto receivers = ParseReceivers(ReadFile(DataPath("yarn/ds-streaming_receivers.body")));
  EXPECT_EQ(ReceiverLines(*receivers), "\nreceiver Queue stream [0]: not active, 0.00 records/s\n");
  EXPECT_EQ(ReceiverLines({}), "");
}

}  // namespace
}  // namespace sparktail
