#include "tests/support/faulty_vfs.h"

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <cassert>
#include <cstring>
#include <new>
#include <optional>
#include <string_view>

namespace sparktail::testing {
namespace {

struct CallFacts {
  std::string_view name;
  int error;
  bool needs_room;
};
constexpr std::array<CallFacts, FaultyVfs::kCalls> kFacts = {{
    {"open", SQLITE_CANTOPEN, false},
    {"delete", SQLITE_IOERR_DELETE, false},
    {"access", SQLITE_IOERR_ACCESS, false},
    {"read", SQLITE_IOERR_READ, false},
    {"write", SQLITE_IOERR_WRITE, true},
    {"truncate", SQLITE_IOERR_TRUNCATE, false},
    {"sync", SQLITE_IOERR_FSYNC, true},
    {"file size", SQLITE_IOERR_FSTAT, false},
    {"lock", SQLITE_IOERR_LOCK, false},
    {"shm map", SQLITE_IOERR_SHMMAP, true},
}};

const CallFacts& FactsOf(FaultyVfs::Call call) { return kFacts[static_cast<size_t>(call)]; }

}  // namespace

class FaultyVfs::State {
 public:
  void Set(std::optional<Fault> fault) {
    const absl::MutexLock lock(&mutex_);
    fault_ = std::move(fault);
    if (!fault_) return;
    matched_ = 0;
    failed_ = 0;
    first_failure_.clear();
  }

  // SQLITE_OK, or what the call shall return. `torn`: it shall do the half of its work first.
  int Next(Call call, std::string_view path, bool* torn = nullptr) {
    const absl::MutexLock lock(&mutex_);
    ++counts_[static_cast<size_t>(call)];
    if (!fault_ || path.find(fault_->path_contains) == std::string_view::npos) return SQLITE_OK;
    const CallFacts& facts = FactsOf(call);
    if (fault_->kind == Kind::kFull && !facts.needs_room) return SQLITE_OK;
    ++matched_;
    if (matched_ < fault_->n) return SQLITE_OK;
    if (matched_ > fault_->n && !fault_->from_then_on) return SQLITE_OK;
    if (++failed_ == 1) first_failure_ = std::string(facts.name) + " " + std::string(path);
    if (torn != nullptr) *torn = fault_->kind == Kind::kTorn;
    return fault_->kind == Kind::kFull ? SQLITE_FULL : facts.error;
  }

  void SkipSyncs() {
    const absl::MutexLock lock(&mutex_);
    skips_syncs_ = true;
  }
  bool skips_syncs() const {
    const absl::MutexLock lock(&mutex_);
    return skips_syncs_;
  }

  void Opened(int by) {
    const absl::MutexLock lock(&mutex_);
    open_files_ += by;
  }

  size_t failed() const {
    const absl::MutexLock lock(&mutex_);
    return failed_;
  }
  std::string first_failure() const {
    const absl::MutexLock lock(&mutex_);
    return first_failure_;
  }
  std::array<size_t, kCalls> counts() const {
    const absl::MutexLock lock(&mutex_);
    return counts_;
  }
  size_t open_files() const {
    const absl::MutexLock lock(&mutex_);
    return static_cast<size_t>(open_files_);
  }

 private:
  mutable absl::Mutex mutex_;
  bool skips_syncs_ ABSL_GUARDED_BY(mutex_) = false;
  std::array<size_t, kCalls> counts_ ABSL_GUARDED_BY(mutex_) = {};
  std::optional<Fault> fault_ ABSL_GUARDED_BY(mutex_);
  size_t matched_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t failed_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string first_failure_ ABSL_GUARDED_BY(mutex_);
  int open_files_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The real file lies behind it in the same piece of memory, which SQLite owns.
struct FaultyVfs::File {
  sqlite3_file base;  // first, as SQLite knows no more of it
  State* state;
  sqlite3_file* real;
  char path[512];  // the beginning of it
};

struct FaultyVfs::Methods {
  static constexpr size_t kOwnSize = (sizeof(File) + 15) / 16 * 16;

  static FaultyVfs* Self(sqlite3_vfs* vfs) { return static_cast<FaultyVfs*>(vfs->pAppData); }
  static sqlite3_vfs* Real(sqlite3_vfs* vfs) { return Self(vfs)->real_; }
  static File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  static int Next(sqlite3_file* file, Call call, bool* torn = nullptr) {
    return Of(file)->state->Next(call, Of(file)->path, torn);
  }

