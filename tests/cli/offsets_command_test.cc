#include "ingest/cli/offsets_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ingest/sources/file/file_position.h"
#include "ingest/sources/yarn/yarn_position.h"
#include "offsets/cursor_store.h"
#include "parsers/parser_context.h"
#include "sinks/dead_letter.h"
#include "sinks/sqlite/sqlite_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/of_kind.h"
#include "tests/support/recording_log.h"
#include "tests/support/stream_keys.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::FaultyOs;
using ::testing::HasSubstr;
using testing::RecordingLog;
using ::testing::StartsWith;
using testing::TempDir;
using testing::WriteBytes;
using Action = OffsetsCommand::Action;

// Captures standard output and standard error.
class CapturingOs : public FaultyOs {
 public:
  std::string out;
  std::string error;
  absl::Status broken;  // what writing to standard output gives

  absl::StatusOr<size_t> Write(int fd, const char* buffer, size_t size) override {
    if (fd != STDOUT_FILENO && fd != STDERR_FILENO) return FaultyOs::Write(fd, buffer, size);
    if (fd == STDOUT_FILENO && !broken.ok()) return broken;
    (fd == STDOUT_FILENO ? out : error).append(buffer, size);
    return size;
  }
};

class OffsetsCommandTest : public ::testing::Test {
 protected:
  OffsetsCommandTest() { os_.SetNow(absl::FromUnixSeconds(1'700'000'000)); }

  std::string StateDir() const { return dir_ / "state"; }

  std::unique_ptr<CursorStore> Own() {
    absl::StatusOr<std::unique_ptr<CursorStore>> store =
        CursorStore::Open(&os_, &log_, StateDir(), CursorStore::Access::kOwn, false);
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }

  // A file of 100 bytes, and a position in it.
  FilePosition Place(const std::string& name, uint64_t raw) {
    const std::string path = dir_ / name;
    if (!std::filesystem::exists(path)) WriteBytes(path, std::string(100, 'x'));
    const Os::FileInfo info = os_.StatPath(path, true).value();
    FilePosition position;
    position.file.name = "f-" + name;
    position.file.path = path;
    position.file.size = 100;
    position.file.device = info.device;
    position.file.inode = info.inode;
    position.place.raw = position.place.content = raw;
    return position;
  }

  static StreamCursor CursorOf(const std::string& stream, const FilePosition& position,
                               bool ended = false) {
    return {StreamKey(stream),
            {position.place.content, position.ToJson(),
             std::make_shared<const std::string>("learnt"), ended}};
  }

  // Two sinks, and two streams in the first.
  void Fill() {
    const std::unique_ptr<CursorStore> store = Own();
    const std::vector<StreamCursor> two = {CursorOf("logs/a", Place("a", 60)),
                                           CursorOf("logs/b", Place("b", 100), true)};
    ASSERT_TRUE(store->Commit("file", two, "state").ok());
    ASSERT_TRUE(store->Commit("search", {two.data(), 1}, std::nullopt).ok());
  }

  ExitCode Run(Action action, const std::string& sink = "", const std::string& stream = "",
               uint64_t offset = 0) {
    command_.action = action;
    command_.state_dir = StateDir();
    command_.sink = sink;
    command_.stream = stream;
    command_.offset = offset;
    os_.out.clear();
    os_.error.clear();
    return RunOffsets(command_, &os_);
  }

  Cursor Stored(const std::string& sink, const std::string& stream) {
    const std::vector<StreamCursor> cursors = Own()->Load(sink).value();
    for (const StreamCursor& cursor : cursors) {
      if (cursor.stream == stream) return cursor.cursor;
    }
    ADD_FAILURE() << "no cursor of " << sink << " in " << stream;
    return {};
  }

  TempDir dir_;
  CapturingOs os_;
  RecordingLog log_;
  OffsetsCommand command_;
};

TEST_F(OffsetsCommandTest, ListsATable) {
  Fill();
  EXPECT_EQ(Run(Action::kList), ExitCode::kOk);
  EXPECT_EQ(os_.out,
            "SINK    STREAM  OFFSET  BEHIND  UPDATED               ENDED\n"
            "file    logs/a  60      40      2023-11-14T22:13:20Z  no\n"
            "file    logs/b  100     0       2023-11-14T22:13:20Z  yes\n"
            "search  logs/a  60      40      2023-11-14T22:13:20Z  no\n"
            "3 cursors in " +
                StateDir() + "/offsets.db\n");
  EXPECT_EQ(os_.error, "");
  EXPECT_EQ(Run(Action::kList, "search"), ExitCode::kOk);
  EXPECT_THAT(os_.out, HasSubstr("1 cursor in "));
  EXPECT_EQ(Run(Action::kList, "", "logs/b"), ExitCode::kOk);
  EXPECT_THAT(os_.out, HasSubstr("file  logs/b  100     0 "));
}

TEST_F(OffsetsCommandTest, ListsJson) {
  Fill();
  command_.json = true;
  EXPECT_EQ(Run(Action::kList, "file", "logs/a"), ExitCode::kOk);
  EXPECT_EQ(os_.out, R"({"sink":"file","stream":"logs/a","offset":60,"behind":40,"path":")" +
                         (dir_ / "a") + R"(","updated":"2023-11-14T22:13:20Z","ended":false,)" +
                         R"("store":")" + StateDir() + "/offsets.db\"}\n");
}

