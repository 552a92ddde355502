#include "offsets/cursor_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "offsets/database.h"
#include "offsets/offsets_file.h"
#include "tests/support/corpus.h"
#include "tests/support/faulty_os.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/recording_log.h"
#include "tests/support/stream_keys.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

namespace fs = std::filesystem;
using testing::BytesOf;
using testing::FaultyOs;
using testing::FaultyVfs;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RecordingLog;
using testing::Scale;
using testing::Seed;
using testing::TempDir;
using testing::WriteBytes;
using Access = CursorStore::Access;
using Opened = absl::StatusOr<std::unique_ptr<CursorStore>>;

StreamCursor CursorOf(const std::string& stream, uint64_t offset, const std::string& context = "{}",
                      bool ended = false) {
  return {StreamKey(stream),
          {offset, R"({"path":"/logs/)" + stream + R"("})",
           std::make_shared<const std::string>(context), ended}};
}

// Everything stored, for comparing: cursors by "sink/stream", states by "sink".
using Content = std::map<std::string, std::string>;

std::string Text(const Cursor& cursor) {
  return std::to_string(cursor.order) + " " + cursor.position + " " + *cursor.context +
         (cursor.ended ? " ended" : "");
}

absl::StatusOr<Content> ContentOf(CursorStore* store) {
  const absl::StatusOr<std::vector<CursorStore::Entry>> entries = store->LoadAll();
  if (!entries.ok()) return entries.status();
  Content content;
  for (const CursorStore::Entry& entry : *entries) {
    content[entry.sink + "/" + entry.cursor.stream.text()] = Text(entry.cursor.cursor);
  }
  for (const char* sink : {"file", "search"}) {
    const absl::StatusOr<std::string> state = store->LoadState(sink);
    if (!state.ok()) return state.status();
    if (!state->empty()) content[sink] = *state;
  }
  return content;
}

// The cursors of the n-th commit: some streams are new, some have another context.
struct Step {
  std::string sink;
  std::vector<StreamCursor> cursors;
  std::optional<std::string> state;
};

Step StepOf(uint64_t n) {
  Step step;
  step.sink = n % 5 == 4 ? "search" : "file";
  for (uint64_t stream = n % 3; stream < 3 + n; stream += 2) {
    const std::string context = R"({"learnt":)" + std::to_string((n + stream) / 4) + "}";
    step.cursors.push_back(
        CursorOf("logs/" + std::to_string(stream), n * 1000 + stream, context, n % 7 == 6));
  }
  if (step.sink == "file") step.state = "state of " + std::to_string(n);
  return step;
}

void Apply(const Step& step, Content* content) {
  for (const StreamCursor& cursor : step.cursors) {
    (*content)[step.sink + "/" + cursor.stream.text()] = Text(cursor.cursor);
  }
  if (step.state) (*content)[step.sink] = *step.state;
}

absl::Status Commit(CursorStore* store, const Step& step) {
  return store->Commit(step.sink, step.cursors, step.state);
}

