#include "ingest/cli/all_cursors.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "ingest/streams/first_start.h"
#include "offsets/offsets_file.h"

namespace sparktail {

AllCursors::AllCursors(Os* os, Log* log, std::string state_dir, const std::string& instance,
                       const std::vector<SinkConfiguration>& sinks, std::string sink)
    : os_(os), log_(log), state_dir_(std::move(state_dir)), sink_(std::move(sink)) {
  const bool is_one = std::any_of(sinks.begin(), sinks.end(),
                                  [&](const auto& known) { return known.name == sink_; });
  for (const SinkConfiguration& known : sinks) {
    if (known.kind->cursor_keeper == nullptr) continue;
    std::optional<CursorKeeper> keeper = known.kind->cursor_keeper(known, instance, os, log);
    if (!keeper) continue;
    keep_their_own_.insert(known.name);
    if (is_one && known.name != sink_) continue;
    Keeper& kept = keepers_[keeper->place];
    kept.open = std::move(keeper->open);
    kept.sinks.push_back(known.name);
  }
  reads_offsets_ = !is_one || !keep_their_own_.contains(sink_);
}

std::string AllCursors::offsets_file() const { return OffsetsPath(state_dir_); }

// ---------------------------------------------------------------- reading

absl::StatusOr<std::vector<AllCursors::Entry>> AllCursors::Look() {
  std::vector<Entry> entries;
  absl::Status missing;
  files_.clear();
  const auto add = [&](const std::string& file, Found found) {
    if (absl::IsNotFound(found.status())) {
      if (missing.ok()) missing = found.status();
      return absl::OkStatus();
    }
    if (!found.ok()) return found.status();
    files_.push_back(file);
    for (CursorStore::Entry& entry : *found) entries.push_back({std::move(entry), file});
    return absl::OkStatus();
  };
  if (reads_offsets_) {
    if (absl::Status status = add(offsets_file(), ReadOffsets()); !status.ok()) return status;
  }
  for (const auto& [place, keeper] : keepers_) {
    if (absl::Status status = add(place, ReadKeeper(keeper)); !status.ok()) return status;
  }
  if (files_.empty()) return missing;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.sink, a.cursor.stream) < std::tie(b.sink, b.cursor.stream);
  });
  return entries;
}

AllCursors::Found AllCursors::ReadOffsets() {
  std::unique_ptr<CursorStore> looker;
  if (store_ == nullptr) {
    absl::StatusOr<std::unique_ptr<CursorStore>> store =
        CursorStore::Open(os_, log_, state_dir_, CursorStore::Access::kLook, /*recover=*/false);
    if (!store.ok()) return store.status();
    looker = *std::move(store);
  }
  Found found = (store_ == nullptr ? looker : store_)->LoadAll();
  if (!found.ok()) return found;
  std::erase_if(*found, [this](const auto& entry) { return keep_their_own_.contains(entry.sink); });
  return found;
}

AllCursors::Found AllCursors::ReadKeeper(const Keeper& keeper) {
  std::unique_ptr<KeptCursors> looker;
  if (keeper.cursors == nullptr) {
    absl::StatusOr<std::unique_ptr<KeptCursors>> look = keeper.open(/*to_change=*/false);
    if (!look.ok()) return look.status();
    looker = *std::move(look);
  }
  KeptCursors* cursors = looker ? looker.get() : keeper.cursors.get();
  std::vector<CursorStore::Entry> all;
  for (const std::string& sink : keeper.sinks) {
    Found found = cursors->Load(sink);
    if (!found.ok()) return found.status();
    std::move(found->begin(), found->end(), std::back_inserter(all));
  }
  return all;
}

// ---------------------------------------------------------------- changing

absl::StatusOr<std::vector<AllCursors::Entry>> AllCursors::Own() {
  if (absl::Status status = Lock(); !status.ok()) return status;
  for (auto& [place, keeper] : keepers_) {
    absl::StatusOr<std::unique_ptr<KeptCursors>> cursors = keeper.open(/*to_change=*/true);
    if (absl::IsNotFound(cursors.status())) continue;
    if (!cursors.ok()) return cursors.status();
    keeper.cursors = *std::move(cursors);
  }
  return Look();
}

absl::Status AllCursors::Lock() {
  // It is not made for its lock only: it may have to belong to another user. A process that runs
  // has made it.
  if (IsMissing(state_dir_)) return absl::OkStatus();
  if (IsMissing(offsets_file())) {
    absl::StatusOr<StateLock> lock = StateLock::Take(os_, log_, state_dir_);
    if (!lock.ok()) return lock.status();
    lock_.emplace(*std::move(lock));
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<CursorStore>> store =
      CursorStore::Open(os_, log_, state_dir_, CursorStore::Access::kOwn, /*recover=*/false);
  if (!store.ok()) return store.status();
  store_ = *std::move(store);
  return absl::OkStatus();
}

bool AllCursors::IsMissing(const std::string& path) const {
  return absl::IsNotFound(os_->StatPath(path, /*follow_links=*/true).status());
}

absl::Status AllCursors::Store(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    const auto keeper = keepers_.find(entry.file);
    if (keeper == keepers_.end()) continue;
    absl::Status status = keeper->second.cursors->Store(entry.sink, entry.cursor, entry.updated);
    if (!status.ok()) return status;
  }
  if (absl::Status status = CommitKeepers(); !status.ok()) return status;
  if (store_ == nullptr) return absl::OkStatus();
  std::map<std::string_view, std::vector<StreamCursor>> of_sinks;
  for (const Entry& entry : entries) of_sinks[entry.sink].push_back(entry.cursor);
  for (const auto& [sink, cursors] : of_sinks) {
    if (absl::Status s = store_->Commit(sink, cursors, std::nullopt); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status AllCursors::Forget(std::string_view stream) {
  for (auto& [place, keeper] : keepers_) {
    if (keeper.cursors == nullptr) continue;
    for (const std::string& sink : keeper.sinks) {
      if (!sink_.empty() && sink != sink_) continue;
      const absl::StatusOr<size_t> forgotten = keeper.cursors->Forget(sink, stream);
      if (!forgotten.ok()) return forgotten.status();
    }
  }
  if (absl::Status status = CommitKeepers(); !status.ok()) return status;
  if (store_ == nullptr) return absl::OkStatus();
  return ForgetOffsets(stream);
}

// A source of which nothing is left begins as if it had never run.
absl::Status AllCursors::ForgetOffsets(std::string_view stream) {
  const absl::StatusOr<std::set<std::string>> before = SourcesInOffsets();
  if (!before.ok()) return before.status();
  if (absl::Status status = store_->Forget(sink_, stream).status(); !status.ok()) return status;
  const absl::StatusOr<std::set<std::string>> after = SourcesInOffsets();
  if (!after.ok()) return after.status();
  for (const std::string& source : *before) {
    if (after->contains(source)) continue;
    if (absl::Status status = FirstStart::Forget(store_.get(), source); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::set<std::string>> AllCursors::SourcesInOffsets() {
  const Found entries = store_->LoadAll();
  if (!entries.ok()) return entries.status();
  std::set<std::string> sources;
  for (const auto& entry : *entries) sources.emplace(entry.cursor.stream.source());
  return sources;
}

absl::Status AllCursors::CommitKeepers() {
  for (auto& [place, keeper] : keepers_) {
    if (keeper.cursors == nullptr) continue;
    if (absl::Status status = keeper.cursors->Commit(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace sparktail