TEST_F(OffsetsCommandTest, ListWorksBesideARunningProcess) {
  Fill();
  const std::unique_ptr<CursorStore> running = Own();
  EXPECT_EQ(Run(Action::kList), ExitCode::kOk);
  EXPECT_THAT(os_.out, HasSubstr("3 cursors"));
}

TEST_F(OffsetsCommandTest, TheLagIsReportedOnlyForTheSameFile) {
  {
    const std::unique_ptr<CursorStore> store = Own();
    FilePosition exchanged = Place("exchanged", 60);
    ++exchanged.file.inode;
    FilePosition shrunk = Place("shrunk", 101);
    FilePosition gone = Place("gone", 60);
    std::filesystem::remove(dir_ / "gone");
    StreamCursor odd = CursorOf("odd", gone);
    odd.cursor.position = "not JSON";
    const std::vector<StreamCursor> all = {CursorOf("exchanged", exchanged),
                                           CursorOf("shrunk", shrunk), CursorOf("gone", gone), odd};
    ASSERT_TRUE(store->Commit("file", all, std::nullopt).ok());
  }
  EXPECT_EQ(Run(Action::kList), ExitCode::kOk);
  EXPECT_THAT(os_.out, HasSubstr("exchanged  60      -  "));
  EXPECT_THAT(os_.out, HasSubstr("shrunk     101     -  "));
  EXPECT_THAT(os_.out, HasSubstr("gone       60      -  "));
  EXPECT_THAT(os_.out, HasSubstr("odd        60      -  "));
  command_.json = true;
  EXPECT_EQ(Run(Action::kList), ExitCode::kOk);
  EXPECT_EQ(os_.out.find("behind"), std::string::npos);
}

