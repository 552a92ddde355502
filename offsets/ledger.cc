#include "offsets/ledger.h"

#include <cassert>
#include <utility>

namespace sparktail {

Acknowledgement::Acknowledgement(Acknowledgement&& other) noexcept
    : ledger_(std::exchange(other.ledger_, nullptr)),
      stream_(other.stream_),
      ticket_(other.ticket_) {}

Acknowledgement& Acknowledgement::operator=(Acknowledgement&& other) noexcept {
  if (this == &other) return *this;
  if (ledger_ != nullptr) ledger_->Finish(stream_, ticket_, Ledger::State::kAbandoned);
  ledger_ = std::exchange(other.ledger_, nullptr);
  stream_ = other.stream_;
  ticket_ = other.ticket_;
  return *this;
}

Acknowledgement::~Acknowledgement() {
  if (ledger_ != nullptr) ledger_->Finish(stream_, ticket_, Ledger::State::kAbandoned);
}

void Acknowledgement::Settle() && {
  if (Ledger* ledger = std::exchange(ledger_, nullptr)) {
    ledger->Finish(stream_, ticket_, Ledger::State::kSettled);
  }
}

uint32_t Ledger::IdOf(const StreamKey& stream) {
  const auto [found, is_new] = ids_.try_emplace(stream, next_id_);
  if (is_new) streams_[next_id_++].key = stream;
  return found->second;
}

Acknowledgement Ledger::Register(const StreamKey& stream, std::shared_ptr<const Cursor> end) {
  const absl::MutexLock lock(&mutex_);
  const uint32_t id = IdOf(stream);
  Stream& known = streams_[id];
  assert(end->offset >= known.registered);
  known.registered = end->offset;
  known.slots.push_back({std::move(end)});
  ++pending_;
  return {this, id, known.first + known.slots.size() - 1};
}

void Ledger::Finish(uint32_t stream, uint64_t ticket, State state) {
  const absl::MutexLock lock(&mutex_);
  Stream& known = streams_.at(stream);
  assert(ticket >= known.first && ticket - known.first < known.slots.size());
  known.slots[ticket - known.first].state = state;
  if (state == State::kAbandoned) ++abandoned_;
  if (state == State::kSettled) --pending_;
  while (!known.slots.empty() && known.slots.front().state == State::kSettled) {
    known.settled = std::move(known.slots.front().end);
    known.slots.pop_front();
    ++known.first;
    moved_.insert(stream);
  }
}

std::vector<Ledger::Moved> Ledger::TakeMoved() {
  const absl::MutexLock lock(&mutex_);
  std::vector<Moved> moved;
  moved.reserve(moved_.size());
  for (const uint32_t id : moved_) {
    const Stream& stream = streams_.at(id);
    moved.push_back({stream.key, stream.settled});
  }
  moved_.clear();
  return moved;
}

// What is newest is in the stream itself, unless that was forgotten in the meantime.
void Ledger::Restore(const std::vector<Moved>& moved) {
  const absl::MutexLock lock(&mutex_);
  for (const Moved& stream : moved) {
    const uint32_t id = IdOf(stream.stream);
    Stream& known = streams_[id];
    if (!known.settled) known.settled = stream.cursor;
    moved_.insert(id);
  }
}

bool Ledger::IsSettled(const StreamKey& stream) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = ids_.find(stream);
  return found == ids_.end() || streams_.at(found->second).slots.empty();
}

void Ledger::Forget(const StreamKey& stream) {
  const absl::MutexLock lock(&mutex_);
  const auto found = ids_.find(stream);
  if (found == ids_.end()) return;
  const bool is_done = streams_.at(found->second).slots.empty() && !moved_.contains(found->second);
  if (!is_done) return;
  streams_.erase(found->second);
  ids_.erase(found);
}

size_t Ledger::pending() const {
  const absl::MutexLock lock(&mutex_);
  return pending_;
}

size_t Ledger::abandoned() const {
  const absl::MutexLock lock(&mutex_);
  return abandoned_;
}

}  // namespace sparktail
