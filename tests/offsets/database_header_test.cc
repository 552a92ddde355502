#include "offsets/database_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "offsets/database.h"
#include "tests/support/faulty_os.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::FaultyOs;
using ::testing::HasSubstr;

class DatabaseHeaderTest : public ::testing::Test {
 protected:
  Database Make(int version) {
    absl::StatusOr<Database> database = Database::Open(&os_, path_, {});
    EXPECT_TRUE(database.ok()) << database.status();
    const std::string sql =
        "PRAGMA application_id=77; PRAGMA user_version=" + std::to_string(version) +
        "; CREATE TABLE t(x)";
    EXPECT_TRUE(database->Execute(sql.c_str()).ok());
    return *std::move(database);
  }

  testing::TempDir folder_;
  FaultyOs os_;
  const std::string path_ = folder_ / "a.db";
};

TEST_F(DatabaseHeaderTest, IsReadWithoutAFileBesideTheDatabase) {
  Make(3);
  const absl::StatusOr<DatabaseHeader> header = ReadDatabaseHeader(&os_, path_);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->application_id, 77);
  EXPECT_EQ(header->user_version, 3);
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "-shm"));
}

// The values may stand in the -wal file only.
TEST_F(DatabaseHeaderTest, IsReadBesideAWriter) {
  const Database writer = Make(4);
  ASSERT_TRUE(std::filesystem::exists(path_ + "-wal"));
  const absl::StatusOr<DatabaseHeader> header = ReadDatabaseHeader(&os_, path_);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->user_version, 4);
}

TEST_F(DatabaseHeaderTest, AnotherFileIsNoDatabase) {
  for (const std::string& bytes : {std::string(), std::string("SQLite"), std::string(200, 'x')}) {
    testing::WriteBytes(path_, bytes);
    const absl::Status status = ReadDatabaseHeader(&os_, path_).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("is no SQLite database"));
  }
}

TEST_F(DatabaseHeaderTest, ErrorsNameTheFile) {
  EXPECT_TRUE(absl::IsNotFound(ReadDatabaseHeader(&os_, path_).status()));
  testing::WriteBytes(path_, "x");
  os_.Fail({.status = absl::UnavailableError("I/O error"), .calls = {FaultyOs::Call::kReadAt}});
  const absl::Status status = ReadDatabaseHeader(&os_, path_).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot read " + path_ + ": I/O error"));
}

}  // namespace
}  // namespace sparktail
