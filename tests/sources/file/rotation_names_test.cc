#include "ingest/sources/file/rotation_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sparktail {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RotationNamesTest, NumbersAndStampsAreOfTheSameLog) {
  for (const char* name :
       {"driver.log.1", "driver.log.25", "driver.log-20261121", "driver.log.2026-11-21",
        "driver.log.20261121-103000", "driver.log.2026-11-21T10:30:00Z", "driver.log_1",
        "driver-1.log", "driver.1.log", "driver-2026-11-21-1.log", "driver_20261121.log"}) {
    EXPECT_TRUE(IsRotatedName("driver.log", name)) << name;
  }
  EXPECT_TRUE(IsRotatedName("0.log", "0.log.20261121-103000"));
  EXPECT_TRUE(IsRotatedName("stderr", "stderr.1"));
  EXPECT_TRUE(IsRotatedName("stderr", "stderr-20261121"));
}

TEST(RotationNamesTest, OtherFilesOfTheDirectoryAreNot) {
  for (const char* name :
       {"driver.log", "driver.lo", "driver.log.", "driver.log..", "driver.log.-_", "driver.log1",
        "driver.log.1.gz", "driver.log.old", "driver.log~", "driver.log.1.tmp", "driver2.log",
        "other.log.1", "driver.log.v2", "xdriver.log.1", "driver-.log", "driver-one.log",
        "driver-1.txt", ""}) {
    EXPECT_FALSE(IsRotatedName("driver.log", name)) << name;
  }
  EXPECT_FALSE(IsRotatedName("stderr", "stdout.1"));
  EXPECT_FALSE(IsRotatedName(".log", "1.log"));
}

TEST(RotationNamesTest, ARotatedNameHasItsBases) {
  EXPECT_THAT(RotatedFrom("driver.log.1"), ElementsAre("driver.log"));
  EXPECT_THAT(RotatedFrom("0.log.20261121-103000"), Contains("0.log"));
  EXPECT_THAT(RotatedFrom("app-2026-11-21-1.log"), Contains("app.log"));
  EXPECT_THAT(RotatedFrom("stderr-20261121"), ElementsAre("stderr"));
  EXPECT_THAT(RotatedFrom("driver.log"), IsEmpty());
  EXPECT_THAT(RotatedFrom("driver.log.gz"), IsEmpty());
  EXPECT_THAT(RotatedFrom(""), IsEmpty());
  for (const std::string base : {"driver.log", "0.log", "stderr", "app-1.2-x.log", "a_b"}) {
    for (const std::string stamp : {".1", "-20261121", ".2026-11-21T10:30:00Z", "_7", ".1.2"}) {
      const std::string behind = base + stamp;
      EXPECT_THAT(RotatedFrom(behind), Contains(base)) << behind;
      const size_t dot = base.rfind('.');
      if (dot == std::string::npos) continue;
      const std::string within = base.substr(0, dot) + stamp + base.substr(dot);
      EXPECT_THAT(RotatedFrom(within), Contains(base)) << within;
    }
  }
}

TEST(RotationNamesTest, TheOlderOneIsKnownByNumberOrTime) {
  const struct {
    const char* older;
    const char* newer;
  } kCases[] = {{"driver.log.2", "driver.log.1"},
                {"driver.log.10", "driver.log.9"},
                {"driver.log.010", "driver.log.9"},
                {"app-12.log", "app-3.log"},
                {"driver.log-20261120", "driver.log-20261121"},
                {"0.log.20261121-103000", "0.log.20261121-103001"},
                {"0.log.20261121-105959", "0.log.20261121-110000"}};
  for (const auto& [older, newer] : kCases) {
    EXPECT_TRUE(HasOlderName(older, newer)) << older;
    EXPECT_FALSE(HasOlderName(newer, older)) << older;
    EXPECT_FALSE(HasOlderName(older, older)) << older;
  }
}

TEST(RotationNamesTest, CompressedOnesAreKnownByTheirEnding) {
  for (const char* name : {"a.gz", "a.1.bz2", "a.xz", "a.zst", "a.lz4", "a.snappy", "a.Z", "a.zip"})
    EXPECT_TRUE(IsCompressedName(name)) << name;
  for (const char* name : {"a", "a.log", "a.gz.log", "gz", "a.1", ""})
    EXPECT_FALSE(IsCompressedName(name)) << name;
}

}  // namespace
}  // namespace sparktail
