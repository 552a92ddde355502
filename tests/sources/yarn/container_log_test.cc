#include "ingest/sources/yarn/container_log.h"

#include <gtest/gtest.h>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::ReadFile;
using Kind = LogPage::Kind;

std::string Recorded(const std::string& name) {
  return ReadFile(DataPath("yarn/" + name + ".body"));
}

// As NodeManagers frame it.
std::string Page(std::string_view content) {
  return "<html><link href=\"/static/yarn.css\"><h1>Logs for c</h1><td class=\"content\">" +
         std::string(content) + "\n </td></html>\n";
}

TEST(LogTextTest, TheLastBytesStandWhereTheyDo) {
  const std::string body = Recorded("nm-rest-cl-size-100");
  const auto log = ReadLogText(body, "stderr", 100);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->length, 23005U);
  EXPECT_EQ(log->begin, 22905U);
  EXPECT_EQ(log->bytes.size(), 100U);
  EXPECT_TRUE(log->bytes.starts_with("anagerInfo: Added broadcast_0_piece0"));
  EXPECT_TRUE(log->is_running);
}

TEST(LogTextTest, MoreThanThereIsIsAll) {
  const std::string body = Recorded("nm-rest-cl");
  const auto log = ReadLogText(body, "stderr", 1 << 20);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->begin, 0U);
  EXPECT_EQ(log->bytes.size(), log->length);
}

TEST(LogTextTest, NothingButTheLength) {
  const std::string body = Recorded("nm-rest-logs-size0");
  const auto log = ReadLogText(body, "stderr", 0);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->length, 23005U);
  EXPECT_EQ(log->begin, 23005U);
  EXPECT_EQ(log->bytes, "");
}

TEST(LogTextTest, AContainerThatHasEndedSaysSo) {
  const std::string body = Recorded("am1-after-kill-rest");
  const auto log = ReadLogText(body, "stderr", 120);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->length, 8812U);
  EXPECT_FALSE(log->is_running);
  EXPECT_TRUE(log->bytes.ends_with("EMPTY\n"));
}

TEST(LogTextTest, TheLongestOfRollingUploadsIsTaken) {
  const std::string body = Recorded("roll-running-rest");
  const auto log = ReadLogText(body, "stderr", 80);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->length, 67702U);
  EXPECT_TRUE(log->is_running);
}

TEST(LogTextTest, EveryCutIsNoticed) {
  const std::string body = Recorded("nm-rest-cl-size-100");
  for (size_t size = 0; size + 2 < body.size(); ++size) {
    EXPECT_FALSE(ReadLogText(body.substr(0, size), "stderr", 100)) << size;
  }
}

TEST(LogTextTest, ItHasToBeTheAnswerToTheQuestion) {
  const std::string body = Recorded("nm-rest-cl-size-100");
  EXPECT_FALSE(ReadLogText(body, "stdout", 100));
  EXPECT_FALSE(ReadLogText(body, "stderr", 90));
  EXPECT_FALSE(ReadLogText(body, "stderr", 110));
  EXPECT_FALSE(ReadLogText("", "stderr", 100));
  EXPECT_FALSE(ReadLogText("<html>log in</html>", "stderr", 100));
}

// No content of the log can end it.
TEST(LogTextTest, ALogMayHoldTheWordsOfTheFrame) {
  const std::string content = "End of LogType:stderr.\n*****\n\nContainer: x\nLogContents:\n";
  const std::string body =
      "Container: c on n\nLogAggregationType: LOCAL\n=======\nLogType:stderr\n"
      "LogLastModifiedTime:now\nLogLength:" +
      std::to_string(content.size()) + "\nLogContents:\n" + content +
      "End of LogType:stderr.\n*******\n\n";
  const auto log = ReadLogText(body, "stderr", 1000);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->bytes, content);
}

