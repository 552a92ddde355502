#pragma once

#include <absl/status/status.h>
#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "sinks/sink.h"
#include "tests/support/feed.h"

namespace sparktail::testing {

// Feeds a sink as SinkWorker does, and is strict about how long events live: as soon as the sink
// may not look at them any more, they are overwritten and gone.
class Delivering {
 public:
  explicit Delivering(std::unique_ptr<Sink> sink) : sink_(std::move(sink)) {}
  ~Delivering() {
    sink_ = nullptr;  // it may still look at what was written
    Forget();
  }
  Delivering(const Delivering&) = delete;
  Delivering& operator=(const Delivering&) = delete;

  Sink* sink() const { return sink_.get(); }

  absl::Status Write(EventBuffer events) {
    open_.push_back(std::make_unique<EventBuffer>(std::move(events)));
    return sink_->Write(*open_.back(), 0);
  }
  absl::Status Commit(uint64_t offset) {
    const StreamCursor cursor = Feed::CursorAt(offset);
    absl::Status status = sink_->Commit({&cursor, 1});
    if (status.ok()) Forget();
    return status;
  }

  // Until it is done; false if that takes more than a minute, or the sink gives up. After each
  // error `mend` is called.
  bool Deliver(size_t begin, size_t end, const std::function<void(const absl::Status&)>& mend) {
    absl::Status status = Write(Feed::Events(begin, end));
    if (status.ok()) status = Commit(end);
    return Finish(std::move(status), end, mend);
  }
  bool Deliver(size_t begin, size_t end) { return Deliver(begin, end, nullptr); }

  // The same of what is written, when writing or committing it has ended so.
  bool Finish(absl::Status status, uint64_t end,
              const std::function<void(const absl::Status&)>& mend) {
    const absl::Time deadline = absl::Now() + absl::Minutes(1);
    while (!status.ok()) {
      errors.push_back(status);
      if (mend) mend(status);
      if (!Feed::MayPass(status) || absl::Now() > deadline) return false;
      const absl::StatusOr<bool> made = sink_->Rollback();
      status = made.status();
      if (!made.ok()) continue;
      if (*made) {
        ++made_after_all;
        Forget();
        return true;
      }
      status = WriteAgain();
      if (status.ok()) status = Commit(end);
    }
    return true;
  }

  // What Rollback() returned false for may be gone.
  absl::Status WriteAgain() {
    std::vector<std::unique_ptr<EventBuffer>> again;
    for (const auto& one : open_) {
      EventBuffer copy;
      copy.bytes.Append(one->bytes.view());
      copy.events = one->events;
      again.push_back(std::make_unique<EventBuffer>(std::move(copy)));
    }
    Forget();
    open_ = std::move(again);
    for (const auto& one : open_) {
      if (absl::Status status = sink_->Write(*one, 0); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  std::vector<absl::Status> errors;
  size_t made_after_all = 0;  // commits that had failed

 private:
  void Forget() {
    for (const auto& one : open_) {
      const std::string_view bytes = one->bytes.view();
      std::fill_n(const_cast<char*>(bytes.data()), bytes.size(), 'X');
    }
    open_.clear();
  }

  std::unique_ptr<Sink> sink_;
  std::vector<std::unique_ptr<EventBuffer>> open_;
};

}  // namespace sparktail::testing