  static int Open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags,
                  int* out_flags) {
    file->pMethods = nullptr;  // not to be closed after an error
    State* state = Self(vfs)->state_.get();
    const int fault = state->Next(Call::kOpen, name == nullptr ? "" : name);
    if (fault != SQLITE_OK) return fault;
    auto* real = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + kOwnSize);
    std::memset(real, 0, static_cast<size_t>(Real(vfs)->szOsFile));
    const int result = Real(vfs)->xOpen(Real(vfs), name, real, flags, out_flags);
    if (result != SQLITE_OK) {
      if (real->pMethods != nullptr) real->pMethods->xClose(real);
      return result;
    }
    auto* mine = new (file) File{{&kIo}, state, real, {}};
    std::strncpy(mine->path, name == nullptr ? "" : name, sizeof(mine->path) - 1);
    state->Opened(+1);
    return SQLITE_OK;
  }
  static int Delete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
    const int fault = Self(vfs)->state_->Next(Call::kDelete, name);
    return fault != SQLITE_OK ? fault : Real(vfs)->xDelete(Real(vfs), name, sync_directory);
  }
  static int Access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
    const int fault = Self(vfs)->state_->Next(Call::kAccess, name);
    return fault != SQLITE_OK ? fault : Real(vfs)->xAccess(Real(vfs), name, flags, out);
  }
  static int FullPathname(sqlite3_vfs* vfs, const char* name, int size, char* out) {
    return Real(vfs)->xFullPathname(Real(vfs), name, size, out);
  }
  static int Randomness(sqlite3_vfs* vfs, int size, char* out) {
    return Real(vfs)->xRandomness(Real(vfs), size, out);
  }
  static int Sleep(sqlite3_vfs* vfs, int microseconds) {
    return Real(vfs)->xSleep(Real(vfs), microseconds);
  }
  static int CurrentTime(sqlite3_vfs* vfs, double* out) {
    return Real(vfs)->xCurrentTime(Real(vfs), out);
  }
  static int GetLastError(sqlite3_vfs* vfs, int size, char* out) {
    return Real(vfs)->xGetLastError(Real(vfs), size, out);
  }
  static int CurrentTimeInt64(sqlite3_vfs* vfs, sqlite3_int64* out) {
    return Real(vfs)->xCurrentTimeInt64(Real(vfs), out);
  }

  static int Close(sqlite3_file* file) {
    sqlite3_file* real = Of(file)->real;
    Of(file)->state->Opened(-1);
    return real->pMethods->xClose(real);
  }
  static int Read(sqlite3_file* file, void* buffer, int size, sqlite3_int64 offset) {
    sqlite3_file* real = Of(file)->real;
    const int fault = Next(file, Call::kRead);
    return fault != SQLITE_OK ? fault : real->pMethods->xRead(real, buffer, size, offset);
  }
  static int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    sqlite3_file* real = Of(file)->real;
    bool torn = false;
    const int fault = Next(file, Call::kWrite, &torn);
    if (torn) real->pMethods->xWrite(real, bytes, size / 2, offset);
    return fault != SQLITE_OK ? fault : real->pMethods->xWrite(real, bytes, size, offset);
  }
  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    sqlite3_file* real = Of(file)->real;
    const int fault = Next(file, Call::kTruncate);
    return fault != SQLITE_OK ? fault : real->pMethods->xTruncate(real, size);
  }
  static int Sync(sqlite3_file* file, int flags) {
    sqlite3_file* real = Of(file)->real;
    const int fault = Next(file, Call::kSync);
    if (fault != SQLITE_OK || Of(file)->state->skips_syncs()) return fault;
    return real->pMethods->xSync(real, flags);
  }
  static int FileSize(sqlite3_file* file, sqlite3_int64* size) {
    sqlite3_file* real = Of(file)->real;
    const int fault = Next(file, Call::kFileSize);
    return fault != SQLITE_OK ? fault : real->pMethods->xFileSize(real, size);
  }
  static int Lock(sqlite3_file* file, int level) {
    sqlite3_file* real = Of(file)->real;
    const int fault = Next(file, Call::kLock);
    return fault != SQLITE_OK ? fault : real->pMethods->xLock(real, level);
  }
  static int Unlock(sqlite3_file* file, int level) {
    sqlite3_file* real = Of(file)->real;
    return real->pMethods->xUnlock(real, level);
  }
  static int CheckReservedLock(sqlite3_file* file, int* out) {
    sqlite3_file* real = Of(file)->real;
    return real->pMethods->xCheckReservedLock(real, out);
  }
  static int FileControl(sqlite3_file* file, int operation, void* argument) {
    sqlite3_file* real = Of(file)->real;
    return real->pMethods->xFileControl(real, operation, argument);
  }
  static int SectorSize(sqlite3_file* file) {
    sqlite3_file* real = Of(file)->real;
    return real->pMethods->xSectorSize(real);
  }
  static int DeviceCharacteristics(sqlite3_file* file) {
    sqlite3_file* real = Of(file)->real;
    return real->pMethods->xDeviceCharacteristics(real);
  }
  static int ShmMap(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    sqlite3_file* real = Of(file)->real;
    const int fault = Next(file, Call::kShmMap);
    return fault != SQLITE_OK ? fault : real->pMethods->xShmMap(real, region, size, extend, out);
  }
  static int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
    sqlite3_file* real = Of(file)->real;
    return real->pMethods->xShmLock(real, offset, count, flags);
  }
  static void ShmBarrier(sqlite3_file* file) {
    sqlite3_file* real = Of(file)->real;
    real->pMethods->xShmBarrier(real);
  }
  static int ShmUnmap(sqlite3_file* file, int remove) {
    sqlite3_file* real = Of(file)->real;
    return real->pMethods->xShmUnmap(real, remove);
  }

  static const sqlite3_io_methods kIo;
};

