#include "sinks/measure.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

struct Figures {
  uint64_t events = 0;
  double seconds = 0;
};

constexpr MeasureOf<Figures> kMeasures[] = {
    {{"events_total", Measure::Type::kCounter, "", "Events"}, &Figures::events},
    {{"wait_seconds", Measure::Type::kGauge, "seconds", "Seconds"}, &Figures::seconds},
};

TEST(MeasureTest, ATableDescribesItsMeasuresInOrder) {
  const std::vector<Measure> measures = MeasuresIn(kMeasures);
  ASSERT_EQ(measures.size(), 2U);
  EXPECT_EQ(measures[0].name, "events_total");
  EXPECT_EQ(measures[0].type, Measure::Type::kCounter);
  EXPECT_EQ(measures[1].unit, "seconds");
}

TEST(MeasureTest, FiguresAreAddedToThoseOfAStatus) {
  SinkStatus status;
  status.measured.push_back({"before", 1});
  AddMeasures(kMeasures, Figures{7, 0.25}, &status);
  ASSERT_EQ(status.measured.size(), 3U);
  EXPECT_EQ(status.measured[1].name, "events_total");
  EXPECT_EQ(status.measured[1].value, 7);
  EXPECT_EQ(status.measured[2].value, 0.25);
}

}  // namespace
}  // namespace sparktail
