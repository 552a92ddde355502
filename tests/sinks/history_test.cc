// docs/history.md describes the database correctly, and all its queries return rows.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "offsets/database.h"
#include "sinks/sqlite/schema.h"
#include "sinks/sqlite/sqlite_sink.h"
#include "tests/support/corpus.h"
#include "tests/support/feed.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::Feed;
using ::testing::HasSubstr;

std::string Page() { return testing::ReadFile(testing::DocsPath("history.md")); }

std::vector<std::string> SqlBlocks(const std::string& page) {
  static constexpr std::string_view kBegin = "```sql\n";
  std::vector<std::string> blocks;
  for (size_t at = page.find(kBegin); at != std::string::npos; at = page.find(kBegin, at)) {
    at += kBegin.size();
    const size_t end = page.find("```", at);
    blocks.push_back(page.substr(at, end - at));
    at = end;
  }
  return blocks;
}

// Names in backquotes in the first cell of each row of the page's tables.
std::set<std::string> NamesInTables(const std::string& page) {
  std::set<std::string> names;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    const std::string cell = line.substr(0, line.find('|', 1));
    for (size_t at = cell.find('`'); at != std::string::npos; at = cell.find('`', at)) {
      const size_t end = cell.find('`', at + 1);
      names.insert(cell.substr(at + 1, end - at - 1));
      at = end + 1;
    }
  }
  return names;
}

// The history of all recorded logs.
class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() {
    DeadLetters dead_letters(&os_, &log_, folder_ / "dead-letter", "history", 1 << 20);
    SqliteSink sink(&os_, &log_, &dead_letters, "history", {.path = path_});
    const auto cursors = sink.Open();
    EXPECT_TRUE(cursors.ok()) << cursors.status();
    EventBuffer events;
    for (const std::string& name : testing::PlainLogs()) {
      Add(testing::ReadFile(testing::DataPath(name + ".log")), &events);
    }
    // A query without further events, and an event that is cut in half.
    const std::string text = testing::ReadFile(testing::DataPath("3.5.9/basic.default.log"));
    const size_t object = text.find("\"stateOperators\"");
    Add("26/01/01" + text.substr(8, object - 8), &events);
    Feed::Append(
        R"({"@timestamp":"2018-11-28T13:48:06.268Z","kind":"query","query":{"phase":"started",)"
        R"("id":"q","runId":"r","name":"silent"}})",
        Feed::Id(1), &events);
    EXPECT_TRUE(sink.Write(events, 0).ok());
    const StreamCursor cursor = Feed::CursorAt(1);
    EXPECT_TRUE(sink.Commit({&cursor, 1}).ok());
    EXPECT_EQ(dead_letters.count(), 0U);
  }

  static void Add(const std::string& text, EventBuffer* events) {
    for (const std::string& document : testing::Parse(text).documents) {
      Feed::Append(document, document.substr(document.find("\"id\":\"") + 6, 32), events);
    }
  }

  testing::TempDir folder_;
  PosixOs os_;
  testing::RecordingLog log_;
  const std::string path_ = folder_ / "history.db";
};

TEST_F(HistoryTest, EveryQueryOfThePageReturnsRows) {
  auto database = Database::Open(&os_, path_, {.access = Database::Access::kRead});
  ASSERT_TRUE(database.ok()) << database.status();
  const std::vector<std::string> blocks = SqlBlocks(Page());
  EXPECT_GT(blocks.size(), 14U);
  for (const std::string& sql : blocks) {
    auto statement = Statement::Prepare(&*database, sql);
    ASSERT_TRUE(statement.ok()) << sql << statement.status();
    const absl::StatusOr<bool> row = statement->Step();
    ASSERT_TRUE(row.ok()) << sql << row.status();
    EXPECT_TRUE(*row) << "no row: " << sql;
  }
}

TEST_F(HistoryTest, ThePageNamesAllColumns) {
  auto database = Database::Open(&os_, path_, {.access = Database::Access::kRead});
  ASSERT_TRUE(database.ok()) << database.status();
  std::set<std::string> columns;
  auto statement = Statement::Prepare(&*database, "SELECT name FROM pragma_table_info('events')");
  ASSERT_TRUE(statement.ok());
  for (auto row = statement->Step(); row.ok() && *row; row = statement->Step()) {
    columns.emplace(statement->Text(0));
  }
  EXPECT_EQ(columns, NamesInTables(Page()));
  statement = Statement::Prepare(&*database, "SELECT name FROM pragma_table_info('runs')");
  ASSERT_TRUE(statement.ok());
  for (auto row = statement->Step(); row.ok() && *row; row = statement->Step()) {
    EXPECT_THAT(Page(), HasSubstr("`" + std::string(statement->Text(0)) + "`"));
  }
}

TEST(HistoryPageTest, IdentifiesItsDatabase) {
  EXPECT_THAT(Page(), HasSubstr(std::to_string(kHistoryApplicationId)));
}

}  // namespace
}  // namespace sparktail
