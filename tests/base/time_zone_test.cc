#include "ingest/base/time_zone.h"

#include <gtest/gtest.h>

#include <string>

namespace sparktail {
namespace {

TEST(TimeZoneTest, NamesOfTheDatabaseAreFound) {
  EXPECT_EQ(FindTimeZone("UTC"), absl::UTCTimeZone());
  for (const char* name : {"Europe/Madrid", "America/Argentina/Buenos_Aires", "Etc/GMT+5"}) {
    const std::optional<absl::TimeZone> zone = FindTimeZone(name);
    ASSERT_TRUE(zone) << name;
    EXPECT_EQ(zone->name(), name);
  }
}

TEST(TimeZoneTest, AnythingElseIsNot) {
  for (const char* name : {"", "Europe/Atlantis", "/etc/localtime", "../zoneinfo/UTC", "file:/x",
                           ":UTC", "Europe Madrid", "Europe/Madrid\n"}) {
    EXPECT_FALSE(FindTimeZone(name)) << name;
  }
  EXPECT_FALSE(FindTimeZone(std::string(100, 'A')));
}

}  // namespace
}  // namespace sparktail
