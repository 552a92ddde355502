#include "ingest/pipeline/file_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>

namespace sparktail {
namespace {

// In a process of its own, of which only 0, 1 and 2 are open: the first of those that are kept when
// `most` are allowed and `prepare` was called; as its exit code, so it is to be below 254.
void ExpectFirst(int first, int most, const std::function<void()>& prepare) {
  const auto child = [&] {
    ::closefrom(STDERR_FILENO + 1);
    rlimit limit{static_cast<rlim_t>(most), static_cast<rlim_t>(most)};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) std::_Exit(255);
    prepare();
    limit.rlim_cur = 20;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) std::_Exit(255);
    const int found = RaiseFileLimit();
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) std::_Exit(255);
    std::_Exit(limit.rlim_cur == static_cast<rlim_t>(most) ? found : 254);
  };
  EXPECT_EXIT(child(), ::testing::ExitedWithCode(first), "");
}

void Inherit(int begin, int end) {
  for (int fd = begin; fd < end; ++fd) ::dup2(STDERR_FILENO, fd);
}

TEST(FileLimitTest, AllThatAreAllowedButSixtyFour) {
  ExpectFirst(136, 200, [] {});
}

TEST(FileLimitTest, HalfOfFew) {
  ExpectFirst(50, 100, [] {});
}

TEST(FileLimitTest, ThoseThatWereInheritedAreNotFree) {
  ExpectFirst(136, 200, [] { Inherit(3, 100); });
  ExpectFirst(126, 200, [] { Inherit(190, 200); });
  ExpectFirst(125, 200, [] {
    Inherit(135, 136);
    Inherit(140, 150);
  });
  ExpectFirst(0, 200, [] { Inherit(3, 200); });
}

}  // namespace
}  // namespace sparktail
