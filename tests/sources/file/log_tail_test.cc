#include "ingest/sources/file/log_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "parsers/identity.h"
#include "parsers/log_parser.h"
#include "tests/support/corpus.h"
#include "tests/support/spark_log.h"
#include "tests/support/stream_keys.h"
#include "tests/support/tail_life.h"
#include "tests/support/wrap.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::FileNamed;
using ::sparktail::testing::kRecordTimeout;
using ::sparktail::testing::Numbers;
using ::sparktail::testing::NumbersOf;
using ::sparktail::testing::ReadFile;
using ::sparktail::testing::Records;
using ::sparktail::testing::Scale;
using ::sparktail::testing::Scratch;
using ::sparktail::testing::Seed;
using ::sparktail::testing::SinkWorld;
using ::sparktail::testing::Wrap;
using ::testing::IsEmpty;
using Documents = std::vector<std::string>;
using Life = ::sparktail::testing::TailLife;

const auto kAtEnd = [] { return true; };

// What a parser makes of all of a stream of this file.
EventBuffer Events(std::string_view text, const FilePosition& file, bool expire = false) {
  StreamFacts facts;
  facts.environment = "test";
  facts.source_name = "src";
  facts.host = "host";
  facts.path = file.file.path;
  AddFactsFromPath(facts.path, &facts);
  LogParser parser(ParserOptions(), facts, Scratch());
  ByteBuffer bytes;
  bytes.Append(text);
  EventBuffer events;
  const size_t done = parser.Parse(bytes.padded(), /*last=*/!expire, &events);
  if (!expire) return events;
  ByteBuffer rest;
  rest.Append(text.substr(done));
  parser.Expire(rest.padded(), &events);
  return events;
}

template <typename Wanted>
Documents DocumentsOf(const EventBuffer& events, Wanted wanted) {
  Documents documents;
  for (const EventRef& event : events.events) {
    if (wanted(event)) documents.emplace_back(events.document(event));
  }
  return documents;
}
Documents DocumentsOf(const EventBuffer& events) {
  return DocumentsOf(events, [](const EventRef&) { return true; });
}

// Those of `documents` that are also among `some`.
Documents Only(const Documents& documents, const Documents& some) {
  const std::set<std::string> wanted(some.begin(), some.end());
  Documents found;
  for (const std::string& document : documents) {
    if (wanted.contains(document)) found.push_back(document);
  }
  return found;
}

class LogTailTest : public ::testing::Test {
 protected:
  size_t Random(size_t most) { return std::uniform_int_distribution<size_t>(0, most)(random_); }

  // Puts bytes of the file, from where the tail wants them, in pieces and turns of random size.
  void Feed(FileTail* tail, std::string_view bytes, size_t largest) {
    while (!bytes.empty()) {
      ASSERT_TRUE(tail->HasRoom());
      const std::span<char> room = tail->Room();
      ASSERT_FALSE(room.empty());
      const size_t size = std::min({room.size(), bytes.size(), 1 + Random(largest)});
      std::memcpy(room.data(), bytes.data(), size);
      tail->OnBytes(size);
      bytes.remove_prefix(size);
      if (Random(3) == 0) tail->EndTurn();
    }
    tail->EndTurn();
  }
  void ReadAll(Life* life, const FilePosition& file, std::string_view bytes, size_t largest) {
    const std::unique_ptr<FileTail> tail = life->tails->MakeTail(&file.file, file.place);
    ASSERT_LE(tail->begin(), bytes.size());
    Feed(tail.get(), bytes.substr(tail->begin()), largest);
    tail->End();
  }

