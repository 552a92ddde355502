#include "ingest/cli/signals.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <memory>

namespace sparktail {
namespace {

bool IsReadable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return poll(&one, 1, 0) == 1;
}

std::unique_ptr<Signals> Install() {
  auto signals = Signals::Install();
  EXPECT_TRUE(signals.ok()) << signals.status();
  return *std::move(signals);
}

TEST(Signals, NothingCameYet) {
  const auto signals = Install();
  EXPECT_FALSE(IsReadable(signals->wake_fd()));
  EXPECT_EQ(signals->Poll().stop, 0);
  EXPECT_FALSE(signals->Poll().reopen);
}

TEST(Signals, AStopWakesOnceAndIsRemembered) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const auto signals = Install();
    raise(signal);
    EXPECT_TRUE(IsReadable(signals->wake_fd()));
    EXPECT_EQ(signals->Poll().stop, signal);
    EXPECT_FALSE(IsReadable(signals->wake_fd()));
    EXPECT_EQ(signals->Poll().stop, signal);
  }
}

TEST(Signals, AHangupAsksToReopenEachTime) {
  const auto signals = Install();
  for (int i = 0; i < 2; ++i) {
    raise(SIGHUP);
    raise(SIGHUP);
    EXPECT_TRUE(IsReadable(signals->wake_fd()));
    EXPECT_TRUE(signals->Poll().reopen);
    EXPECT_FALSE(signals->Poll().reopen);
  }
  EXPECT_EQ(signals->Poll().stop, 0);
}

TEST(Signals, BothAtATime) {
  const auto signals = Install();
  raise(SIGHUP);
  raise(SIGTERM);
  const Signals::Received received = signals->Poll();
  EXPECT_TRUE(received.reopen);
  EXPECT_EQ(received.stop, SIGTERM);
}

TEST(Signals, ThereIsOneObjectAtATime) {
  auto signals = Install();
  EXPECT_FALSE(Signals::Install().ok());
  signals.reset();
  EXPECT_TRUE(Signals::Install().ok());
}

TEST(Signals, HandlersAreGivenBack) {
  std::signal(SIGHUP, SIG_IGN);
  Install().reset();
  struct sigaction now {};
  sigaction(SIGHUP, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_IGN);
  std::signal(SIGHUP, SIG_DFL);
}

// The child neither polls nor returns.
[[noreturn]] void RaiseAndHang(int first, int second) {
  const auto signals = Install();
  raise(first);
  raise(second);
  while (true) pause();
}

TEST(SignalsDeathTest, ASecondOneLeavesAtOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(RaiseAndHang(SIGINT, SIGINT), ::testing::ExitedWithCode(130), "");
  EXPECT_EXIT(RaiseAndHang(SIGTERM, SIGTERM), ::testing::ExitedWithCode(143), "");
  EXPECT_EXIT(RaiseAndHang(SIGTERM, SIGINT), ::testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace sparktail