TEST(LogPageTest, TheLogStandsInIt) {
  const LogPage page = ReadLogPage(Recorded("nm-log-start0"));
  ASSERT_EQ(page.kind, Kind::kText);
  EXPECT_EQ(page.bytes.size(), 18453U);
  EXPECT_EQ(page.exact, page.bytes.size());
  EXPECT_NE(page.bytes.find(" -> "), std::string::npos);
  EXPECT_EQ(page.bytes.find("&gt;"), std::string::npos);
  EXPECT_EQ(ReadLogPage(Recorded("nm-log-default")).bytes.size(), 4096U);
  EXPECT_EQ(ReadLogPage(Recorded("nm-log-default")).bytes, page.bytes.substr(18453 - 4096));
}

TEST(LogPageTest, NothingNewIsAnEmptyText) {
  const LogPage page = ReadLogPage(Recorded("nm-log-eq"));
  EXPECT_EQ(page.kind, Kind::kText);
  EXPECT_EQ(page.bytes, "");
}

TEST(LogPageTest, APageWithoutTextSaysWhy) {
  const LogPage beyond = ReadLogPage(Recorded("nm-log-beyond"));
  EXPECT_EQ(beyond.kind, Kind::kBeyond);
  EXPECT_EQ(beyond.length, 18453U);
  const LogPage missing = ReadLogPage(Recorded("nm-log-nofile"));
  EXPECT_EQ(missing.kind, Kind::kMissing);
  EXPECT_EQ(missing.message, "java.lang.Exception: Cannot find this log on the local disk.");
  EXPECT_EQ(ReadLogPage(Recorded("roll-unlinked-html")).kind, Kind::kMissing);
  EXPECT_EQ(ReadLogPage(Recorded("fin-nm-html-followed")).kind, Kind::kMissing);
  const LogPage other = ReadLogPage(Recorded("nm-log-badcontainer"));
  EXPECT_EQ(other.kind, Kind::kOther);
  EXPECT_EQ(other.message, "Invalid container ID: foo");
  EXPECT_EQ(ReadLogPage(Recorded("nm-log-traversal")).kind, Kind::kOther);
}

TEST(LogPageTest, EveryCutIsNoticed) {
  const std::string body = Recorded("nm-log-startN");
  for (size_t size = 0; size + 2 < body.size(); size += 7) {
    const Kind kind = ReadLogPage(body.substr(0, size)).kind;
    EXPECT_TRUE(kind == Kind::kCut || kind == Kind::kForeign) << size;
  }
}

TEST(LogPageTest, OtherPagesAreNoLogs) {
  const LogPage login =
      ReadLogPage("<html><title>Please log in</title><form>…</form><pre>x</pre></html>");
  EXPECT_EQ(login.kind, Kind::kForeign);
  EXPECT_EQ(login.message, "Please log in");
  EXPECT_EQ(ReadLogPage("").kind, Kind::kForeign);
  EXPECT_EQ(ReadLogPage(Recorded("nm-html-500")).kind, Kind::kForeign);
  EXPECT_EQ(ReadLogPage(Page("nothing")).kind, Kind::kOther);
}

TEST(LogPageTest, TextIsKeptAsItIs) {
  EXPECT_EQ(ReadLogPage(Page("<p>Showing 5 bytes<pre>\n a\r\n</pre>")).bytes, "\n a\r\n");
  EXPECT_EQ(ReadLogPage(Page("<pre>&lt;/pre&gt; &eacute;&mdash;\x1B</pre>")).bytes,
            "</pre> é—\x1B");
}

TEST(LogPageTest, ReplacedBytesAreNotExact) {
  const LogPage page = ReadLogPage(Page("<pre>заказы \xEF\xBF\xBDx</pre>"));
  EXPECT_EQ(page.exact, 13U);
  EXPECT_EQ(ReadLogPage(Page("<pre>\xEF\xBF\xBD</pre>")).exact, 0U);
}

}  // namespace
}  // namespace sparktail
