#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "offsets/cursor.h"

namespace sparktail {

class Ledger;

// The right and the duty to say that one sink is done with one batch: delivered, or durably in
// the dead letters. Whoever drops it unsaid holds the sink's cursor of that stream back for as
// long as the ledger lives, and so has the batch read again by the next process. Moves, never
// copies. May be kept and settled in any order, on any thread; must not outlive its ledger.
class Acknowledgement {
 public:
  Acknowledgement() = default;
  Acknowledgement(Acknowledgement&& other) noexcept;
  Acknowledgement& operator=(Acknowledgement&& other) noexcept;
  ~Acknowledgement();

  // Once: what is not pending stays as it is.
  void Settle() &&;
  // False if it was settled, moved from, or never was one.
  bool pending() const { return ledger_ != nullptr; }

 private:
  friend class Ledger;
  Acknowledgement(Ledger* ledger, uint32_t stream, uint64_t ticket)
      : ledger_(ledger), stream_(stream), ticket_(ticket) {}

  Ledger* ledger_ = nullptr;
  uint32_t stream_ = 0;
  uint64_t ticket_ = 0;
};

// Of one sink: turns acknowledgements into cursors. For each stream it knows the batches that the
// sink was given, in the order of the stream; the cursor stands behind the last of the longest run
// of settled ones from the front. It knows nothing of how sinks deliver: in order or not, in
// transactions or one by one.
//
// Batches tile the stream: each begins where the one before it ended. Thread-safe.
class Ledger {
 public:
  Ledger() = default;
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // The sink is given a batch that ends at `end`, of a stream it knows or a new one. `end.offset`
  // must not be before that of the batch before.
  Acknowledgement Register(const StreamKey& stream, std::shared_ptr<const Cursor> end);

  // Cursors that have moved since the last call, each once, at its newest. If storing them fails,
  // Restore() gives them back, and newer ones stay newer.
  struct Moved {
    StreamKey stream;
    std::shared_ptr<const Cursor> cursor;
  };
  std::vector<Moved> TakeMoved();
  void Restore(const std::vector<Moved>& moved);

  // Nothing is pending in the stream: all that was registered is settled. True for unknown ones.
  bool IsSettled(const StreamKey& stream) const;
  // The stream will get no more batches: it is forgotten, if all of it is settled and taken.
  void Forget(const StreamKey& stream);

  // Batches that are registered and not settled, dropped ones included.
  size_t pending() const;
  // Batches whose acknowledgement was dropped unsaid.
  size_t abandoned() const;

 private:
  friend class Acknowledgement;

  enum class State : uint8_t { kPending, kSettled, kAbandoned };
  struct Slot {
    std::shared_ptr<const Cursor> end;
    State state = State::kPending;
  };
  struct Stream {
    StreamKey key;
    std::deque<Slot> slots;  // slots[i] has ticket first + i
    uint64_t first = 0;
    uint64_t registered = 0;                // the offset at which the last batch ends
    std::shared_ptr<const Cursor> settled;  // null: nothing yet
  };

  void Finish(uint32_t stream, uint64_t ticket, State state);
  uint32_t IdOf(const StreamKey& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::unordered_map<StreamKey, uint32_t> ids_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<uint32_t, Stream> streams_ ABSL_GUARDED_BY(mutex_);
  std::unordered_set<uint32_t> moved_ ABSL_GUARDED_BY(mutex_);
  uint32_t next_id_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t pending_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t abandoned_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sparktail
