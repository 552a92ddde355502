#include "offsets/offsets_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/faulty_os.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

namespace fs = std::filesystem;
using testing::BytesOf;
using ::testing::ElementsAre;
using testing::FaultyOs;
using testing::FaultyVfs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RecordingLog;
using testing::TempDir;
using testing::WriteBytes;

class OffsetsFileTest : public ::testing::Test {
 protected:
  OffsetsFileTest() { os_.SetNow(absl::FromUnixSeconds(1'700'000'000)); }

  std::string Db() const { return OffsetsPath(dir_.path()); }
  absl::StatusOr<Database> Open() { return OpenOffsets(&os_, &log_, dir_.path()); }
  absl::StatusOr<Database> Look() { return LookAtOffsets(&os_, dir_.path()); }

  std::set<std::string> Files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_.path())) {
      names.insert(entry.path().filename());
    }
    return names;
  }

  // A good one, with a row in it; closed.
  void Make() {
    absl::StatusOr<Database> database = Open();
    ASSERT_TRUE(database.ok()) << database.status();
    ASSERT_TRUE(database->Execute("INSERT INTO sinks(name) VALUES('file')").ok());
  }
  void Execute(const char* sql) {
    absl::StatusOr<Database> database =
        Database::Open(&os_, Db(), {.access = Database::Access::kExisting});
    ASSERT_TRUE(database.ok()) << database.status();
    ASSERT_TRUE(database->Execute(sql).ok());
  }
  static int64_t Sinks(absl::StatusOr<Database> database) {
    EXPECT_TRUE(database.ok()) << database.status();
    return database.ok() ? database->QueryInt("SELECT count(*) FROM sinks").value_or(-1) : -1;
  }

  // Neither the owner nor a looker can use it, and both leave it as it is.
  void ExpectUnusable(absl::StatusCode code, const std::string& why) {
    const std::string bytes = BytesOf(Db());
    const std::set<std::string> files = Files();
    for (const absl::Status& status : {Open().status(), Look().status()}) {
      EXPECT_EQ(status.code(), code) << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr(why));
      EXPECT_THAT(std::string(status.message()), HasSubstr(Db()));
      EXPECT_THAT(std::string(status.message()), HasSubstr("--recover"));
    }
    EXPECT_EQ(BytesOf(Db()), bytes) << why;
    EXPECT_EQ(Files(), files) << why;
  }

  TempDir dir_;
  FaultyOs os_;
  RecordingLog log_;
};

// ---------------------------------------------------------------- creating it