TEST_F(OffsetsCommandTest, NamesDoNotReachATerminalAsTheyAre) {
  {
    const std::unique_ptr<CursorStore> store = Own();
    const StreamCursor odd = CursorOf("logs/\x1b[2J\n\xc2\x9b\x7f\xff", Place("a", 1));
    ASSERT_TRUE(store->Commit("file", {&odd, 1}, std::nullopt).ok());
  }
  for (const bool json : {false, true}) {
    command_.json = json;
    EXPECT_EQ(Run(Action::kList), ExitCode::kOk);
    EXPECT_EQ(os_.out.find_first_of("\x1b\x7f\xff"), std::string::npos);
    EXPECT_EQ(os_.out.find("\xc2\x9b"), std::string::npos);
  }
  EXPECT_THAT(os_.out, HasSubstr(R"("stream":"logs/\u001b[2J\n\u009b\u007f)"));
  EXPECT_EQ(Run(Action::kForget, "", "\x1b[2J"), ExitCode::kFailed);
  EXPECT_EQ(os_.error.find('\x1b'), std::string::npos);
}

TEST_F(OffsetsCommandTest, SetsAllSinksToTheBeginning) {
  Fill();
  EXPECT_EQ(Run(Action::kSet, "", "logs/a"), ExitCode::kOk);
  EXPECT_EQ(os_.out, "sink file resumes at 0 in logs/a\nsink search resumes at 0 in logs/a\n");
  for (const char* sink : {"file", "search"}) {
    const Cursor cursor = Stored(sink, "logs/a");
    EXPECT_EQ(cursor.order, 0U);
    EXPECT_EQ(*cursor.context, ParserContext().ToJson());
    FilePosition expected = Place("a", 60);
    expected.place.seek = 0;
    EXPECT_EQ(cursor.position, expected.ToJson());
  }
  EXPECT_EQ(Stored("file", "logs/b").order, 100U);
  EXPECT_EQ(Own()->LoadState("file").value(), "state");
  EXPECT_EQ(Run(Action::kList, "file", "logs/a"), ExitCode::kOk);
  EXPECT_THAT(os_.out, HasSubstr("logs/a  0       -  "));
}

TEST_F(OffsetsCommandTest, SetsOneSinkToAByte) {
  Fill();
  EXPECT_EQ(Run(Action::kSet, "file", "logs/b", 30), ExitCode::kOk);
  const Cursor cursor = Stored("file", "logs/b");
  EXPECT_EQ(cursor.order, 30U);
  EXPECT_EQ(*cursor.context, "learnt");
  EXPECT_FALSE(cursor.ended);
  EXPECT_EQ(FilePosition::FromJson(cursor.position)->place.seek, 30U);
  command_.json = true;
  EXPECT_EQ(Run(Action::kSet, "search", "logs/a", 100), ExitCode::kOk);
  EXPECT_THAT(os_.out,
              StartsWith(R"({"sink":"search","stream":"logs/a","offset":100,"seek":100,)"));
  EXPECT_EQ(Stored("file", "logs/a").order, 60U);
}

// Otherwise the source would skip the beginning, as `start_at` said at the first start.
TEST_F(OffsetsCommandTest, SetForgetsWhereTheSourceOnceBegan) {
  {
    const std::unique_ptr<CursorStore> store = Own();
    FilePosition position = Place("a", 60);
    position.place.from = 50;
    position.place.since_ms = 1'600'000'000'000;
    const StreamCursor cursor = CursorOf("logs/a", position);
    ASSERT_TRUE(store->Commit("file", {&cursor, 1}, std::nullopt).ok());
  }
  EXPECT_EQ(Run(Action::kSet, "", "logs/a"), ExitCode::kOk);
  const ReadPlace place = FilePosition::FromJson(Stored("file", "logs/a").position)->place;
  EXPECT_EQ(place.from, 0U);
  EXPECT_EQ(place.since_ms, INT64_MIN);
}

TEST_F(OffsetsCommandTest, AByteThatIsNotThereIsRefused) {
  Fill();
  EXPECT_EQ(Run(Action::kSet, "", "logs/a", 101), ExitCode::kFailed);
  EXPECT_THAT(os_.error, HasSubstr("logs/a has no byte 101, only 100"));
  EXPECT_EQ(Stored("file", "logs/a").order, 60U);
  std::filesystem::resize_file(dir_ / "a", 200);
  EXPECT_EQ(Run(Action::kSet, "", "logs/a", 101), ExitCode::kOk);
}

// The log of a container is found again by what its position says of it.
class OffsetsOfYarnTest : public OffsetsCommandTest {
 protected:
  static constexpr char kStream[] = "prod/application_1_0002/container_1_0002_01_000001/stderr";

  static YarnPosition Position() {
    YarnPosition position;
    position.log.origin = {"application_1_0002", "etl", "root", "cluster", "1", 1500};
    position.log.name = {
        {true, "worker1:8042", "container_1_0002_01_000001", "root"}, "worker1:8041", "stderr"};
    return position;
  }

  void Keep(const std::string& stream, uint64_t offset, const std::string& position) {
    const StreamCursor cursor = {
        StreamKey(stream), {offset, position, std::make_shared<const std::string>("learnt"), true}};
    ASSERT_TRUE(Own()->Commit("file", {&cursor, 1}, std::nullopt).ok());
  }

  void ExpectMoved(uint64_t offset) {
    const Cursor cursor = Stored("file", kStream);
    EXPECT_EQ(cursor.order, offset);
    EXPECT_FALSE(cursor.ended);
    const auto moved = YarnPosition::FromJson(cursor.position);
    ASSERT_TRUE(moved) << cursor.position;
    YarnLog expected = Position().log;
    expected.origin.since_ms = INT64_MIN;  // else old events would be passed over
    EXPECT_EQ(moved->log, expected);
  }
};

TEST_F(OffsetsOfYarnTest, ALogThatWasMovedIsFoundAgain) {
  Keep(kStream, 5000, Position().ToJson());
  EXPECT_EQ(Run(Action::kSet, "", kStream, 4711), ExitCode::kOk) << os_.error;
  ExpectMoved(4711);
  EXPECT_EQ(*Stored("file", kStream).context, "learnt");
  EXPECT_EQ(Run(Action::kSet, "", kStream), ExitCode::kOk) << os_.error;
  ExpectMoved(0);
  EXPECT_EQ(*Stored("file", kStream).context, ParserContext().ToJson());
}

// Positions did not name their kind once.
TEST_F(OffsetsOfYarnTest, SoIsOneOfAnOldState) {
  Keep(kStream, 5000,
       R"({"application":"application_1_0002","name":"etl","user":"root","deployMode":"cluster",)"
       R"("attempt":"1","since":1500,"container":"container_1_0002_01_000001",)"
       R"("containerUser":"root","node":"worker1:8042","nodeId":"worker1:8041","file":"stderr",)"
       R"("https":true})");
  EXPECT_EQ(Run(Action::kSet, "", kStream, 10), ExitCode::kOk) << os_.error;
  ExpectMoved(10);
  EXPECT_EQ(Run(Action::kList), ExitCode::kOk);
}

TEST_F(OffsetsOfYarnTest, AByteThatNobodyReadIsRefused) {
  Keep(kStream, 5000, Position().ToJson());
  EXPECT_EQ(Run(Action::kSet, "", kStream, 5001), ExitCode::kFailed);
  EXPECT_THAT(os_.error, HasSubstr("stderr is known up to byte 5000 only"));
  EXPECT_EQ(Stored("file", kStream).position, Position().ToJson());
}

TEST_F(OffsetsOfYarnTest, WhatIsNoLogIsRefused) {
  for (const char* position : {"{}", R"({"kind":"yarn"})"}) {
    Keep("prod/application_1_0002/jobs/1", 5000, position);
    EXPECT_EQ(Run(Action::kSet, "", "prod/application_1_0002/jobs/1"), ExitCode::kFailed);
    EXPECT_THAT(os_.error, HasSubstr("application_1_0002/jobs/1 is no log"));
    EXPECT_THAT(os_.error, HasSubstr("`sparktail offsets forget` drops the cursor"));
    const Cursor cursor = Stored("file", "prod/application_1_0002/jobs/1");
    EXPECT_EQ(cursor.order, 5000U);
    EXPECT_EQ(cursor.position, position);
  }
}

// Where a partition is read on, its group's offset says, and not a cursor.
TEST_F(OffsetsCommandTest, StreamsOfKafkaAreRefusedWithTheWayToDoIt) {
  const std::map<std::string, std::string> positions = {
      {"raw/t/0", R"({"kind":"kafka","group":"g","topic":"t","partition":0,"offset":7})"},
      {"raw/t/1", R"({"group":"g","topic":"t","partition":1,"offset":7,"first":0})"},
      {"raw/t/0/pod", R"({"topic":"t","partition":0,"offset":7,"content":60})"}};
  {
    const std::unique_ptr<CursorStore> store = Own();
    for (const auto& [stream, position] : positions) {
      const StreamCursor cursor = {
          StreamKey(stream), {100, position, std::make_shared<const std::string>("learnt"), false}};
      ASSERT_TRUE(store->Commit("file", {&cursor, 1}, std::nullopt).ok());
    }
  }
  for (const auto& [stream, position] : positions) {
    EXPECT_EQ(Run(Action::kSet, "", stream), ExitCode::kFailed);
    EXPECT_THAT(os_.error, HasSubstr("sink file: " + stream + " is read on where its consumer"));
    EXPECT_THAT(os_.error, HasSubstr("--reset-offsets"));
    EXPECT_EQ(Stored("file", stream).position, position);
  }
}

TEST_F(OffsetsCommandTest, SetsAFileOfAnOldState) {
  FilePosition moved = Place("a", 60);
  StreamCursor cursor = CursorOf("logs/a", moved);
  std::string& position = cursor.cursor.position;
  ASSERT_THAT(position, StartsWith(R"({"kind":"file",)"));
  position.erase(1, position.find(',', 1));
  ASSERT_TRUE(Own()->Commit("file", {&cursor, 1}, std::nullopt).ok());
  EXPECT_EQ(Run(Action::kSet, "", "logs/a", 30), ExitCode::kOk) << os_.error;
  moved.place.seek = 30;
  EXPECT_EQ(Stored("file", "logs/a").position, moved.ToJson());
}

TEST_F(OffsetsCommandTest, Forgets) {
  Fill();
  EXPECT_EQ(Run(Action::kForget, "search", "logs/a"), ExitCode::kOk);
  EXPECT_EQ(os_.out, "forgot 1 cursor in " + StateDir() + "/offsets.db\n");
  EXPECT_EQ(Run(Action::kForget, "search", "logs/a"), ExitCode::kFailed);
  EXPECT_EQ(Run(Action::kForget), ExitCode::kOk);
  EXPECT_THAT(os_.out, StartsWith("forgot 2 cursors in "));
  command_.json = true;
  EXPECT_EQ(Run(Action::kForget), ExitCode::kOk);
  EXPECT_EQ(os_.out, "{\"forgotten\":0}\n");
}

TEST_F(OffsetsCommandTest, MissingNamesAreReportedWithTheNearestOne) {
  Fill();
  EXPECT_EQ(Run(Action::kSet, "", "logs/c"), ExitCode::kFailed);
  EXPECT_THAT(os_.error, HasSubstr("has no cursor in stream logs/c; did you mean logs/"));
  EXPECT_EQ(Run(Action::kForget, "serch", "logs/a"), ExitCode::kFailed);
  EXPECT_THAT(os_.error,
              HasSubstr("no cursor of sink serch in stream logs/a; did you mean search"));
  EXPECT_EQ(Run(Action::kList, "search", "logs/b"), ExitCode::kFailed);
  EXPECT_EQ(os_.out, "");
}

TEST_F(OffsetsCommandTest, SetAndForgetRefuseWhileAProcessRuns) {
  Fill();
  const std::unique_ptr<CursorStore> running = Own();
  for (const Action action : {Action::kSet, Action::kForget}) {
    EXPECT_EQ(Run(action, "", "logs/a"), ExitCode::kFailed);
    EXPECT_THAT(os_.error, HasSubstr(StateDir() + " is in use by another sparktail, process " +
                                     std::to_string(::getpid())));
    EXPECT_EQ(os_.out, "");
  }
  EXPECT_EQ(running->Load("file").value().at(0).cursor.order, 60U);
}

TEST_F(OffsetsCommandTest, NothingIsMadeWhereNothingIs) {
  for (const Action action : {Action::kList, Action::kSet, Action::kForget}) {
    EXPECT_EQ(Run(action, "", "logs/a"), ExitCode::kFailed);
    EXPECT_THAT(os_.error, HasSubstr("offsets.db does not exist"));
    EXPECT_FALSE(std::filesystem::exists(StateDir()));
  }
}

TEST_F(OffsetsCommandTest, DamageIsSaid) {
  std::filesystem::create_directory(StateDir());
  WriteBytes(StateDir() + "/offsets.db", std::string(5000, 'x'));
  for (const Action action : {Action::kList, Action::kSet, Action::kForget}) {
    EXPECT_EQ(Run(action, "", "logs/a"), ExitCode::kFailed);
    EXPECT_THAT(os_.error, HasSubstr("is damaged"));
  }
}

// Sinks "file" and "history". The second keeps its cursors itself, and they are ahead of their copy
// in offsets.db.
class OffsetsOfHistoryTest : public OffsetsCommandTest {
 protected:
  OffsetsOfHistoryTest() {
    command_.sinks.resize(2);
    command_.sinks[0].name = "file";
    testing::SetOptions(FileSinkOptions(), &command_.sinks[0]);
    command_.sinks[1].name = "history";
    testing::SetOptions(SqliteSinkOptions{.path = Database()}, &command_.sinks[1]);
    const std::vector<StreamCursor> both = {CursorOf("logs/a", Place("a", 60)),
                                            CursorOf("logs/b", Place("b", 60))};
    const std::vector<StreamCursor> older = {CursorOf("logs/a", Place("a", 50)),
                                             CursorOf("logs/b", Place("b", 50))};
    EXPECT_TRUE(Own()->Commit("file", both, std::nullopt).ok());
    EXPECT_TRUE(Own()->Commit("history", older, std::nullopt).ok());
    EXPECT_TRUE(Sink()->Commit(both).ok());
  }

  std::string Database() const { return dir_ / "history.db"; }
  std::string Offsets() const { return StateDir() + "/offsets.db"; }

  std::unique_ptr<SqliteSink> Sink() {
    auto sink = std::make_unique<SqliteSink>(&os_, &log_, &dead_letters_, "history",
                                             SqliteSinkOptions{.path = Database()});
    at_.clear();
    const auto cursors = sink->Open();
    EXPECT_TRUE(cursors.ok()) << cursors.status();
    if (!cursors.ok()) return sink;
    for (const StreamCursor& cursor : *cursors) at_[cursor.stream.text()] = cursor.cursor;
    return sink;
  }
  // Where the sink would resume.
  std::map<std::string, Cursor> SinkAt() {
    Sink();
    return at_;
  }

 private:
  std::map<std::string, Cursor> at_;
  DeadLetters dead_letters_{&os_, &log_, dir_ / "dead-letter", "history", uint64_t{1} << 20};
};

TEST_F(OffsetsOfHistoryTest, ListsWhatTheSinkKeepsAndNotTheCopy) {
  EXPECT_EQ(Run(Action::kList), ExitCode::kOk);
  EXPECT_EQ(os_.out,
            "SINK     STREAM  OFFSET  BEHIND  UPDATED               ENDED\n"
            "file     logs/a  60      40      2023-11-14T22:13:20Z  no\n"
            "file     logs/b  60      40      2023-11-14T22:13:20Z  no\n"
            "history  logs/a  60      40      2023-11-14T22:13:20Z  no\n"
            "history  logs/b  60      40      2023-11-14T22:13:20Z  no\n"
            "2 cursors in " +
                Offsets() + ", 2 cursors in " + Database() + "\n");
  EXPECT_EQ(os_.error, "");
  command_.json = true;
  EXPECT_EQ(Run(Action::kList, "history", "logs/b"), ExitCode::kOk);
  EXPECT_THAT(os_.out, StartsWith(R"({"sink":"history","stream":"logs/b","offset":60,)"));
  EXPECT_THAT(os_.out, HasSubstr("\"store\":\"" + Database() + "\"}\n"));
  EXPECT_EQ(Run(Action::kList, "histroy"), ExitCode::kFailed);
  EXPECT_THAT(os_.error, HasSubstr(Offsets() + " and " + Database() +
                                   " have no cursor of sink histroy; did you mean history?"));
}

TEST_F(OffsetsOfHistoryTest, SetMovesTheSinkAndItsCopy) {
  EXPECT_EQ(Run(Action::kSet, "", "logs/a", 30), ExitCode::kOk);
  EXPECT_EQ(os_.error, "");
  EXPECT_EQ(os_.out, "sink file resumes at 30 in logs/a\nsink history resumes at 30 in logs/a\n");
  const Cursor cursor = SinkAt().at("logs/a");
  EXPECT_EQ(cursor.order, 30U);
  EXPECT_EQ(*cursor.context, "learnt");
  EXPECT_EQ(FilePosition::FromJson(cursor.position)->place.seek, 30U);
  EXPECT_EQ(SinkAt().at("logs/b").order, 60U);
  EXPECT_EQ(Stored("history", "logs/a").order, 30U);
  EXPECT_EQ(Stored("history", "logs/b").order, 50U);
  EXPECT_EQ(Stored("file", "logs/a").order, 30U);

  EXPECT_EQ(Run(Action::kSet, "history", "logs/b"), ExitCode::kOk);
  EXPECT_EQ(SinkAt().at("logs/b").order, 0U);
  EXPECT_EQ(*SinkAt().at("logs/b").context, ParserContext().ToJson());
  EXPECT_EQ(Stored("file", "logs/b").order, 60U);
}

TEST_F(OffsetsOfHistoryTest, AnErrorChangesNoSink) {
  EXPECT_EQ(Run(Action::kSet, "", "logs/a", 101), ExitCode::kFailed);
  EXPECT_THAT(os_.error, HasSubstr("logs/a has no byte 101, only 100"));
  EXPECT_EQ(Run(Action::kSet, "history", "logs/c", 1), ExitCode::kFailed);
  EXPECT_THAT(os_.error, HasSubstr(Database() + " has no cursor of sink history in stream logs/c"));
  EXPECT_EQ(SinkAt().at("logs/a").order, 60U);
  EXPECT_EQ(Stored("file", "logs/a").order, 60U);
}

TEST_F(OffsetsOfHistoryTest, ForgetsOneStreamOneSinkOrAll) {
  EXPECT_EQ(Run(Action::kForget, "history", "logs/a"), ExitCode::kOk);
  EXPECT_EQ(os_.out, "forgot 1 cursor in " + Database() + "\n");
  EXPECT_FALSE(SinkAt().contains("logs/a"));
  EXPECT_EQ(Run(Action::kForget, "", "logs/b"), ExitCode::kOk);
  EXPECT_EQ(os_.out, "forgot 1 cursor in " + Offsets() + ", 1 cursor in " + Database() + "\n");
  EXPECT_TRUE(SinkAt().empty());
  EXPECT_TRUE(Own()->Load("history")->empty()) << "nor is there a copy";
  EXPECT_EQ(Stored("file", "logs/a").order, 60U);

  ASSERT_TRUE(Sink()->Commit(std::vector{CursorOf("logs/a", Place("a", 60))}).ok());
  command_.json = true;
  EXPECT_EQ(Run(Action::kForget), ExitCode::kOk);
  EXPECT_EQ(os_.out, "{\"forgotten\":2}\n");
  EXPECT_TRUE(SinkAt().empty());
  EXPECT_TRUE(Own()->LoadAll()->empty());
}

TEST_F(OffsetsOfHistoryTest, ARunningProcessIsNamed) {
  const std::unique_ptr<CursorStore> running = Own();
  for (const Action action : {Action::kSet, Action::kForget}) {
    EXPECT_EQ(Run(action, "history", "logs/a"), ExitCode::kFailed);
    EXPECT_THAT(os_.error, HasSubstr(StateDir() + " is in use by another sparktail, process " +
                                     std::to_string(::getpid())));
  }
  EXPECT_EQ(SinkAt().at("logs/a").order, 60U);
  EXPECT_EQ(Run(Action::kList), ExitCode::kOk);
}

TEST_F(OffsetsOfHistoryTest, UnreadableFilesAreReported) {
  WriteBytes(Database(), std::string(8192, 'x'));
  for (const Action action : {Action::kList, Action::kSet, Action::kForget}) {
    EXPECT_EQ(Run(action, "", "logs/a"), ExitCode::kFailed);
    EXPECT_THAT(os_.error, HasSubstr(Database()));
    EXPECT_THAT(os_.error, HasSubstr("the history is damaged"));
  }
  EXPECT_EQ(Stored("file", "logs/a").order, 60U);
  EXPECT_EQ(Run(Action::kSet, "file", "logs/a", 7), ExitCode::kOk) << "it is not its own";
}

TEST_F(OffsetsCommandTest, AReaderThatHasGoneIsNoError) {
  Fill();
  os_.broken = absl::CancelledError("Broken pipe");
  EXPECT_EQ(Run(Action::kList), ExitCode::kOk);
  EXPECT_EQ(os_.error, "");
  os_.broken = absl::ResourceExhaustedError("No space left on device");
  EXPECT_EQ(Run(Action::kList), ExitCode::kFailed);
  EXPECT_THAT(os_.error, HasSubstr("standard output: No space left on device"));
}

}  // namespace
}  // namespace sparktail
