#include "offsets/cursor_store.h"

#include <absl/base/thread_annotations.h>
#include <absl/functional/function_ref.h>
#include <absl/strings/str_cat.h>
#include <absl/synchronization/mutex.h>

#include <unordered_map>
#include <utility>

#include "ingest/base/annotated.h"
#include "offsets/cursor_row.h"
#include "offsets/database.h"
#include "offsets/offsets_file.h"
#include "offsets/state_lock.h"

namespace sparktail {
namespace {

// Streams whose rows are kept in memory, about 250 bytes each. Commits to more streams are slower.
constexpr size_t kMostKnown = 20'000;

class SqliteCursorStore : public CursorStore {
 public:
  // Read-only until Own() is called.
  SqliteCursorStore(Os* os, std::string path, Database database)
      : os_(os), path_(std::move(path)), database_(std::move(database)) {}

  // Must be called first.
  absl::Status Prepare();
  // Allows writes from now on.
  absl::Status Own(StateLock lock);

  absl::StatusOr<std::vector<StreamCursor>> Load(std::string_view sink) override;
  absl::StatusOr<std::vector<Entry>> LoadAll() override;
  absl::Status Commit(std::string_view sink, std::span<const StreamCursor> cursors,
                      const std::optional<std::string>& state) override;
  absl::StatusOr<std::string> LoadState(std::string_view sink) override;
  absl::StatusOr<size_t> Forget(std::string_view sink, std::string_view stream) override;
  absl::StatusOr<size_t> Expire(absl::Time before) override;
  absl::Status Touch(std::span<const StreamKey> streams) override;

 private:
  // The row of a cursor.
  struct Known {
    int64_t cursor = 0;
    ContextHash context = {};  // of the stored context
  };
  struct Sink {
    int64_t id = 0;
    std::unordered_map<StreamKey, Known> streams;
  };