TEST_F(OffsetsFileTest, ItIsMadeEmptyAndForItsOwnerOnly) {
  {
    absl::StatusOr<Database> database = Open();
    ASSERT_TRUE(database.ok()) << database.status();
    EXPECT_EQ(database->QueryInt("PRAGMA application_id").value(), kOffsetsApplicationId);
    EXPECT_EQ(database->QueryInt("PRAGMA user_version").value(), kOffsetsVersion);
    for (const char* table : {"sinks", "streams", "cursors", "contexts"}) {
      const std::string count = std::string("SELECT count(*) FROM ") + table;
      EXPECT_EQ(database->QueryInt(count).value(), 0) << table;
    }
  }
  EXPECT_THAT(log_.lines(), ElementsAre("I created an empty " + Db()));
  EXPECT_THAT(Files(), ElementsAre("offsets.db"));
  struct stat info {};
  ASSERT_EQ(::stat(Db().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
}

TEST_F(OffsetsFileTest, AnExistingFileIsOpenedUnchanged) {
  Make();
  EXPECT_EQ(Sinks(Open()), 1);
  EXPECT_EQ(log_.lines().size(), 1U) << "it was made once";
}

TEST_F(OffsetsFileTest, AFileHalfCreatedByAKilledProcessIsCreatedAgain) {
  WriteBytes(Db() + ".new", "half");
  WriteBytes(Db() + ".new-wal", "of it");
  EXPECT_EQ(Sinks(Open()), 0);
  EXPECT_THAT(Files(), ElementsAre("offsets.db"));
}

// Otherwise SQLite takes the file for a part of the new one.
TEST_F(OffsetsFileTest, RemainsOfADeletedFileAreMovedAside) {
  WriteBytes(Db() + "-wal", "of another life");
  EXPECT_EQ(Sinks(Open()), 0);
  EXPECT_THAT(Files(), ElementsAre("offsets.db", "offsets.db.damaged-20231114T221320Z-wal"));
  EXPECT_TRUE(log_.Has("W moved " + Db() + "-wal aside"));
}

TEST_F(OffsetsFileTest, ItIsCreatedWholeOrNotAtAllWhateverCallFails) {
  for (size_t n = 1;; ++n) {
    for (const auto& entry : fs::directory_iterator(dir_.path())) fs::remove(entry.path());
    os_.Fail({.n = n});
    const absl::Status status = Open().status();
    const std::string what = std::to_string(n) + " " + os_.first_failure();
    if (os_.failed() == 0) {
      EXPECT_GT(n, 5U);
      break;
    }
    os_.Heal();
    if (!status.ok()) {
      EXPECT_THAT(std::string(status.message()), HasSubstr(dir_.path())) << what;
    }
    EXPECT_EQ(Sinks(Open()), 0) << what;
  }
}

TEST_F(OffsetsFileTest, ItIsCreatedWholeOrNotAtAllWhateverSqliteCallFails) {
  FaultyVfs vfs;
  vfs.SkipSyncs();
  for (const auto kind : {FaultyVfs::Kind::kInputOutput, FaultyVfs::Kind::kTorn}) {
    for (size_t n = 1;; ++n) {
      for (const auto& entry : fs::directory_iterator(dir_.path())) fs::remove(entry.path());
      vfs.Fail({.n = n, .kind = kind, .from_then_on = true});
      const absl::Status status = Open().status();
      const std::string what = std::to_string(n) + " " + vfs.first_failure();
      if (vfs.failed() == 0) {
        EXPECT_GT(n, 20U);
        break;
      }
      vfs.Heal();
      EXPECT_FALSE(absl::IsDataLoss(status)) << what << " " << status;
      EXPECT_EQ(Sinks(Open()), 0) << what;
    }
  }
}

// ---------------------------------------------------------------- unusable files

TEST_F(OffsetsFileTest, ADamagedHeaderIsSaidBeforeSqliteSeesTheFile) {
  Make();
  const std::string good = BytesOf(Db());
  std::string unknown_format = good;
  unknown_format[18] = 9;
  const std::vector<std::pair<std::string, std::string>> damaged = {
      {"", "it is empty"},
      {std::string(good.size(), '\0'), "it holds only zeros"},
      {std::string(5000, 'x'), "it is not an SQLite database"},
      {good.substr(0, 99), "it is not an SQLite database"},
      {unknown_format, "its format is unknown"},
  };
  for (const auto& [bytes, why] : damaged) {
    WriteBytes(Db(), bytes);
    ExpectUnusable(absl::StatusCode::kDataLoss, Db() + " is damaged: " + why);
  }
  WriteBytes(Db(), good);
  EXPECT_EQ(Sinks(Open()), 1);
}

TEST_F(OffsetsFileTest, IdsSayWhoseItIs) {
  Make();
  Execute("PRAGMA user_version=2");
  ExpectUnusable(absl::StatusCode::kFailedPrecondition,
                 "written by a newer sparktail (file version 2, this one reads up to 1)");
  Execute("PRAGMA user_version=0");
  ExpectUnusable(absl::StatusCode::kDataLoss, "it has no version");
  Execute("PRAGMA application_id=7");
  ExpectUnusable(absl::StatusCode::kFailedPrecondition,
                 "is a database of another program (application_id 7)");
}

// The file itself still has the old version.
TEST_F(OffsetsFileTest, ANewerVersionInTheWalIsNoticed) {
  Make();
  std::string wal;
  const std::string good = BytesOf(Db());
  {
    absl::StatusOr<Database> newer =
        Database::Open(&os_, Db(), {.access = Database::Access::kExisting});
    ASSERT_TRUE(newer.ok());
    ASSERT_TRUE(newer->Execute("PRAGMA user_version=2").ok());
    ASSERT_EQ(BytesOf(Db()), good);
    wal = BytesOf(Db() + "-wal");
  }
  for (const bool is_look : {false, true}) {
    WriteBytes(Db(), good);
    WriteBytes(Db() + "-wal", wal);
    const absl::Status status = is_look ? Look().status() : Open().status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("newer sparktail (file version 2"));
  }
}

TEST_F(OffsetsFileTest, APathThatIsNoFileIsReported) {
  fs::create_directory(Db());
  for (const absl::Status& status : {Open().status(), Look().status()}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(Db()));
    EXPECT_THAT(std::string(status.message()), HasSubstr("it is not a regular file"));
  }
}

TEST_F(OffsetsFileTest, AFileThatCannotBeReadIsNotTakenForADamagedOne) {
  Make();
  for (const FaultyOs::Call call :
       {FaultyOs::Call::kOpenToFollow, FaultyOs::Call::kStat, FaultyOs::Call::kReadAt}) {
    for (const bool is_look : {false, true}) {
      os_.Fail({.calls = {call}});
      const absl::Status status = is_look ? Look().status() : Open().status();
      EXPECT_EQ(os_.failed(), 1U);
      EXPECT_TRUE(absl::IsUnavailable(status)) << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr(Db()));
    }
  }
  EXPECT_EQ(os_.open_files(), 0U);
  EXPECT_EQ(Sinks(Open()), 1);
}

// ---------------------------------------------------------------- looking