// Version 2: with shared memory, without memory mapped reads, which could not be counted.
const sqlite3_io_methods FaultyVfs::Methods::kIo = {2,
                                                    Close,
                                                    Read,
                                                    Write,
                                                    Truncate,
                                                    Sync,
                                                    FileSize,
                                                    Lock,
                                                    Unlock,
                                                    CheckReservedLock,
                                                    FileControl,
                                                    SectorSize,
                                                    DeviceCharacteristics,
                                                    ShmMap,
                                                    ShmLock,
                                                    ShmBarrier,
                                                    ShmUnmap,
                                                    nullptr,
                                                    nullptr};

FaultyVfs::FaultyVfs() : state_(std::make_unique<State>()), real_(sqlite3_vfs_find(nullptr)) {
  vfs_.iVersion = 2;
  vfs_.szOsFile = static_cast<int>(Methods::kOwnSize) + real_->szOsFile;
  vfs_.mxPathname = real_->mxPathname;
  vfs_.zName = "faulty";
  vfs_.pAppData = this;
  vfs_.xOpen = Methods::Open;
  vfs_.xDelete = Methods::Delete;
  vfs_.xAccess = Methods::Access;
  vfs_.xFullPathname = Methods::FullPathname;
  vfs_.xRandomness = Methods::Randomness;
  vfs_.xSleep = Methods::Sleep;
  vfs_.xCurrentTime = Methods::CurrentTime;
  vfs_.xGetLastError = Methods::GetLastError;
  vfs_.xCurrentTimeInt64 = Methods::CurrentTimeInt64;
  sqlite3_vfs_register(&vfs_, /*makeDflt=*/1);
}

FaultyVfs::~FaultyVfs() {
  assert(open_files() == 0);
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, /*makeDflt=*/1);
}

void FaultyVfs::Fail(const Fault& fault) { state_->Set(fault); }
void FaultyVfs::Heal() { state_->Set(std::nullopt); }
void FaultyVfs::SkipSyncs() { state_->SkipSyncs(); }
size_t FaultyVfs::failed() const { return state_->failed(); }
std::string FaultyVfs::first_failure() const { return state_->first_failure(); }
size_t FaultyVfs::calls(Call call) const { return state_->counts()[static_cast<size_t>(call)]; }
size_t FaultyVfs::open_files() const { return state_->open_files(); }

size_t FaultyVfs::calls() const {
  size_t all = 0;
  for (const size_t count : state_->counts()) all += count;
  return all;
}

}  // namespace sparktail::testing