class CursorStoreTest : public ::testing::Test {
 protected:
  Opened Open(Access access = Access::kOwn, bool recover = false) {
    return CursorStore::Open(&os_, &log_, dir_.path(), access, recover);
  }
  std::unique_ptr<CursorStore> MustOpen(Access access = Access::kOwn, bool recover = false) {
    Opened store = Open(access, recover);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  // With a few commits in it; closed.
  Content MakeStore(uint64_t steps = 8) {
    Content content;
    const std::unique_ptr<CursorStore> store = MustOpen();
    for (uint64_t n = 0; n < steps; ++n) {
      EXPECT_TRUE(Commit(store.get(), StepOf(n)).ok());
      Apply(StepOf(n), &content);
    }
    return content;
  }
  std::string Db() const { return dir_ / "offsets.db"; }

  // Opening fails with this code and this message, which also says what to do. Recovering creates
  // an empty store and keeps the old file.
  void ExpectUnusable(absl::StatusCode code, const std::string& why) {
    const std::string before = BytesOf(Db());
    const absl::Status refused = Open().status();
    EXPECT_EQ(refused.code(), code) << refused;
    const std::string message(refused.message());
    EXPECT_THAT(message, HasSubstr(Db()));
    EXPECT_THAT(message, HasSubstr(why));
    EXPECT_THAT(message, HasSubstr("sparktail run --recover"));
    EXPECT_EQ(BytesOf(Db()), before) << "changed by looking at it";

    os_.SetNow(absl::FromUnixSeconds(1'700'000'000));
    {
      const std::unique_ptr<CursorStore> store = MustOpen(Access::kOwn, /*recover=*/true);
      ASSERT_NE(store, nullptr);
      EXPECT_EQ(ContentOf(store.get()).value(), Content());
      EXPECT_TRUE(Commit(store.get(), StepOf(1)).ok());
    }
    EXPECT_TRUE(fs::exists(Db() + ".damaged-20231114T221320Z"));
    EXPECT_EQ(BytesOf(Db() + ".damaged-20231114T221320Z"), before);
    EXPECT_TRUE(log_.Has("recovering: "));
    EXPECT_TRUE(log_.Has("aside as " + Db() + ".damaged-20231114T221320Z"));
    EXPECT_TRUE(Open().ok());
  }

  TempDir dir_;
  FaultyOs os_;
  RecordingLog log_;
};

// ---------------------------------------------------------------- storing

TEST_F(CursorStoreTest, KeepsCursorsOfEachSink) {
  os_.SetNow(absl::FromUnixMillis(1'700'000'000'123));
  {
    const std::unique_ptr<CursorStore> store = MustOpen();
    EXPECT_TRUE(store->LoadAll().value().empty());
    EXPECT_TRUE(store->Load("file").value().empty());
    EXPECT_EQ(store->LoadState("file").value(), "");
    const std::vector<StreamCursor> two = {CursorOf("logs/a", 10, R"({"a":1})"),
                                           CursorOf("logs/b", uint64_t{1} << 62, "{}", true)};
    EXPECT_TRUE(store->Commit("file", two, "length 7").ok());
    EXPECT_TRUE(store->Commit("search", {{CursorOf("logs/a", 5)}}, std::nullopt).ok());
    EXPECT_TRUE(store->Commit("search", {{CursorOf("logs/a", 6)}}, std::nullopt).ok());
  }
  const std::unique_ptr<CursorStore> store = MustOpen();
  const std::vector<StreamCursor> file = store->Load("file").value();
  ASSERT_EQ(file.size(), 2U);
  EXPECT_EQ(file[0].stream, "logs/a");
  EXPECT_EQ(file[0].cursor.order, 10U);
  EXPECT_EQ(file[0].cursor.position, R"({"path":"/logs/logs/a"})");
  EXPECT_EQ(*file[0].cursor.context, R"({"a":1})");
  EXPECT_FALSE(file[0].cursor.ended);
  EXPECT_EQ(file[1].cursor.order, uint64_t{1} << 62);
  EXPECT_TRUE(file[1].cursor.ended);
  EXPECT_EQ(store->Load("search").value().at(0).cursor.order, 6U);
  EXPECT_TRUE(store->Load("other").value().empty());
  EXPECT_EQ(store->LoadState("file").value(), "length 7");
  EXPECT_EQ(store->LoadState("search").value(), "");
  const std::vector<CursorStore::Entry> all = store->LoadAll().value();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[2].sink, "search");
  EXPECT_EQ(all[2].updated, absl::FromUnixMillis(1'700'000'000'123));
}

TEST_F(CursorStoreTest, AContextIsStoredWhenItChanges) {
  const auto stored = [&](CursorStore* store) {
    return *store->Load("file").value().at(0).cursor.context;
  };
  const auto commit = [&](CursorStore* store, uint64_t offset, const std::string& context) {
    return store->Commit("file", {{CursorOf("a", offset, context)}}, std::nullopt).ok();
  };
  {
    const std::unique_ptr<CursorStore> store = MustOpen();
    EXPECT_TRUE(commit(store.get(), 1, "first"));
    EXPECT_TRUE(commit(store.get(), 2, "second"));
    EXPECT_EQ(stored(store.get()), "second");
    EXPECT_TRUE(commit(store.get(), 3, "second"));
    EXPECT_TRUE(commit(store.get(), 4, "first"));
    EXPECT_EQ(stored(store.get()), "first");
    EXPECT_TRUE(commit(store.get(), 5, ""));
    EXPECT_EQ(stored(store.get()), "");
  }
  const std::unique_ptr<CursorStore> store = MustOpen();
  EXPECT_TRUE(commit(store.get(), 6, ""));
  EXPECT_EQ(stored(store.get()), "");
  EXPECT_TRUE(commit(store.get(), 7, "third"));
  EXPECT_EQ(stored(store.get()), "third");
}

TEST_F(CursorStoreTest, StateIsKeptUnlessItIsGiven) {
  const std::unique_ptr<CursorStore> store = MustOpen();
  const std::string odd("\0\xff {\"", 5);
  EXPECT_TRUE(store->Commit("file", {}, odd).ok());
  EXPECT_EQ(store->LoadState("file").value(), odd);
  EXPECT_TRUE(store->Commit("file", {{CursorOf("a", 1)}}, std::nullopt).ok());
  EXPECT_EQ(store->LoadState("file").value(), odd);
  EXPECT_TRUE(store->Commit("file", {}, "").ok());
  EXPECT_EQ(store->LoadState("file").value(), "");
  EXPECT_TRUE(store->Commit("file", {}, std::nullopt).ok());
}

TEST_F(CursorStoreTest, ForgetsCursors) {
  const std::unique_ptr<CursorStore> store = MustOpen();
  const auto fill = [&] {
    for (const char* sink : {"file", "search"}) {
      const std::vector<StreamCursor> two = {CursorOf("a", 1, "{1}"), CursorOf("b", 2, "{2}")};
      ASSERT_TRUE(store->Commit(sink, two, "kept").ok());
    }
  };
  const auto left = [&] {
    std::string names;
    const std::vector<CursorStore::Entry> all = store->LoadAll().value();
    for (const CursorStore::Entry& entry : all) {
      names += entry.sink + "/" + entry.cursor.stream.text() + " ";
    }
    return names;
  };
  fill();
  EXPECT_EQ(store->Forget("file", "a").value(), 1U);
  EXPECT_EQ(left(), "file/b search/a search/b ");
  EXPECT_EQ(store->Forget("", "b").value(), 2U);
  EXPECT_EQ(left(), "search/a ");
  EXPECT_EQ(store->Forget("", "no such stream").value(), 0U);
  EXPECT_EQ(store->Forget("no such sink", "").value(), 0U);
  fill();  // the remembered rows must be forgotten, too
  EXPECT_EQ(left(), "file/a file/b search/a search/b ");
  EXPECT_EQ(*store->Load("file").value().at(0).cursor.context, "{1}");
  EXPECT_EQ(store->Forget("search", "").value(), 2U);
  EXPECT_EQ(left(), "file/a file/b ");
  EXPECT_EQ(store->Forget("", "").value(), 2U);
  EXPECT_EQ(left(), "");
  EXPECT_EQ(store->LoadState("file").value(), "kept");
}

TEST_F(CursorStoreTest, ExpiresCursorsOfStreamsThatAreNotSeenAnyMore) {
  const std::unique_ptr<CursorStore> store = MustOpen();
  const absl::Time start = absl::FromUnixSeconds(1'700'000'000);
  os_.SetNow(start);
  const std::vector<StreamCursor> three = {CursorOf("gone", 1), CursorOf("seen", 2),
                                           CursorOf("moving", 3)};
  ASSERT_TRUE(store->Commit("file", three, std::nullopt).ok());
  os_.Advance(absl::Hours(24 * 20));
  const std::vector<StreamKey> seen = {StreamKey("seen"), StreamKey("never stored")};
  EXPECT_TRUE(store->Touch(seen).ok());
  ASSERT_TRUE(store->Commit("file", {{CursorOf("moving", 4)}}, std::nullopt).ok());
  EXPECT_EQ(store->Expire(start).value(), 0U);
  EXPECT_EQ(store->Expire(start + absl::Hours(24 * 15)).value(), 1U);
  const std::vector<StreamCursor> left = store->Load("file").value();
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].stream, "moving");
  EXPECT_EQ(left[1].stream, "seen");
  EXPECT_EQ(store->LoadAll().value().at(1).updated, start + absl::Hours(24 * 20));
  EXPECT_EQ(store->Expire(absl::InfiniteFuture()).value(), 2U);
  EXPECT_TRUE(store->Touch({}).ok());
}

// Random steps, with reopening, against a map.
TEST_F(CursorStoreTest, DoesAsAMapOverRandomSteps) {
  FaultyVfs vfs;
  vfs.SkipSyncs();
  std::mt19937_64 random(Seed());
  const auto below = [&](size_t limit) { return static_cast<size_t>(random() % limit); };
  Content expected;
  std::unique_ptr<CursorStore> store = MustOpen();
  for (int n = 0; n < 400 * Scale(); ++n) {
    Step step;
    step.sink = below(2) == 0 ? "file" : "search";
    std::set<size_t> streams;
    for (size_t i = below(8); i > 0; --i) streams.insert(below(30));
    for (const size_t stream : streams) {
      step.cursors.push_back(CursorOf(std::to_string(stream), below(1'000'000),
                                      "context " + std::to_string(below(3)), below(20) == 0));
    }
    if (below(3) == 0) step.state = "state " + std::to_string(n);
    ASSERT_TRUE(Commit(store.get(), step).ok());
    Apply(step, &expected);
    if (below(20) == 0) {
      const std::string stream = std::to_string(below(30));
      const size_t dropped = expected.erase("file/" + stream) + expected.erase("search/" + stream);
      ASSERT_EQ(store->Forget("", stream).value(), dropped);
    }
    if (below(20) == 0) {
      store.reset();
      store = MustOpen();
    }
    ASSERT_EQ(ContentOf(store.get()).value(), expected) << "step " << n;
  }
  store.reset();
}

// More streams than the store remembers rows of.
TEST_F(CursorStoreTest, KnowsTensOfThousandsOfStreams) {
  const std::unique_ptr<CursorStore> store = MustOpen();
  std::vector<StreamCursor> cursors;
  for (uint64_t stream = 0; stream < 25'000; ++stream) {
    cursors.push_back(CursorOf("logs/" + std::to_string(stream), stream));
  }
  for (uint64_t round = 1; round <= 2; ++round) {
    for (StreamCursor& cursor : cursors) cursor.cursor.order += round;
    ASSERT_TRUE(store->Commit("file", cursors, std::nullopt).ok());
  }
  const std::vector<StreamCursor> stored = store->Load("file").value();
  for (const StreamCursor& cursor : stored) {
    ASSERT_EQ("logs/" + std::to_string(cursor.cursor.order - 3), cursor.stream);
  }
}

// ---------------------------------------------------------------- beside others

TEST_F(CursorStoreTest, FilesAreForTheirOwnerOnly) {
  const mode_t before = ::umask(0);
  const Opened store = CursorStore::Open(&os_, &log_, dir_ / "state", Access::kOwn, false);
  ::umask(before);
  ASSERT_TRUE(store.ok());
  for (const char* name : {"", "/offsets.db", "/offsets.db-wal", "/offsets.db-shm", "/lock"}) {
    struct stat info {};
    ASSERT_EQ(::stat((dir_ / "state").append(name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 07777U, *name == '\0' ? 0700U : 0600U) << name;
  }
}

TEST_F(CursorStoreTest, ALookerSeesWhatIsStoredAndChangesNothing) {
  EXPECT_TRUE(absl::IsNotFound(Open(Access::kLook).status()));
  EXPECT_FALSE(fs::exists(Db()));
  const std::unique_ptr<CursorStore> owner = MustOpen();
  const std::unique_ptr<CursorStore> looker = MustOpen(Access::kLook);
  Content expected;
  for (uint64_t n = 0; n < 10; ++n) {
    ASSERT_TRUE(Commit(owner.get(), StepOf(n)).ok());
    Apply(StepOf(n), &expected);
    EXPECT_EQ(ContentOf(looker.get()).value(), expected);
  }
  EXPECT_TRUE(absl::IsFailedPrecondition(Commit(looker.get(), StepOf(3))));
  EXPECT_TRUE(absl::IsFailedPrecondition(looker->Forget("", "").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(looker->Expire(absl::InfiniteFuture()).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(looker->Touch(std::vector{StreamKey("a")})));
  EXPECT_EQ(ContentOf(owner.get()).value(), expected);
}

TEST_F(CursorStoreTest, ThreadsCommitAndLookAtOnce) {
  const std::unique_ptr<CursorStore> store = MustOpen();
  std::vector<std::thread> threads;
  for (const char* sink : {"file", "search", "history"}) {
    threads.emplace_back([&store, sink] {
      for (uint64_t n = 1; n <= 50; ++n) {
        const std::vector<StreamCursor> two = {CursorOf("a", n), CursorOf("b", n)};
        EXPECT_TRUE(store->Commit(sink, two, std::to_string(n)).ok());
      }
    });
  }
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(store->LoadAll().ok());
  for (std::thread& thread : threads) thread.join();
  for (const char* sink : {"file", "search", "history"}) {
    EXPECT_EQ(store->Load(sink).value().at(1).cursor.order, 50U);
    EXPECT_EQ(store->LoadState(sink).value(), "50");
  }
}

// Another process. Created before this one has a database open.
class Other {
 public:
  explicit Other(const std::function<void(int fd)>& work) {
    EXPECT_EQ(::pipe(pipe_.data()), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(pipe_[0]);
      work(pipe_[1]);
      ::_exit(0);
    }
    ::close(pipe_[1]);
  }
  ~Other() {
    Kill();
    ::close(pipe_[0]);
  }
  void Kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  // Waits for the next number that the process reports; nullopt when it has stopped.
  std::optional<uint64_t> Next() {
    uint64_t number = 0;
    if (::read(pipe_[0], &number, sizeof(number)) != sizeof(number)) return std::nullopt;
    return number;
  }
  static void Tell(int fd, uint64_t number) {
    if (::write(fd, &number, sizeof(number)) != sizeof(number)) ::_exit(1);
  }

 private:
  pid_t pid_ = -1;
  std::array<int, 2> pipe_{};
};

TEST_F(CursorStoreTest, ALookerInAnotherProcessSeesWholeCommits) {
  Other owner([&](int fd) {
    const Opened store = Open();
    for (uint64_t n = 1; store.ok(); ++n) {
      std::vector<StreamCursor> cursors;
      for (int i = 0; i < 50; ++i) cursors.push_back(CursorOf(std::to_string(i), n));
      if (!(*store)->Commit("file", cursors, std::nullopt).ok()) return;
      Other::Tell(fd, n);
    }
  });
  std::optional<uint64_t> told = owner.Next();
  for (int looks = 0; looks < 50; ++looks) {
    ASSERT_TRUE(told);
    const std::unique_ptr<CursorStore> looker = MustOpen(Access::kLook);
    ASSERT_NE(looker, nullptr);
    const std::vector<StreamCursor> cursors = looker->Load("file").value();
    ASSERT_EQ(cursors.size(), 50U);
    for (const StreamCursor& cursor : cursors) {
      ASSERT_EQ(cursor.cursor.order, cursors[0].cursor.order);
    }
    EXPECT_GE(cursors[0].cursor.order, *told);
    told = owner.Next();
  }
}

TEST_F(CursorStoreTest, F53_ASecondProcessRefuses) {
  Other owner([&](int fd) {
    const Opened store = Open();
    Other::Tell(fd, store.ok() ? static_cast<uint64_t>(::getpid()) : 0);
    ::pause();
  });
  const std::optional<uint64_t> pid = owner.Next();
  ASSERT_TRUE(pid && *pid != 0);
  for (const bool recover : {false, true}) {
    const absl::Status refused = Open(Access::kOwn, recover).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused));
    EXPECT_THAT(std::string(refused.message()), HasSubstr("process " + std::to_string(*pid) + " "));
  }
  EXPECT_TRUE(Open(Access::kLook).ok());
  owner.Kill();
  EXPECT_TRUE(Open().ok());
}

TEST_F(CursorStoreTest, F53_AFailingLockIsAnErrorNotSilence) {
  os_.Fail(
      {.status = absl::UnavailableError("No locks available"), .calls = {FaultyOs::Call::kLock}});
  EXPECT_TRUE(absl::IsUnavailable(Open().status()));
  EXPECT_FALSE(fs::exists(Db()));
}

TEST_F(CursorStoreTest, AFileThatWasTakenAwayIsNoticed) {
  for (const char* name : {"offsets.db", "lock"}) {
    const std::unique_ptr<CursorStore> store = MustOpen();
    ASSERT_TRUE(Commit(store.get(), StepOf(0)).ok());
    fs::rename(dir_ / name, dir_ / "away");
    EXPECT_TRUE(absl::IsFailedPrecondition(Commit(store.get(), StepOf(1)))) << name;
    WriteBytes(dir_ / name, "another one");
    EXPECT_TRUE(absl::IsFailedPrecondition(Commit(store.get(), StepOf(1)))) << name;
    fs::rename(dir_ / "away", dir_ / name);
    EXPECT_TRUE(Commit(store.get(), StepOf(1)).ok()) << name;
  }
}

TEST_F(CursorStoreTest, ANetworkFileSystemIsWarnedOf) {
  class RemoteOs : public FaultyOs {
    absl::StatusOr<bool> IsRemote(const std::string&) override { return true; }
  };
  RemoteOs os;
  EXPECT_TRUE(CursorStore::Open(&os, &log_, dir_.path(), Access::kOwn, false).ok());
  EXPECT_TRUE(log_.Has("W " + dir_.path() + " is on a network file system"));
}

// ---------------------------------------------------------------- damage

TEST_F(CursorStoreTest, F47_AnEmptyFileIsNoticed) {
  MakeStore();
  WriteBytes(Db(), "");
  ExpectUnusable(absl::StatusCode::kDataLoss, "it is empty");
}

TEST_F(CursorStoreTest, F47_AFileOfZerosIsNoticed) {
  MakeStore();
  WriteBytes(Db(), std::string(fs::file_size(Db()), '\0'));
  ExpectUnusable(absl::StatusCode::kDataLoss, "it holds only zeros");
}

TEST_F(CursorStoreTest, F47_RandomBytesAreNoticed) {
  std::mt19937_64 random(Seed());
  std::string bytes(20'000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  WriteBytes(Db(), bytes);
  ExpectUnusable(absl::StatusCode::kDataLoss, "it is not an SQLite database");
}

TEST_F(CursorStoreTest, F47_ACutFileIsNoticed) {
  const Content content = MakeStore();
  const std::string whole = BytesOf(Db());
  ASSERT_GT(whole.size(), 20'000U);
  for (size_t size = 0; size < whole.size(); size += size < 200 ? 20 : 1024) {
    WriteBytes(Db(), whole.substr(0, size));
    const absl::Status refused = Open().status();
    EXPECT_TRUE(absl::IsDataLoss(refused)) << size << " " << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("--recover"));
  }
  WriteBytes(Db(), whole);
  EXPECT_EQ(ContentOf(MustOpen().get()).value(), content);
  WriteBytes(Db(), whole.substr(0, whole.size() / 2));
  ExpectUnusable(absl::StatusCode::kDataLoss, "is damaged");
}

// Every changed byte is noticed, or does not matter.
TEST_F(CursorStoreTest, F47_AChangedByteIsNoticedOrDoesNotMatter) {
  FaultyVfs vfs;
  vfs.SkipSyncs();
  const Content content = MakeStore();
  const std::string whole = BytesOf(Db());
  std::mt19937_64 random(Seed());
  int noticed = 0;
  const int runs = 1250 * Scale();
  for (int run = 0; run < runs; ++run) {
    std::string changed = whole;
    // One bit, some bytes, or a block of zeros; often in the header.
    const size_t at = random() % (run % 5 < 2 ? 100 : whole.size());
    const size_t size = std::min<size_t>(run % 3 == 0 ? 512 : 1 + random() % 8, whole.size() - at);
    for (size_t i = at; i < at + size; ++i) {
      if (run % 3 == 0) changed[i] = '\0';
      if (run % 3 == 1) changed[i] = static_cast<char>(random());
    }
    if (run % 3 == 2) changed[at] ^= static_cast<char>(1U << random() % 8);
    WriteBytes(Db(), changed);
    const Opened store = Open();
    if (store.ok()) {
      ASSERT_EQ(ContentOf(store->get()).value(), content) << "at " << at << ", " << size;
      continue;
    }
    ++noticed;
    ASSERT_TRUE(absl::IsDataLoss(store.status()) || absl::IsFailedPrecondition(store.status()))
        << "at " << at << ", " << size << " " << store.status();
    ASSERT_THAT(std::string(store.status().message()), HasSubstr("--recover"));
  }
  EXPECT_GT(noticed, runs / 4);
}

// The -wal file ends where it was damaged. That leaves an older commit, never a part of one.
TEST_F(CursorStoreTest, F47_ADamagedWalGivesAnOlderCommit) {
  FaultyVfs vfs;
  vfs.SkipSyncs();
  constexpr uint64_t kSteps = 8;
  std::vector<Content> states(1);
  std::string db;
  std::string wal;
  {
    const std::unique_ptr<CursorStore> store = MustOpen();
    for (uint64_t n = 0; n < kSteps; ++n) {
      ASSERT_TRUE(Commit(store.get(), StepOf(n)).ok());
      states.push_back(states.back());
      Apply(StepOf(n), &states.back());
    }
    db = BytesOf(Db());
    wal = BytesOf(Db() + "-wal");  // as a killed process leaves it
  }
  ASSERT_GT(wal.size(), 10'000U);
  std::mt19937_64 random(Seed());
  std::set<size_t> seen;
  for (int run = 0; run < 200 * Scale(); ++run) {
    std::string changed = wal;
    const size_t at = random() % wal.size();
    if (run % 2 == 0) changed[at] ^= static_cast<char>(1U << random() % 8);
    if (run % 2 == 1) changed.resize(at);
    WriteBytes(Db(), db);
    WriteBytes(Db() + "-wal", changed);
    const Opened store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    const auto found = std::find(states.begin(), states.end(), ContentOf(store->get()).value());
    ASSERT_NE(found, states.end()) << "a part of a commit, at " << at;
    seen.insert(static_cast<size_t>(found - states.begin()));
  }
  EXPECT_GT(seen.size(), 4U);
}

TEST_F(CursorStoreTest, ADatabaseOfAnotherProgramIsLeftAlone) {
  {
    absl::StatusOr<Database> other = Database::Open(&os_, Db(), {});
    ASSERT_TRUE(other.ok());
    ASSERT_TRUE(other->Execute("PRAGMA application_id=7; CREATE TABLE t(a)").ok());
  }
  ExpectUnusable(absl::StatusCode::kFailedPrecondition, "of another program (application_id 7)");
}

TEST_F(CursorStoreTest, ANewerVersionIsLeftAlone) {
  MakeStore();
  {
    absl::StatusOr<Database> newer = Database::Open(&os_, Db(), {});
    ASSERT_TRUE(newer.ok());
    ASSERT_TRUE(newer->Execute("PRAGMA user_version=9").ok());
  }
  EXPECT_TRUE(absl::IsFailedPrecondition(Open(Access::kLook).status()));
  ExpectUnusable(absl::StatusCode::kFailedPrecondition, "newer sparktail (file version 9");
}

TEST_F(CursorStoreTest, AMissingTableIsDamage) {
  MakeStore();
  {
    absl::StatusOr<Database> database = Database::Open(&os_, Db(), {});
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database->Execute("DROP TABLE contexts").ok());
  }
  EXPECT_TRUE(absl::IsDataLoss(Open(Access::kLook).status()));
  ExpectUnusable(absl::StatusCode::kDataLoss, "no such table: contexts");
}

// A store that is opened to look checks only the pages that it reads.
TEST_F(CursorStoreTest, ADamagedPageIsSaidInOneLineWithWhatToDo) {
  MakeStore(200);
  std::string bytes = BytesOf(Db());
  for (size_t at = 4096; at < bytes.size(); ++at) bytes[at] = '\xa5';
  WriteBytes(Db(), bytes);
  const absl::Status refused = Open().status();
  EXPECT_TRUE(absl::IsDataLoss(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("is damaged: "));
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("***")));
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("\n")));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("a file sink skips"));
  const absl::Status seen = MustOpen(Access::kLook)->LoadAll().status();
  EXPECT_TRUE(absl::IsDataLoss(seen)) << seen;
  EXPECT_THAT(std::string(seen.message()), HasSubstr(Db() + " is damaged: "));
  EXPECT_THAT(std::string(seen.message()), HasSubstr("sparktail run --recover"));
}