TEST_F(OffsetsFileTest, LookingMakesNothing) {
  const absl::Status status = Look().status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr(Db() + " does not exist"));
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(OffsetsFileTest, LookingLeavesNothingBehind) {
  Make();
  const std::string bytes = BytesOf(Db());
  {
    absl::StatusOr<Database> looker = Look();
    ASSERT_TRUE(looker.ok()) << looker.status();
    EXPECT_EQ(looker->QueryInt("SELECT count(*) FROM sinks").value(), 1);
    EXPECT_FALSE(looker->Execute("DELETE FROM sinks").ok());
  }
  EXPECT_THAT(Files(), ElementsAre("offsets.db"));
  EXPECT_EQ(BytesOf(Db()), bytes);
}

TEST_F(OffsetsFileTest, LookingDoesNotDisturbTheOwner) {
  std::optional<Database> owner = *Open();
  for (int64_t n = 1; n <= 3; ++n) {
    ASSERT_TRUE(owner->Execute("INSERT INTO sinks(name) VALUES(hex(randomblob(8)))").ok());
    EXPECT_EQ(Sinks(Look()), n);
    EXPECT_THAT(Files(), ElementsAre("offsets.db", "offsets.db-shm", "offsets.db-wal"));
  }
  absl::StatusOr<Database> looker = Look();
  ASSERT_TRUE(looker.ok());
  owner.reset();
  EXPECT_EQ(looker->QueryInt("SELECT count(*) FROM sinks").value(), 3);
  *looker = Database();
  EXPECT_THAT(Files(), ElementsAre("offsets.db"));
}

TEST_F(OffsetsFileTest, LookingSeesWhatAKilledProcessStored) {
  Make();
  std::string db;
  std::string wal;
  {
    absl::StatusOr<Database> owner = Open();
    ASSERT_TRUE(owner.ok());
    ASSERT_TRUE(owner->Execute("INSERT INTO sinks(name) VALUES('search')").ok());
    db = BytesOf(Db());
    wal = BytesOf(Db() + "-wal");
  }
  WriteBytes(Db(), db);
  WriteBytes(Db() + "-wal", wal);
  EXPECT_EQ(Sinks(Look()), 2);
  EXPECT_EQ(Sinks(Open()), 2);
}

// ---------------------------------------------------------------- moving it aside

TEST_F(OffsetsFileTest, ItIsPutAsideWithAllThatIsBesideIt) {
  ASSERT_TRUE(PutOffsetsAside(&os_, &log_, dir_.path()).ok());
  EXPECT_THAT(log_.lines(), IsEmpty()) << "nothing was there";
  const std::string name = "offsets.db.damaged-20231114T221320Z";
  for (const std::string& to : {name, name + "-2", name + "-3"}) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      WriteBytes(Db() + suffix, to + suffix);
    }
    ASSERT_TRUE(PutOffsetsAside(&os_, &log_, dir_.path()).ok());
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      EXPECT_FALSE(fs::exists(Db() + suffix));
      EXPECT_EQ(BytesOf((dir_ / to) + suffix), to + suffix);
      EXPECT_TRUE(log_.Has("moved " + Db() + suffix + " aside as " + (dir_ / to) + suffix));
    }
  }
}

TEST_F(OffsetsFileTest, AFileThatCannotBeMovedAsideIsReported) {
  WriteBytes(Db(), "damaged");
  os_.Fail({.status = absl::PermissionDeniedError("Permission denied"),
            .calls = {FaultyOs::Call::kRename}});
  EXPECT_EQ(PutOffsetsAside(&os_, &log_, dir_.path()),
            absl::PermissionDeniedError(Db() + ": cannot move it aside: Permission denied"));
  EXPECT_EQ(BytesOf(Db()), "damaged");
}

// ---------------------------------------------------------------- advice

TEST(OffsetsAdviceTest, OnlyDamageIsAdvisedOnAndOnce) {
  const std::string path = "/state/offsets.db";
  const absl::Status damaged = DamagedOffsets(path, "malformed");
  EXPECT_TRUE(absl::IsDataLoss(damaged));
  EXPECT_THAT(std::string(damaged.message()),
              HasSubstr(path + " is damaged: malformed. `sparktail run --recover`"));
  EXPECT_EQ(AdviseOnDamage(path, absl::DataLossError(path + ": malformed")), damaged);
  EXPECT_EQ(AdviseOnDamage(path, absl::InternalError("malformed")), damaged);
  EXPECT_EQ(AdviseOnDamage(path, damaged), damaged);
  EXPECT_TRUE(AdviseOnDamage(path, absl::OkStatus()).ok());
  const absl::Status busy = absl::UnavailableError("locked");
  EXPECT_EQ(AdviseOnDamage(path, busy), busy);
}

TEST(OffsetsAdviceTest, AMessageIsNotLongerThanAScreen) {
  const absl::Status status = DamagedOffsets("/offsets.db", std::string(100'000, 'x'));
  EXPECT_LT(status.message().size(), 1000U);
}

}  // namespace
}  // namespace sparktail
