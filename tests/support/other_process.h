#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace sparktail::testing {

// Another process that has a file open (made if `flags` say so), for as long as this object lives.
// To be made before there are threads.
class OtherProcess {
 public:
  OtherProcess(const std::string& path, int flags) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    EXPECT_EQ(::pipe(stop_), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(stop_[1]);
      const char result = ::open(path.c_str(), flags, 0600) >= 0 ? 'y' : 'n';
      char byte = 0;
      if (::write(ready[1], &result, 1) == 1) [[maybe_unused]]
        const ssize_t ignored = ::read(stop_[0], &byte, 1);
      ::_exit(0);
    }
    ::close(ready[1]);
    ::close(stop_[0]);
    char result = 0;
    EXPECT_EQ(::read(ready[0], &result, 1), 1);
    EXPECT_EQ(result, 'y');
    ::close(ready[0]);
  }
  ~OtherProcess() {
    ::close(stop_[1]);
    ::waitpid(pid_, nullptr, 0);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

 private:
  pid_t pid_;
  int stop_[2];
};

}  // namespace sparktail::testing
