#include "sinks/sqlite/history_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sinks/sqlite/schema.h"
#include "tests/support/faulty_os.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;

TEST(HistoryFile, IdsIdentifyAHistory) {
  const testing::TempDir folder;
  testing::FaultyOs os;
  const std::string path = folder / "history.db";
  absl::StatusOr<Database> database = Database::Open(&os, path, {});
  ASSERT_TRUE(database.ok());
  EXPECT_FALSE(IsHistory(&*database, path).value()) << "it is empty";

  ASSERT_TRUE(database->Execute("CREATE TABLE mine (x)").ok());
  const absl::Status foreign = IsHistory(&*database, path).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(foreign));
  EXPECT_THAT(std::string(foreign.message()), HasSubstr(path + " is a database of another"));

  const std::string id = "PRAGMA application_id = " + std::to_string(kHistoryApplicationId);
  const std::string version = "PRAGMA user_version = " + std::to_string(kHistoryVersion);
  ASSERT_TRUE(database->Execute(id.c_str()).ok());
  ASSERT_TRUE(database->Execute(version.c_str()).ok());
  EXPECT_TRUE(IsHistory(&*database, path).value());

  ASSERT_TRUE(database->Execute("PRAGMA user_version = 99").ok());
  const absl::Status newer = IsHistory(&*database, path).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(newer));
  EXPECT_THAT(std::string(newer.message()), HasSubstr("newer version of sparktail (its schema is"));
}

TEST(HistoryFile, OnlyDamageIsAdvisedOn) {
  const absl::Status damaged = AdviseOnHistory(absl::DataLossError("malformed"), "/h.db");
  EXPECT_TRUE(absl::IsDataLoss(damaged));
  EXPECT_THAT(std::string(damaged.message()), HasSubstr("malformed: the history is damaged; move"));
  EXPECT_THAT(std::string(damaged.message()), HasSubstr("`sqlite3 /h.db .recover`"));
  const absl::Status busy = absl::UnavailableError("locked");
  EXPECT_EQ(AdviseOnHistory(busy, "/h.db"), busy);
  EXPECT_TRUE(AdviseOnHistory(absl::OkStatus(), "/h.db").ok());
}

TEST(HistoryFile, TimesRoundTripAsText) {
  const absl::Time time = absl::FromUnixMillis(1'795'276'340'029);
  EXPECT_EQ(TextOfTime(time), "2026-11-21T15:52:20.029Z");
  EXPECT_EQ(TimeOfText("2026-11-21T15:52:20.029Z"), time);
  EXPECT_EQ(TimeOfText("2026-11-21T15:52:20Z"), absl::FromUnixSeconds(1'795'276'340));
  for (const char* odd : {"", "yesterday", "2026-11-21", "2026-11-21T15:52:20.029Zx"}) {
    EXPECT_EQ(TimeOfText(odd), std::nullopt) << odd;
  }
}

}  // namespace
}  // namespace sparktail
