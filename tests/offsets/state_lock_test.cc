#include "offsets/state_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::BytesOf;
using testing::FaultyOs;
using ::testing::HasSubstr;
using testing::RecordingLog;
using testing::TempDir;
using testing::WriteBytes;

class StateLockTest : public ::testing::Test {
 protected:
  absl::StatusOr<StateLock> Take() { return StateLock::Take(&os_, &log_, dir_.path()); }

  TempDir dir_;
  FaultyOs os_;
  RecordingLog log_;
};

// Another process that does something, says so, and waits to be killed.
class Other {
 public:
  template <typename Do>
  explicit Other(Do something) {
    EXPECT_EQ(::pipe(pipe_.data()), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const char done = something() ? 'y' : 'n';
      if (::write(pipe_[1], &done, 1) == 1) ::pause();
      ::_exit(0);
    }
    ::close(pipe_[1]);
    char answer = 'n';
    EXPECT_EQ(::read(pipe_[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
  }
  ~Other() { Kill(); }
  void Kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(pipe_[0]);
    pid_ = -1;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  std::array<int, 2> pipe_{};
};

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777U;
}

TEST_F(StateLockTest, OneProcessHasIt) {
  std::optional<StateLock> lock = *Take();
  EXPECT_THAT(BytesOf(dir_ / "lock"), HasSubstr("process " + std::to_string(::getpid())));
  EXPECT_EQ(ModeOf(dir_ / "lock"), 0600U);
  EXPECT_TRUE(lock->CheckStillHeld().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Take().status()));
  lock.reset();
  EXPECT_EQ(BytesOf(dir_ / "lock"), "");
  EXPECT_TRUE(Take().ok());
  EXPECT_EQ(os_.open_files(), 0U);
}

TEST_F(StateLockTest, F53_TheSecondProcessRefusesAndNamesTheFirst) {
  os_.SetNow(absl::FromUnixSeconds(1'700'000'000));
  std::array<char, 256> host{};
  ASSERT_EQ(::gethostname(host.data(), host.size() - 1), 0);
  Other first([&] {
    static std::optional<StateLock> held;  // for as long as the process lives
    absl::StatusOr<StateLock> lock = Take();
    if (lock.ok()) held.emplace(*std::move(lock));
    return held.has_value();
  });
  const absl::Status refused = Take().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(refused.message(),
            dir_.path() + " is in use by another sparktail, process " +
                std::to_string(first.pid()) + " on host " + host.data() +
                ", started 2023-11-14T22:13:20Z: stop that one, or give this one another state "
                "directory (state_dir)");
  first.Kill();
  EXPECT_TRUE(Take().ok());  // a lock is never stale
}

TEST_F(StateLockTest, F53_ALockThatFailsIsAnError) {
  os_.Fail(
      {.status = absl::UnavailableError("No locks available"), .calls = {FaultyOs::Call::kLock}});
  const absl::Status refused = Take().status();
  EXPECT_TRUE(absl::IsUnavailable(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("No locks available"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("two processes"));
  EXPECT_EQ(os_.open_files(), 0U);
}

TEST_F(StateLockTest, F53_ALockFileThatWasTakenAwayIsNoticed) {
  const absl::StatusOr<StateLock> first = Take();
  ASSERT_TRUE(first.ok());
  std::filesystem::remove(dir_ / "lock");
  EXPECT_TRUE(absl::IsFailedPrecondition(first->CheckStillHeld()));
  const absl::StatusOr<StateLock> second = Take();
  EXPECT_TRUE(second.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(first->CheckStillHeld()));
  EXPECT_TRUE(second->CheckStillHeld().ok());
}

TEST_F(StateLockTest, AnyCallMayFail) {
  for (size_t n = 1;; ++n) {
    os_.Fail({.n = n});
    const absl::StatusOr<StateLock> lock = Take();
    if (os_.failed() == 0) break;
    ASSERT_LT(n, 100U);
    const std::string first = os_.first_failure();
    const bool only_names_the_owner = first.starts_with("Truncate") || first.starts_with("Write");
    EXPECT_EQ(lock.ok(), only_names_the_owner) << first;
    EXPECT_EQ(os_.open_files(), lock.ok() ? 1U : 0U) << first;
  }
  EXPECT_TRUE(log_.Has("cannot write the owner of the lock"));
}

// A full disk does not keep the process from starting.
TEST_F(StateLockTest, F48_ADiskThatIsFullCanBeLocked) {
  os_.Fail({.status = absl::ResourceExhaustedError("No space left on device"),
            .from_then_on = true,
            .calls = {FaultyOs::Call::kWrite}});
  const absl::StatusOr<StateLock> lock = Take();
  EXPECT_TRUE(lock.ok());
  const absl::Status refused = Take().status();
  EXPECT_THAT(std::string(refused.message()), HasSubstr("which the lock file does not name"));
}

TEST_F(StateLockTest, BytesOfTheLockFileAreShownWithoutControls) {
  const absl::StatusOr<StateLock> lock = Take();
  ASSERT_TRUE(lock.ok());
  WriteBytes(dir_ / "lock", "process \x1b[2J\x9b\n\n" + std::string(5000, 'x'));
  const std::string message(Take().status().message());
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
  EXPECT_EQ(message.find('\x9b'), std::string::npos);
  EXPECT_LT(message.size(), 1000U);
}

TEST_F(StateLockTest, TheDirectoryIsMadeWithItsParents) {
  const mode_t before = ::umask(0);
  EXPECT_TRUE(CreateStateDirectory(&os_, dir_ / "a/b/c").ok());
  EXPECT_TRUE(CreateStateDirectory(&os_, dir_ / "a/b/c").ok());
  EXPECT_TRUE(CreateStateDirectory(&os_, dir_ / "d/").ok());
  ::umask(before);
  EXPECT_EQ(ModeOf(dir_ / "a"), 0700U);
  EXPECT_EQ(ModeOf(dir_ / "a/b/c"), 0700U);
  EXPECT_TRUE(std::filesystem::is_directory(dir_ / "d"));
}

TEST_F(StateLockTest, ADirectoryThatCannotBeMadeIsSaid) {
  WriteBytes(dir_ / "file", "");
  const absl::Status is_file = CreateStateDirectory(&os_, dir_ / "file");
  EXPECT_TRUE(absl::IsFailedPrecondition(is_file));
  EXPECT_THAT(std::string(is_file.message()), HasSubstr((dir_ / "file") + ": the state directory"));
  EXPECT_FALSE(CreateStateDirectory(&os_, dir_ / "file/below").ok());
  os_.Fail({.status = absl::PermissionDeniedError("Permission denied"),
            .calls = {FaultyOs::Call::kMakeDirectory}});
  EXPECT_EQ(CreateStateDirectory(&os_, dir_ / "no"),
            absl::PermissionDeniedError((dir_ / "no") +
                                        ": cannot create the state directory: Permission denied"));
}

// As seen by a process of user 12345: a directory of user 999.
TEST_F(StateLockTest, ADirectoryOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give directories away";
  std::filesystem::create_directory(dir_ / "other");
  ASSERT_EQ(::chown((dir_ / "other").c_str(), 999, 999), 0);
  ASSERT_EQ(::chmod(dir_.path().c_str(), 0777), 0);
  ASSERT_EQ(::chmod((dir_ / "other").c_str(), 0777), 0);
  EXPECT_TRUE(CreateStateDirectory(&os_, dir_ / "other").ok());
  Other user([&] {
    if (::setuid(12345) != 0) return false;
    const absl::Status refused = CreateStateDirectory(&os_, dir_ / "other");
    const absl::Status roots = CreateStateDirectory(&os_, dir_.path());
    return absl::IsFailedPrecondition(refused) && roots.ok() &&
           refused.message().find("belongs to another user (uid 999") != std::string::npos;
  });
}

}  // namespace
}  // namespace sparktail