  // kFailedPrecondition if the next process would not find the cursors that are stored now.
  absl::Status CheckStillOurs();
  // Runs `change` in one transaction.
  template <typename Change>
  absl::Status Write(Change change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Store(std::string_view sink, std::span<const StreamCursor> cursors,
                     const std::optional<std::string>& state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns the id of a row. Both statements have their parameters.
  absl::StatusOr<int64_t> FindOrAdd(Statement* find, Statement* add)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Sink*> FindSink(std::string_view name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Known*> FindStream(Sink* sink, const StreamKey& stream, int64_t now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Known> FindRows(const Sink& sink, const StreamKey& stream, int64_t now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status StoreCursor(std::string_view sink_name, Sink* sink, const StreamCursor& cursor,
                           int64_t now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Deletes the cursors for which `sql` does that, and returns their number.
  absl::StatusOr<size_t> Drop(std::string_view sql, absl::FunctionRef<void(Statement*)> bind);
  absl::Status DropOrphans() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Os* const os_;
  const std::string path_;
  std::optional<StateLock> lock_;  // released after the database is closed
  Os::FileInfo file_;              // of the database; set together with lock_
  mutable absl::Mutex mutex_;
  Database database_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Sink> sinks_ ABSL_GUARDED_BY(mutex_);  // as they are stored
  size_t known_ ABSL_GUARDED_BY(mutex_) = 0;                             // streams in sinks_
  Statement find_sink_ ABSL_GUARDED_BY(mutex_);
  Statement add_sink_ ABSL_GUARDED_BY(mutex_);
  Statement set_state_ ABSL_GUARDED_BY(mutex_);
  Statement find_stream_ ABSL_GUARDED_BY(mutex_);
  Statement add_stream_ ABSL_GUARDED_BY(mutex_);
  Statement find_cursor_ ABSL_GUARDED_BY(mutex_);
  Statement add_cursor_ ABSL_GUARDED_BY(mutex_);
  Statement set_cursor_ ABSL_GUARDED_BY(mutex_);
  Statement set_context_ ABSL_GUARDED_BY(mutex_);
  Statement touch_ ABSL_GUARDED_BY(mutex_);
};

absl::Status SqliteCursorStore::Prepare() {
  const absl::MutexLock lock(&mutex_);
  const absl::Status status = Statement::PrepareAll(
      &database_,
      {
          {&find_sink_, "SELECT id FROM sinks WHERE name = ?1"},
          {&add_sink_, "INSERT INTO sinks(name) VALUES(?1)"},
          {&set_state_, "UPDATE sinks SET state = ?2, checksum = ?3 WHERE id = ?1"},
          {&find_stream_, "SELECT id FROM streams WHERE key = ?1"},
          {&add_stream_, "INSERT INTO streams(key, seen) VALUES(?1, ?2)"},
          {&find_cursor_,
           "SELECT c.id, x.json FROM streams s JOIN cursors c ON c.stream = s.id "
           "LEFT JOIN contexts x ON x.id = c.id WHERE s.key = ?1 AND c.sink = ?2"},
          {&add_cursor_,
           "INSERT INTO cursors(sink, stream, offset, ended, updated, checksum, position) "
           "VALUES(?1, ?2, 0, 0, 0, 0, '')"},
          {&set_cursor_,
           "UPDATE cursors SET offset = ?2, ended = ?3, updated = ?4, checksum = ?5, position = ?6 "
           "WHERE id = ?1"},
          {&set_context_, "INSERT OR REPLACE INTO contexts(id, json) VALUES(?1, ?2)"},
          {&touch_, "UPDATE streams SET seen = ?2 WHERE key = ?1"},
      });
  return AdviseOnDamage(path_, status);
}

absl::Status SqliteCursorStore::Own(StateLock lock) {
  const absl::StatusOr<Os::FileInfo> file = os_->StatPath(path_, /*follow_links=*/false);
  if (!file.ok()) return Annotated(file.status(), "cannot stat " + path_);
  file_ = *file;
  lock_.emplace(std::move(lock));
  return absl::OkStatus();
}

// ---------------------------------------------------------------- reading

absl::StatusOr<std::vector<StreamCursor>> SqliteCursorStore::Load(std::string_view sink) {
  const absl::MutexLock lock(&mutex_);
  absl::StatusOr<std::vector<Entry>> entries = ReadCursorRows(&database_, path_, sink);
  if (!entries.ok()) return entries.status();
  std::vector<StreamCursor> cursors;
  cursors.reserve(entries->size());
  for (Entry& entry : *entries) cursors.push_back(std::move(entry.cursor));
  return cursors;
}

absl::StatusOr<std::vector<CursorStore::Entry>> SqliteCursorStore::LoadAll() {
  const absl::MutexLock lock(&mutex_);
  return ReadCursorRows(&database_, path_, "");
}

absl::StatusOr<std::string> SqliteCursorStore::LoadState(std::string_view sink) {
  const absl::MutexLock lock(&mutex_);
  return ReadSinkState(&database_, path_, sink);
}

// ---------------------------------------------------------------- writing

absl::Status SqliteCursorStore::CheckStillOurs() {
  if (!lock_) return absl::FailedPreconditionError(path_ + " was opened read-only");
  if (absl::Status status = lock_->CheckStillHeld(); !status.ok()) return status;
  const absl::StatusOr<bool> is_there = IsAt(os_, file_, path_);
  if (!is_there.ok()) return Annotated(is_there.status(), "cannot stat " + path_);
  if (*is_there) return absl::OkStatus();
  return absl::FailedPreconditionError(
      path_ +
      " was removed or replaced while this process had it open, so new cursors would be lost: "
      "start sparktail again");
}

template <typename Change>
absl::Status SqliteCursorStore::Write(Change change) {
  if (absl::Status status = CheckStillOurs(); !status.ok()) return status;
  absl::StatusOr<Transaction> transaction = Transaction::Begin(&database_);
  if (!transaction.ok()) return transaction.status();
  absl::Status status = change();
  if (status.ok()) status = transaction->Commit();
  if (status.ok()) return status;
  // Some of the remembered rows were never stored.
  sinks_.clear();
  known_ = 0;
  return status;
}

absl::Status SqliteCursorStore::Commit(std::string_view sink, std::span<const StreamCursor> cursors,
                                       const std::optional<std::string>& state) {
  if (cursors.empty() && !state) return absl::OkStatus();
  const absl::MutexLock lock(&mutex_);
  return Write([&] {
    mutex_.AssertHeld();
    return Store(sink, cursors, state);
  });
}

absl::Status SqliteCursorStore::Store(std::string_view name, std::span<const StreamCursor> cursors,
                                      const std::optional<std::string>& state) {
  const absl::StatusOr<Sink*> sink = FindSink(name);
  if (!sink.ok()) return sink.status();
  const int64_t now = absl::ToUnixMicros(os_->Now());
  for (const StreamCursor& cursor : cursors) {
    if (absl::Status status = StoreCursor(name, *sink, cursor, now); !status.ok()) return status;
  }
  if (!state) return absl::OkStatus();
  set_state_.BindInt(1, (*sink)->id);
  set_state_.BindBlob(2, *state);
  set_state_.BindInt(3, ChecksumOf(name, *state));
  return set_state_.Run();
}

absl::StatusOr<int64_t> SqliteCursorStore::FindOrAdd(Statement* find, Statement* add) {
  const absl::StatusOr<bool> row = find->Step();
  const int64_t found = row.ok() && *row ? find->Int(0) : 0;
  find->Reset();
  if (!row.ok() || found != 0) {
    add->Reset();
    if (!row.ok()) return row.status();
    return found;
  }
  if (absl::Status status = add->Run(); !status.ok()) return status;
  return database_.last_insert_id();
}

absl::StatusOr<SqliteCursorStore::Sink*> SqliteCursorStore::FindSink(std::string_view name) {
  const auto [known, is_new] = sinks_.try_emplace(std::string(name));
  if (!is_new) return &known->second;
  find_sink_.BindText(1, name);
  add_sink_.BindText(1, name);
  const absl::StatusOr<int64_t> id = FindOrAdd(&find_sink_, &add_sink_);
  if (!id.ok()) return id.status();
  known->second.id = *id;
  return &known->second;
}

absl::Status SqliteCursorStore::StoreCursor(std::string_view sink_name, Sink* sink,
                                            const StreamCursor& cursor, int64_t now) {
  const absl::StatusOr<Known*> known = FindStream(sink, cursor.stream, now);
  if (!known.ok()) return known.status();
  const Cursor& place = cursor.cursor;
  const CursorRow row = {
      sink_name,      cursor.stream.text(),  static_cast<int64_t>(place.order), place.ended, now,
      place.position, HashOf(*place.context)};
  set_cursor_.BindInt(1, (*known)->cursor);
  set_cursor_.BindInt(2, row.offset);
  set_cursor_.BindInt(3, row.ended ? 1 : 0);
  set_cursor_.BindInt(4, row.updated);
  set_cursor_.BindInt(5, ChecksumOf(row));
  set_cursor_.BindText(6, row.position);
  if (absl::Status status = set_cursor_.Run(); !status.ok()) return status;
  if (row.context == (*known)->context) return absl::OkStatus();
  set_context_.BindInt(1, (*known)->cursor);
  set_context_.BindText(2, *place.context);
  (*known)->context = row.context;
  return set_context_.Run();
}

absl::StatusOr<SqliteCursorStore::Known*> SqliteCursorStore::FindStream(Sink* sink,
                                                                        const StreamKey& stream,
                                                                        int64_t now) {
  const auto known = sink->streams.find(stream);
  if (known != sink->streams.end()) return &known->second;
  const absl::StatusOr<Known> rows = FindRows(*sink, stream, now);
  if (!rows.ok()) return rows.status();
  if (known_ >= kMostKnown) {
    for (auto& [_, other] : sinks_) other.streams.clear();
    known_ = 0;
  }
  ++known_;
  return &sink->streams.emplace(stream, *rows).first->second;
}

absl::StatusOr<SqliteCursorStore::Known> SqliteCursorStore::FindRows(const Sink& sink,
                                                                     const StreamKey& stream,
                                                                     int64_t now) {
  Known rows;
  find_cursor_.BindText(1, stream.text());
  find_cursor_.BindInt(2, sink.id);
  absl::StatusOr<bool> row = find_cursor_.Step();
  if (!row.ok()) return row.status();
  if (*row) {
    rows.cursor = find_cursor_.Int(0);
    rows.context = HashOf(find_cursor_.Text(1));
  }
  find_cursor_.Reset();
  if (rows.cursor != 0) return rows;

  find_stream_.BindText(1, stream.text());
  add_stream_.BindText(1, stream.text());
  add_stream_.BindInt(2, now);
  const absl::StatusOr<int64_t> stream_id = FindOrAdd(&find_stream_, &add_stream_);
  if (!stream_id.ok()) return stream_id.status();
  add_cursor_.BindInt(1, sink.id);
  add_cursor_.BindInt(2, *stream_id);
  if (absl::Status status = add_cursor_.Run(); !status.ok()) return status;
  rows.cursor = database_.last_insert_id();
  return rows;
}

absl::StatusOr<size_t> SqliteCursorStore::Forget(std::string_view sink, std::string_view stream) {
  return Drop(
      "DELETE FROM cursors WHERE (?1 = '' OR sink IN (SELECT id FROM sinks WHERE name = ?1)) "
      "AND (?2 = '' OR stream IN (SELECT id FROM streams WHERE key = ?2))",
      [&](Statement* drop) {
        drop->BindText(1, sink);
        drop->BindText(2, stream);
      });
}

absl::StatusOr<size_t> SqliteCursorStore::Expire(absl::Time before) {
  return Drop(
      "DELETE FROM cursors WHERE updated < ?1 AND stream IN "
      "(SELECT id FROM streams WHERE seen < ?1)",
      [&](Statement* drop) { drop->BindInt(1, absl::ToUnixMicros(before)); });
}

absl::StatusOr<size_t> SqliteCursorStore::Drop(std::string_view sql,
                                               absl::FunctionRef<void(Statement*)> bind) {
  const absl::MutexLock lock(&mutex_);
  size_t dropped = 0;
  const absl::Status status = Write([&]() -> absl::Status {
    mutex_.AssertHeld();
    absl::StatusOr<Statement> drop = Statement::Prepare(&database_, sql);
    if (!drop.ok()) return drop.status();
    bind(&*drop);
    if (absl::Status run = drop->Run(); !run.ok()) return run;
    dropped = static_cast<size_t>(database_.changes());
    return DropOrphans();
  });
  if (!status.ok()) return status;
  return dropped;
}

absl::Status SqliteCursorStore::DropOrphans() {
  if (database_.changes() == 0) return absl::OkStatus();
  sinks_.clear();
  known_ = 0;
  return database_.Execute(
      "DELETE FROM contexts WHERE id NOT IN (SELECT id FROM cursors);"
      "DELETE FROM streams WHERE id NOT IN (SELECT stream FROM cursors)");
}

absl::Status SqliteCursorStore::Touch(std::span<const StreamKey> streams) {
  const absl::MutexLock lock(&mutex_);
  return Write([&]() -> absl::Status {
    mutex_.AssertHeld();
    const int64_t now = absl::ToUnixMicros(os_->Now());
    for (const StreamKey& stream : streams) {
      touch_.BindText(1, stream.text());
      touch_.BindInt(2, now);
      if (absl::Status status = touch_.Run(); !status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

// ---------------------------------------------------------------- opening

using OpenedStore = absl::StatusOr<std::unique_ptr<SqliteCursorStore>>;

OpenedStore PrepareStore(Os* os, const std::string& state_dir, absl::StatusOr<Database> database) {
  if (!database.ok()) return database.status();
  auto store =
      std::make_unique<SqliteCursorStore>(os, OffsetsPath(state_dir), *std::move(database));
  if (absl::Status status = store->Prepare(); !status.ok()) return status;
  return store;
}

void WarnIfRemote(Os* os, Log* log, const std::string& state_dir) {
  if (!os->IsRemote(state_dir).value_or(false)) return;
  log->Warn("state_dir", absl::StrCat(state_dir,
                                      " is on a network file system, where locks may not be "
                                      "reliable: do not use it from another machine"));
}

OpenedStore OpenOwn(Os* os, Log* log, const std::string& state_dir, bool recover) {
  if (absl::Status made = CreateStateDirectory(os, state_dir); !made.ok()) return made;
  WarnIfRemote(os, log, state_dir);
  absl::StatusOr<StateLock> lock = StateLock::Take(os, log, state_dir);
  if (!lock.ok()) return lock.status();
  OpenedStore store =
      PrepareStore(os, state_dir, OpenOrRecoverOffsets(os, log, state_dir, recover));
  if (!store.ok()) return store.status();
  if (absl::Status owned = (*store)->Own(*std::move(lock)); !owned.ok()) return owned;
  return store;
}

// At the start a full disk is an error, and not a reason to wait: the user is there to free space.
absl::Status AdviseOnFullDisk(const std::string& state_dir, const absl::Status& status) {
  if (!absl::IsResourceExhausted(status)) return status;
  return absl::ResourceExhaustedError(
      absl::StrCat(status.message(), ": make room on the disk of ", state_dir,
                   " (a few MiB are enough), or give another state_dir, and start again"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<CursorStore>> CursorStore::Open(Os* os, Log* log,
                                                               const std::string& state_dir,
                                                               Access access, bool recover) {
  if (access == Access::kLook) return PrepareStore(os, state_dir, LookAtOffsets(os, state_dir));
  OpenedStore store = OpenOwn(os, log, state_dir, recover);
  if (!store.ok()) return AdviseOnFullDisk(state_dir, store.status());
  return store;
}

}  // namespace sparktail