  // From every commit of `world` on, a new life delivers what was behind it.
  void ExpectResumes(const SinkWorld& world, const FilePosition& file, std::string_view bytes) {
    const std::vector<SinkWorld::Commit> commits = world.commits();
    const Documents all = world.documents();
    std::map<StreamKey, StreamCursor> cursors;
    size_t delivered = 0;
    const size_t step = 1 + commits.size() / (20 * Scale());
    for (size_t k = 0; k < commits.size(); ++k) {
      for (const StreamCursor& cursor : commits[k].cursors) cursors[cursor.stream] = cursor;
      delivered += commits[k].documents.size();
      if (k % step != 0 || k + 1 == commits.size()) continue;
      SCOPED_TRACE("commit " + std::to_string(k));
      std::vector<StreamCursor> from;
      for (const auto& [stream, cursor] : cursors) from.push_back(cursor);
      Life life(from);
      ReadAll(&life, file, bytes, 20'000);
      // Streams may be handed on in another order than in the first life.
      Documents expected(all.begin() + static_cast<ptrdiff_t>(delivered), all.end());
      Documents got = life.Finish().documents();
      std::sort(expected.begin(), expected.end());
      std::sort(got.begin(), got.end());
      ASSERT_EQ(got.size(), expected.size());
      ASSERT_EQ(got, expected);
    }
  }

  std::mt19937_64 random_{Seed()};
};

TEST_F(LogTailTest, MakesWhatAParserMakesOfTheWhole) {
  const FilePosition file = FileNamed("driver.log");
  for (const char* name : {"3.5.9/basic.default.log", "3.5.9/fail.default.log"}) {
    const std::string text = ReadFile(DataPath(name));
    const Documents expected = DocumentsOf(Events(text, file));
    ASSERT_FALSE(expected.empty());
    for (const size_t largest : {size_t{700}, size_t{5'000}, size_t{1} << 20}) {
      Life life;
      ReadAll(&life, file, text, largest);
      const SinkWorld& world = life.Finish();
      EXPECT_EQ(world.documents(), expected) << name << " " << largest;
      const StreamCursor last = world.commits().back().cursors.back();
      EXPECT_EQ(last.stream, "src/driver.log");
      EXPECT_EQ(last.cursor.order, text.size());
      EXPECT_TRUE(last.cursor.ended);
      EXPECT_EQ(life.tails->stats().total(), expected.size());
      EXPECT_EQ(life.tails->stats().bytes, text.size());
      EXPECT_THAT(life.tails->Streams(), IsEmpty());
    }
  }
}

TEST_F(LogTailTest, ResumesFromAnyBatch) {
  const FilePosition file = FileNamed("driver.log");
  for (const char* name : {"3.5.9/basic.default.log", "3.5.9/fail.default.log"}) {
    const std::string text = ReadFile(DataPath(name));
    Life life;
    ReadAll(&life, file, text, 5'000);
    ExpectResumes(life.Finish(), file, text);
  }
}

TEST_F(LogTailTest, UnwrapsBothStreamsAndResumes) {
  const FilePosition file = FileNamed("0.log");
  const std::string out = ReadFile(DataPath("3.5.9/basic.default.log"));
  const std::string err = ReadFile(DataPath("3.5.9/fail.default.log"));
  const Documents of_out = DocumentsOf(Events(out, file));
  const Documents of_err = DocumentsOf(Events(err, file));
  for (const Wrapping wrapping : {Wrapping::kCri, Wrapping::kDocker}) {
    const std::string wrapped =
        Wrap(out, err, {.wrapping = wrapping, .part = 1'000}, [this] { return Random(1) == 0; });
    Life life;
    ReadAll(&life, file, wrapped, 9'000);
    const SinkWorld& world = life.Finish();
    EXPECT_EQ(world.documents().size(), of_out.size() + of_err.size());
    EXPECT_EQ(Only(world.documents(), of_out), of_out);
    EXPECT_EQ(Only(world.documents(), of_err), of_err);
    ExpectResumes(world, file, wrapped);
  }
}

TEST_F(LogTailTest, BatchesOfBothStreamsAreEmittedTogether) {
  const FilePosition file = FileNamed("0.log");
  const std::string wrapped = Wrap(Records(0, 3), Records(10, 13), {.wrapping = Wrapping::kCri},
                                   [this] { return Random(1) == 0; });
  std::string noise;
  for (size_t n = 0; n < 100; ++n) noise += testing::NoiseLine(n);
  Life life;
  {
    const std::unique_ptr<FileTail> tail = life.tails->MakeTail(&file.file, file.place);
    Feed(tail.get(), wrapped, 2'000);
    Feed(tail.get(),
         Wrap(noise, noise, {.wrapping = Wrapping::kCri}, [this] { return Random(1) == 0; }),
         2'000);
    life.tails->HandOnAll();
    life.tails->HandOnAll();
    tail->End();
  }
  const std::vector<SinkWorld::Commit> commits = life.Finish().commits();
  ASSERT_GE(commits.size(), 3U);
  for (const SinkWorld::Commit& commit : {commits[commits.size() - 2], commits.back()}) {
    ASSERT_EQ(commit.cursors.size(), 2U);
    EXPECT_NE(commit.cursors[0].stream, commit.cursors[1].stream);
    EXPECT_EQ(commit.cursors[0].cursor.ended, commit.cursors[1].cursor.ended);
  }
  EXPECT_FALSE(commits[commits.size() - 2].cursors[0].cursor.ended) << "handed on before the end";
  EXPECT_TRUE(commits.back().cursors[0].cursor.ended);
}

TEST_F(LogTailTest, ARecordThatGoesOnInTheNextFileIsOne) {
  const std::string text = Records(0, 12);
  for (int round = 0; round < 60 * Scale(); ++round) {
    const size_t cut = 1 + Random(text.size() - 2);
    SCOPED_TRACE("cut " + std::to_string(cut));
    const FilePosition first = FileNamed("a.log.1");
    FilePosition second = FileNamed("a.log");
    second.file.after = first.file.name;
    // A hole is what a writer leaves that keeps its place while its file is truncated.
    const std::string rest =
        std::string(round % 2 == 0 ? 0 : Random(5'000), '\0') + text.substr(cut);
    Life life;
    {
      const std::unique_ptr<FileTail> tail = life.tails->MakeTail(&first.file, first.place);
      Feed(tail.get(), text.substr(0, cut), 3'000);
      for (size_t shown = 0; tail->WantsContinuation() && shown < rest.size();) {
        shown = std::min(rest.size(), shown + 1 + Random(900));
        tail->Continue(rest.substr(0, shown), /*last=*/false);
      }
      EXPECT_FALSE(tail->WantsContinuation() && rest.find("INFO") != std::string_view::npos &&
                   rest.find('\n') + 1 < rest.size());
      tail->End();
    }
    ReadAll(&life, second, rest, 3'000);
    const SinkWorld& world = life.Finish();
    std::string lines;
    for (const std::string& document : world.documents()) lines += document + "\n";
    ASSERT_EQ(NumbersOf(lines), Numbers(0, 12));
    for (const SinkWorld::Commit& commit : world.commits()) {
      for (const StreamCursor& cursor : commit.cursors) {
        if (cursor.stream != "src/a.log.1") continue;
        ASSERT_LE(cursor.cursor.order, cut) << "behind the file's end";
        ASSERT_TRUE(!cursor.cursor.ended || cursor.cursor.order == cut);
      }
    }
  }
}

TEST_F(LogTailTest, AWrappedRecordThatGoesOnInTheNextFileIsOne) {
  const std::string text = Wrap(Records(0, 8), {.wrapping = Wrapping::kCri, .part = 60});
  for (int round = 0; round < 60 * Scale(); ++round) {
    // Runtimes rotate between their own lines.
    const size_t cut = text.find('\n', Random(text.size() - 2)) + 1;
    SCOPED_TRACE("cut " + std::to_string(cut));
    const FilePosition first = FileNamed("0.log.1");
    FilePosition second = FileNamed("0.log");
    second.file.after = first.file.name;
    const std::string_view rest = std::string_view(text).substr(cut);
    Life life;
    {
      const std::unique_ptr<FileTail> tail = life.tails->MakeTail(&first.file, first.place);
      Feed(tail.get(), text.substr(0, cut), 3'000);
      for (size_t shown = 0; tail->WantsContinuation() && shown < rest.size();) {
        shown = std::min(rest.size(), shown + 1 + Random(900));
        tail->Continue(rest.substr(0, shown), /*last=*/false);
      }
      tail->End();
    }
    ReadAll(&life, second, rest, 3'000);
    std::string lines;
    for (const std::string& document : life.Finish().documents()) lines += document + "\n";
    ASSERT_EQ(NumbersOf(lines), Numbers(0, 8));
  }
}

TEST_F(LogTailTest, ASuccessorThatBeginsWithAHeaderEndsTheRecord) {
  const FilePosition file = FileNamed("a.log.1");
  Life life;
  const std::unique_ptr<FileTail> tail = life.tails->MakeTail(&file.file, file.place);
  const std::string text = Records(0, 2);
  Feed(tail.get(), text.substr(0, text.rfind("\"sink\"")) + "\n", 3'000);
  EXPECT_TRUE(tail->WantsContinuation());
  tail->Continue(Records(7, 8), /*last=*/false);
  EXPECT_FALSE(tail->WantsContinuation());
  EXPECT_FALSE(tail->has_continued());
  tail->End();
}

// A log that ends with a trace, which only silence ends.
std::string WithOpenTrace() {
  const std::string text = ReadFile(DataPath("3.5.9/fail.default.log"));
  size_t end = text.find("] terminated with error");
  while ((end = text.find('\n', end) + 1) < text.size() && text.compare(end, 6, "26/11/") != 0) {
  }
  return text.substr(0, end);
}

TEST_F(LogTailTest, ATraceEndsWithItsFileIfTheNextOneBeginsWithAHeader) {
  const FilePosition file = FileNamed("a.log.1");
  const std::string text = WithOpenTrace();
  Life life;
  const std::unique_ptr<FileTail> tail = life.tails->MakeTail(&file.file, file.place);
  Feed(tail.get(), text, 5'000);
  EXPECT_TRUE(tail->WantsContinuation());
  tail->Continue(Records(7, 8), /*last=*/false);
  EXPECT_FALSE(tail->WantsContinuation());
  tail->EndTurn();
  EXPECT_EQ(life.Finish().documents(), DocumentsOf(Events(text, file, /*expire=*/true)));
}

TEST_F(LogTailTest, ATraceEndsAfterASilence) {
  const FilePosition file = FileNamed("driver.log");
  const std::string text = WithOpenTrace();
  const Documents expected = DocumentsOf(Events(text, file, /*expire=*/true));
  Life life;
  const std::unique_ptr<FileTail> tail = life.tails->MakeTail(&file.file, file.place);
  Feed(tail.get(), text, 5'000);
  const uint64_t before = life.tails->stats().total();
  ASSERT_EQ(before + 1, expected.size());
  life.os.Advance(kRecordTimeout - absl::Milliseconds(1));
  EXPECT_TRUE(tail->Tick(life.os.Now(), kAtEnd));
  EXPECT_EQ(life.tails->stats().total(), before) << "too early";
  life.os.Advance(absl::Milliseconds(1));
  EXPECT_TRUE(tail->Tick(life.os.Now(), [] { return false; }));
  EXPECT_EQ(life.tails->stats().total(), before) << "the file has more";
  tail->Tick(life.os.Now(), kAtEnd);
  EXPECT_EQ(life.tails->stats().total(), before + 1);
  life.os.Advance(absl::Minutes(1));
  tail->Tick(life.os.Now(), kAtEnd);
  EXPECT_FALSE(tail->Tick(life.os.Now(), kAtEnd)) << "waits for nothing";
  EXPECT_EQ(life.Finish().documents(), expected);
}

TEST_F(LogTailTest, CursorsMoveOverNoiseAfterAWhile) {
  const FilePosition file = FileNamed("driver.log");
  std::string noise;
  for (size_t n = 0; n < 1'000; ++n) noise += testing::NoiseLine(n);
  Life life;
  const std::unique_ptr<FileTail> tail = life.tails->MakeTail(&file.file, file.place);
  Feed(tail.get(), noise, noise.size());
  Feed(tail.get(), noise, noise.size());
  EXPECT_TRUE(tail->Tick(life.os.Now(), kAtEnd));
  life.os.Advance(absl::Seconds(10));
  EXPECT_FALSE(tail->Tick(life.os.Now(), kAtEnd));
  const SinkWorld& world = life.Finish();
  EXPECT_THAT(world.documents(), IsEmpty());
  ASSERT_FALSE(world.commits().empty());
  EXPECT_GT(world.commits().back().cursors.back().cursor.order, noise.size());
}

TEST_F(LogTailTest, PassesOverRecordsBeforeWhereItStarts) {
  const std::string text = ReadFile(DataPath("3.5.9/basic.default.log"));
  for (int round = 0; round < 10 * Scale(); ++round) {
    FilePosition file = FileNamed("driver.log");
    file.place.from = Random(text.size());
    SCOPED_TRACE("from " + std::to_string(file.place.from));
    Life life;
    ReadAll(&life, file, text, 9'000);
    const Documents expected = DocumentsOf(
        Events(text, file), [&](const EventRef& event) { return event.offset >= file.place.from; });
    ASSERT_EQ(life.Finish().documents(), expected);
  }
}

TEST_F(LogTailTest, PassesOverWrappedRecordsBeforeWhereItStarts) {
  const std::string text = ReadFile(DataPath("3.5.9/basic.default.log"));
  const std::string wrapped = Wrap(text, {.wrapping = Wrapping::kCri});
  for (int round = 0; round < 10 * Scale(); ++round) {
    FilePosition file = FileNamed("0.log");
    // Of a wrapped line: each line of this log is one.
    file.place.from = wrapped.find('\n', Random(wrapped.size() - 2)) + 1;
    SCOPED_TRACE("from " + std::to_string(file.place.from));
    const auto lines = std::count(wrapped.begin(),
                                  wrapped.begin() + static_cast<ptrdiff_t>(file.place.from), '\n');
    size_t content = 0;
    for (ptrdiff_t n = 0; n < lines; ++n)
      content = std::min(text.find('\n', content), text.size() - 1) + 1;
    Life life;
    ReadAll(&life, file, wrapped, 9'000);
    const Documents expected = DocumentsOf(
        Events(text, file), [&](const EventRef& event) { return event.offset >= content; });
    ASSERT_EQ(life.Finish().documents(), expected);
  }
}

TEST_F(LogTailTest, PassesOverWhatIsTooOld) {
  const std::string text = ReadFile(DataPath("3.5.9/basic.default.log"));
  FilePosition file = FileNamed("driver.log");
  const EventBuffer events = Events(text, file);
  file.place.since_ms = events.events[events.events.size() / 2].time_ms;
  Life life;
  ReadAll(&life, file, text, 9'000);
  const Documents expected = DocumentsOf(
      events, [&](const EventRef& event) { return event.time_ms >= file.place.since_ms; });
  ASSERT_LT(expected.size(), events.events.size());
  EXPECT_EQ(life.Finish().documents(), expected);
}

}  // namespace
}  // namespace sparktail
