#include "ingest/streams/first_start.h"

#include <absl/strings/numbers.h>

namespace sparktail {
namespace {

constexpr absl::Duration kLookInterval = absl::Seconds(1);
constexpr std::string_view kOver = "over";  // else when it began, in nanoseconds since 1970

// Names of sinks have no slash.
std::string KeyOf(std::string_view source) { return "source/" + std::string(source); }

}  // namespace

FirstStart::FirstStart(CursorStore* store, Log* log, std::string_view source)
    : store_(store), log_(log), source_(source) {}

absl::StatusOr<std::optional<absl::Time>> FirstStart::Begin(absl::Time now, bool is_known) {
  const absl::StatusOr<std::string> state = store_->LoadState(KeyOf(source_));
  if (!state.ok()) return state.status();
  int64_t began = 0;
  if (absl::SimpleAtoi(*state, &began)) return absl::FromUnixNanos(began);
  if (*state == kOver) return std::nullopt;
  // Only offsets.db is new: the sink keeps its cursors elsewhere.
  if (is_known) {
    End();
    return std::nullopt;
  }
  Store(std::to_string(absl::ToUnixNanos(now))).IgnoreError();
  return now;
}

absl::StatusOr<std::optional<absl::Time>> FirstStart::Begin(absl::Time now, Output* output) {
  absl::StatusOr<std::optional<absl::Time>> began = Begin(now, !output->Streams().empty());
  if (!began.ok()) return began;
  is_running_ = began->has_value();
  if (!is_running_) output->StartNewSinksAtOthers();
  return began;
}

absl::Time FirstStart::Look(absl::Time now, const Output& output,
                            absl::FunctionRef<bool()> has_read_all) {
  if (!is_running_) return absl::InfiniteFuture();
  if (!given_ && has_read_all()) given_ = output.Given();
  if (given_ && output.HaveDelivered(*given_)) is_running_ = !End();
  return is_running_ ? now + kLookInterval : absl::InfiniteFuture();
}

bool FirstStart::End() { return Store(std::string(kOver)).ok(); }

absl::Status FirstStart::Store(const std::string& state) {
  absl::Status status = store_->Commit(KeyOf(source_), {}, state);
  if (!status.ok()) {
    log_->Warn("first_start " + source_, "offsets.db does not take that source " + source_ +
                                             " has started: " + std::string(status.message()));
  }
  return status;
}

absl::Status FirstStart::Forget(CursorStore* store, std::string_view source) {
  return store->Commit(KeyOf(source), {}, std::string());
}

}  // namespace sparktail