TEST_F(CursorStoreTest, APathThatIsNoFileIsReported) {
  fs::create_directory(Db());
  EXPECT_THAT(std::string(Open().status().message()), HasSubstr("it is not a regular file"));
}

TEST_F(CursorStoreTest, F49_RecoveringKeepsWhatIsGoodAndWhatWasDamaged) {
  const Content content = MakeStore();
  {
    const std::unique_ptr<CursorStore> store = MustOpen(Access::kOwn, /*recover=*/true);
    EXPECT_EQ(ContentOf(store.get()).value(), content);  // nothing was wrong
  }
  os_.SetNow(absl::FromUnixSeconds(1'700'000'000));
  const std::string damaged = Db() + ".damaged-20231114T221320Z";
  // Twice in a second, and with what SQLite keeps beside a database.
  for (const std::string& name : {damaged, damaged + "-2"}) {
    WriteBytes(Db(), "nonsense");
    WriteBytes(Db() + "-wal", "more of it");
    WriteBytes(Db() + "-shm", "still more");
    EXPECT_TRUE(absl::IsDataLoss(Open().status()));
    const std::unique_ptr<CursorStore> store = MustOpen(Access::kOwn, /*recover=*/true);
    EXPECT_EQ(ContentOf(store.get()).value(), Content());
    EXPECT_EQ(BytesOf(name), "nonsense");
    EXPECT_EQ(BytesOf(name + "-wal"), "more of it");
    EXPECT_EQ(BytesOf(name + "-shm"), "still more");
  }
}

// A -wal without its database would be taken for a part of the next one.
TEST_F(CursorStoreTest, F49_RemainsOfARemovedFileAreNotRead) {
  {
    const std::unique_ptr<CursorStore> store = MustOpen();
    ASSERT_TRUE(Commit(store.get(), StepOf(3)).ok());
    fs::copy_file(Db() + "-wal", dir_ / "wal");
  }
  fs::remove(Db());
  fs::rename(dir_ / "wal", Db() + "-wal");
  const std::unique_ptr<CursorStore> store = MustOpen();
  EXPECT_EQ(ContentOf(store.get()).value(), Content());
  EXPECT_TRUE(log_.Has("moved " + Db() + "-wal aside"));
}

// ---------------------------------------------------------------- faults

TEST_F(CursorStoreTest, F48_AFullDiskIsSaidAndOverWhenThereIsRoom) {
  FaultyVfs vfs;
  {
    const std::unique_ptr<CursorStore> store = MustOpen();
    Content expected;
    for (uint64_t n = 0; n < 6; ++n) {
      vfs.Fail({.kind = FaultyVfs::Kind::kFull, .from_then_on = true});
      for (int tries = 0; tries < 3; ++tries) {
        const absl::Status full = Commit(store.get(), StepOf(n));
        EXPECT_TRUE(absl::IsResourceExhausted(full)) << full;
        EXPECT_THAT(std::string(full.message()), HasSubstr(Db()));
        EXPECT_EQ(ContentOf(store.get()).value(), expected);
      }
      vfs.Heal();
      ASSERT_TRUE(Commit(store.get(), StepOf(n)).ok());
      Apply(StepOf(n), &expected);
      EXPECT_EQ(ContentOf(store.get()).value(), expected);
    }
  }
}

TEST_F(CursorStoreTest, F48_AFullDiskAtTheStartIsSaidWithWhatToDo) {
  for (const bool is_new : {true, false}) {
    FaultyVfs vfs;
    vfs.Fail({.kind = FaultyVfs::Kind::kFull, .from_then_on = true});
    const absl::Status full = Open().status();
    EXPECT_TRUE(absl::IsResourceExhausted(full)) << is_new << full;
    EXPECT_THAT(std::string(full.message()), HasSubstr("make room on the disk of " + dir_.path()));
    vfs.Heal();
    MakeStore();
  }
}

// The files of a state directory, as a process that is killed now leaves them.
class CopyOfState {
 public:
  explicit CopyOfState(const std::string& state_dir) {
    for (const char* name : {"offsets.db", "offsets.db-wal", "offsets.db.new"}) {
      const std::string from = state_dir + "/" + name;
      if (fs::exists(from)) fs::copy_file(from, dir_ / name);
    }
  }
  const std::string& path() const { return dir_.path(); }

 private:
  TempDir dir_{TempDir::Place::kMemory};
};

// Runs all steps against a store of its own while something fails. Commits are retried a few
// times, as a sink worker does. Whatever fails, the store never reports damage, a commit that was
// reported durable is there, and a failed commit is there as a whole or not at all.
class FaultLoop {
 public:
  static constexpr uint64_t kSteps = 6;

  explicit FaultLoop(std::string what) : what_(std::move(what)) {}

  const std::string& state_dir() const { return dir_.path(); }

  void Run(Os* os, const std::function<void()>& heal) {
    Opened store = CursorStore::Open(os, &log_, dir_.path(), Access::kOwn, false);
    for (int tries = 0; tries < 2 && !store.ok(); ++tries) {
      ExpectHarmless(store.status());
      store = CursorStore::Open(os, &log_, dir_.path(), Access::kOwn, false);
    }
    for (uint64_t n = 0; store.ok() && n < kSteps; ++n) {
      if (!CommitStep(store->get(), n)) break;
    }
    // As kill -9 leaves it, and as an orderly end does while the fault is still there.
    ExpectStored(CopyOfState(dir_.path()).path());
    store = absl::CancelledError();
    heal();
    ExpectStored(dir_.path());
  }

 private:
  bool CommitStep(CursorStore* store, uint64_t n) {
    next_ = durable_;
    Apply(StepOf(n), &next_);
    for (int tries = 0; tries < 3; ++tries) {
      const absl::Status status = Commit(store, StepOf(n));
      if (status.ok()) {
        durable_ = next_;
        return true;
      }
      ExpectHarmless(status);
      if (tries == 0) ExpectStored(CopyOfState(dir_.path()).path());
      const absl::StatusOr<Content> seen = ContentOf(store);
      if (seen.ok()) {
        EXPECT_EQ(*seen, durable_) << what_;
      } else {
        ExpectHarmless(seen.status());
      }
    }
    return false;
  }

  void ExpectHarmless(const absl::Status& status) {
    EXPECT_TRUE(absl::IsUnavailable(status) || absl::IsResourceExhausted(status))
        << what_ << ": " << status;
    EXPECT_FALSE(status.message().empty());
  }

  void ExpectStored(const std::string& state_dir) {
    FaultyOs os;
    os.SkipSyncs();
    const Opened store = CursorStore::Open(&os, &log_, state_dir, Access::kOwn, false);
    ASSERT_TRUE(store.ok()) << what_ << ": " << store.status();
    const Content found = ContentOf(store->get()).value();
    EXPECT_TRUE(found == durable_ || found == next_) << what_ << ": a part of a commit";
  }

  const std::string what_;
  TempDir dir_{TempDir::Place::kMemory};
  RecordingLog log_;
  Content durable_;
  Content next_;
};

TEST_F(CursorStoreTest, F48_F50_WhateverSqliteCallFailsCommitsAreWhole) {
  for (const FaultyVfs::Kind kind :
       {FaultyVfs::Kind::kInputOutput, FaultyVfs::Kind::kTorn, FaultyVfs::Kind::kFull}) {
    for (const bool from_then_on : {false, true}) {
      size_t n = 1;
      for (bool is_clean = false; !is_clean && !HasFailure(); ++n) {
        const std::string what = "kind " + std::to_string(static_cast<int>(kind)) +
                                 (from_then_on ? ", from call " : ", call ") + std::to_string(n);
        FaultyVfs vfs;
        vfs.SkipSyncs();
        FaultLoop loop(what);
        vfs.Fail({.n = n,
                  .kind = kind,
                  .from_then_on = from_then_on,
                  .path_contains = loop.state_dir()});  // not in the copies of it
        FaultyOs os;
        os.SkipSyncs();
        loop.Run(&os, [&] {
          is_clean = vfs.failed() == 0;
          vfs.Heal();
        });
      }
      EXPECT_GT(n, 20U);
    }
  }
}

TEST_F(CursorStoreTest, F48_F50_WhateverOtherCallFailsCommitsAreWhole) {
  FaultyVfs vfs;
  vfs.SkipSyncs();
  for (const bool from_then_on : {false, true}) {
    size_t n = 1;
    for (bool is_clean = false; !is_clean && !HasFailure(); ++n) {
      FaultLoop loop((from_then_on ? "from call " : "call ") + std::to_string(n));
      FaultyOs os;
      os.SkipSyncs();
      os.Fail({.n = n, .from_then_on = from_then_on});
      loop.Run(&os, [&] {
        is_clean = os.failed() == 0;
        os.Heal();
      });
      EXPECT_EQ(os.open_files(), 0U);
    }
    EXPECT_GT(n, 20U);
  }
}

// The kill comes before, in or after the commit of the cursors. Every commit that was reported
// durable is there, and the next one is there as a whole or not at all.
TEST_F(CursorStoreTest, F50_AfterSigkillTheStoreIsOfOneCommit) {
  std::mt19937_64 random(Seed());
  uint64_t last = 0;
  for (int run = 0; run < 20 * Scale(); ++run) {
    Other owner([&](int fd) {
      FaultyVfs vfs;
      vfs.SkipSyncs();
      const Opened store = Open();
      for (uint64_t n = last + 1; store.ok(); ++n) {
        std::vector<StreamCursor> cursors;
        for (uint64_t i = 0; i < 20; ++i) cursors.push_back(CursorOf(std::to_string(i), n));
        if (!(*store)->Commit("file", cursors, std::to_string(n)).ok()) break;
        Other::Tell(fd, n);
      }
    });
    for (uint64_t commits = 1 + random() % 50; commits > 0; --commits) {
      const std::optional<uint64_t> told = owner.Next();
      ASSERT_TRUE(told) << "the other process has ended";
      last = *told;
    }
    owner.Kill();
    while (const std::optional<uint64_t> told = owner.Next()) last = *told;

    const std::unique_ptr<CursorStore> store = MustOpen();
    ASSERT_NE(store, nullptr);
    const std::string state = store->LoadState("file").value();
    EXPECT_TRUE(state == std::to_string(last) || state == std::to_string(last + 1))
        << state << ", said " << last;
    const std::vector<StreamCursor> cursors = store->Load("file").value();
    ASSERT_EQ(cursors.size(), 20U);
    for (const StreamCursor& cursor : cursors) {
      ASSERT_EQ(std::to_string(cursor.cursor.order), state);
    }
    last = std::stoull(state);
  }
}

}  // namespace
}  // namespace sparktail
