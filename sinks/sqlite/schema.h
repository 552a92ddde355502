#pragma once

#include <cstdint>

namespace sparktail {

// The history database. docs/history.md describes its contents for users.

// PRAGMA application_id, "sTHs": distinguishes a history from other databases.
inline constexpr int64_t kHistoryApplicationId = 0x73544873;
// PRAGMA user_version. A newer version is rejected; there is no older one yet.
inline constexpr int64_t kHistoryVersion = 1;

// Creates everything in an empty database except the cursors (CursorTable::kSchema).
//
// Times are text in UTC, "2026-11-21T16:08:44.029Z", which sorts and which SQLite's date functions
// read. A value that the event lacks is NULL; `document` is the whole event.
inline constexpr char kHistorySchema[] = R"sql(
CREATE TABLE events (
  id TEXT NOT NULL PRIMARY KEY,
  time TEXT,
  kind TEXT NOT NULL,
  environment TEXT,
  app_name TEXT,
  app_id TEXT,
  attempt INTEGER,
  running INTEGER,
  spark_version TEXT,
  source_name TEXT,
  source_path TEXT,
  source_offset INTEGER,
  query TEXT,
  query_id TEXT,
  query_name TEXT,
  run_id TEXT,
  batch_id INTEGER,
  input_rows INTEGER,
  input_rows_per_second REAL,
  processed_rows_per_second REAL,
  duration_ms INTEGER,
  add_batch_ms INTEGER,
  state_rows INTEGER,
  state_bytes INTEGER,
  lag_rows INTEGER,
  watermark TEXT,
  watermark_delay_ms INTEGER,
  phase TEXT,
  rule TEXT,
  severity TEXT,
  error_class TEXT,
  message TEXT,
  received TEXT NOT NULL,
  document TEXT NOT NULL
);
CREATE INDEX events_by_time ON events (time);
CREATE INDEX events_by_query ON events (query, time);
CREATE INDEX events_by_run ON events (run_id, time);
CREATE INDEX events_but_progress ON events (kind, time) WHERE kind <> 'progress';

CREATE VIEW batches AS
  SELECT time, environment, app_name, app_id, query, query_id, run_id, batch_id, input_rows,
    input_rows_per_second, processed_rows_per_second, duration_ms, add_batch_ms, state_rows,
    state_bytes, lag_rows, watermark, watermark_delay_ms, id, document
  FROM events WHERE kind = 'progress' AND add_batch_ms IS NOT NULL;

CREATE VIEW runs AS
  SELECT environment, app_name, app_id, max(query) AS query, query_id, run_id,
    min(CASE WHEN phase = 'started' THEN time END) AS started,
    max(CASE WHEN phase IN ('stopped', 'terminated') THEN time END) AS ended,
    max(CASE WHEN phase IN ('stopped', 'terminated') THEN phase END) AS how,
    max(error_class) AS error_class,
    max(CASE WHEN phase = 'terminated' THEN message END) AS message,
    count(add_batch_ms) AS batches,
    sum(input_rows) AS input_rows,
    max(time) AS last_seen
  FROM events WHERE run_id IS NOT NULL
  GROUP BY environment, app_id, query_id, run_id;
)sql";

}  // namespace sparktail
