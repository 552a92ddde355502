#include "sinks/sqlite/cursor_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/faulty_os.h"
#include "tests/support/stream_keys.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

StreamCursor CursorOf(const std::string& stream, uint64_t offset, bool ended = false) {
  return {StreamKey(stream),
          {offset, "{\"at\":" + std::to_string(offset) + "}",
           std::make_shared<const std::string>("learnt"), ended}};
}

class CursorTableTest : public ::testing::Test {
 protected:
  CursorTableTest()
      : database_(Database::Open(&os_, folder_ / "a.db", {}).value()),
        made_(database_.Execute(CursorTable::kSchema)),
        table_(CursorTable::Prepare(&database_).value()) {}

  void Store(const std::string& sink, const StreamCursor& cursor) {
    const absl::Status status = table_.Store(sink, cursor, now_);
    ASSERT_TRUE(status.ok()) << status;
  }
  // "stream offset" of each.
  std::vector<std::string> Stored(const std::string& sink) {
    std::vector<std::string> lines;
    const std::vector<CursorStore::Entry> entries = table_.Load(sink).value();
    for (const CursorStore::Entry& entry : entries) {
      EXPECT_EQ(entry.sink, sink);
      lines.push_back(entry.cursor.stream.text() + " " + std::to_string(entry.cursor.cursor.order));
    }
    return lines;
  }

  testing::TempDir folder_;
  testing::FaultyOs os_;
  Database database_;
  absl::Status made_;
  CursorTable table_;
  absl::Time now_ = absl::FromUnixMillis(1'795'276'340'029);
};

TEST_F(CursorTableTest, RoundTrip) {
  Store("history", CursorOf("logs/b", 7, true));
  Store("history", CursorOf("logs/a", UINT64_MAX));
  const std::vector<CursorStore::Entry> entries = table_.Load("history").value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].cursor.stream, "logs/a");
  EXPECT_EQ(entries[0].cursor.cursor.order, UINT64_MAX);
  EXPECT_FALSE(entries[0].cursor.cursor.ended);
  EXPECT_EQ(entries[1].sink, "history");
  EXPECT_EQ(entries[1].updated, now_);
  const Cursor& cursor = entries[1].cursor.cursor;
  EXPECT_EQ(cursor.order, 7U);
  EXPECT_EQ(cursor.position, "{\"at\":7}");
  EXPECT_EQ(*cursor.context, "learnt");
  EXPECT_TRUE(cursor.ended);
}

TEST_F(CursorTableTest, ASinkHasOneCursorInAStream) {
  Store("one", CursorOf("logs/a", 1));
  Store("two", CursorOf("logs/a", 2));
  Store("one", CursorOf("logs/a", 3));
  EXPECT_THAT(Stored("one"), ElementsAre("logs/a 3"));
  EXPECT_THAT(Stored("two"), ElementsAre("logs/a 2"));
  EXPECT_THAT(Stored("three"), IsEmpty());
}

TEST_F(CursorTableTest, ForgetsOneStreamOrAllOfASink) {
  for (const char* sink : {"one", "two"}) {
    for (const char* stream : {"a", "b", "c"}) Store(sink, CursorOf(stream, 1));
  }
  EXPECT_EQ(table_.Forget("one", "b").value(), 1U);
  EXPECT_EQ(table_.Forget("one", "b").value(), 0U);
  EXPECT_THAT(Stored("one"), ElementsAre("a 1", "c 1"));
  EXPECT_EQ(table_.Forget("one", "").value(), 2U);
  EXPECT_THAT(Stored("one"), IsEmpty());
  EXPECT_EQ(Stored("two").size(), 3U);
  EXPECT_EQ(table_.Forget("", "a").value(), 0U) << "no sink has this name";
}

TEST_F(CursorTableTest, OnlyOldCursorsOfEndedStreamsAreForgotten) {
  Store("one", CursorOf("ended", 1, true));
  Store("one", CursorOf("open", 1));
  Store("two", CursorOf("ended", 1, true));
  ASSERT_TRUE(table_.ForgetEnded("one", now_).ok());
  EXPECT_EQ(Stored("one").size(), 2U);
  ASSERT_TRUE(table_.ForgetEnded("one", now_ + absl::Milliseconds(1)).ok());
  EXPECT_THAT(Stored("one"), ElementsAre("open 1"));
  EXPECT_EQ(Stored("two").size(), 1U);
}

TEST_F(CursorTableTest, AllIsPartOfTheTransactionAround) {
  Store("one", CursorOf("a", 1));
  {
    const absl::StatusOr<Transaction> transaction = Transaction::Begin(&database_);
    ASSERT_TRUE(transaction.ok());
    Store("one", CursorOf("b", 1));
    EXPECT_EQ(table_.Forget("one", "a").value(), 1U);
    EXPECT_THAT(Stored("one"), ElementsAre("b 1"));
  }
  EXPECT_THAT(Stored("one"), ElementsAre("a 1"));
}

TEST_F(CursorTableTest, WithoutTheTableItIsAnError) {
  Database empty = Database::Open(&os_, folder_ / "empty.db", {}).value();
  const absl::Status status = CursorTable::Prepare(&empty).status();
  EXPECT_EQ(status.message(), (folder_ / "empty.db") + ": no such table: cursors (SQLite 1)");
}

}  // namespace
}  // namespace sparktail
