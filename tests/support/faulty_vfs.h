#pragma once

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sparktail::testing {

// SQLite's door to the operating system, of which the n-th call fails, or all from the n-th on.
// It stands before the default one, and is the default while it lives: one at a time, and all
// databases that were opened through it must be closed before it goes. Thread-safe.
class FaultyVfs {
 public:
  enum class Call : uint8_t {
    kOpen,
    kDelete,
    kAccess,
    kRead,
    kWrite,
    kTruncate,
    kSync,
    kFileSize,
    kLock,
    kShmMap,
  };
  static constexpr size_t kCalls = static_cast<size_t>(Call::kShmMap) + 1;

  enum class Kind : uint8_t {
    kInputOutput,  // all kinds of calls fail, with the SQLITE_IOERR_ of the call
    kFull,  // only those that need room fail (counted: write, sync, shmMap), with SQLITE_FULL
    kTorn,  // as kInputOutput, but a write that fails has written the half of it
  };
  struct Fault {
    size_t n = 1;  // of the calls that match, counted from when the fault is set
    Kind kind = Kind::kInputOutput;
    bool from_then_on = false;
    std::string path_contains = {};
  };

  FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;
  ~FaultyVfs();

  // One at a time: the last one set counts.
  void Fail(const Fault& fault);
  void Heal();

  // Syncs are counted, and fail if they shall, but are not made: a test that only kills processes
  // needs none, and is ten times as fast.
  void SkipSyncs();

  // How often the fault that was last set has struck, and what first: "write /a/b-wal".
  size_t failed() const;
  std::string first_failure() const;

  // Calls since the beginning, failed ones included.
  size_t calls() const;
  size_t calls(Call call) const;
  size_t open_files() const;

 private:
  class State;
  struct File;
  struct Methods;

  std::unique_ptr<State> state_;
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_ = {};
};

}  // namespace sparktail::testing
