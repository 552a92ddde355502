#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/sources/yarn/driver_api.h"
#include "ingest/sources/yarn/job_watch.h"
#include "ingest/sources/yarn/resource_manager.h"
#include "ingest/sources/yarn/yarn_names.h"

namespace sparktail {

// The application that a log or a driver's responses belong to: enough to find it again, and to
// produce the same documents again.
struct YarnOrigin {
  std::string application;  // id
  std::string name;
  std::string user;
  std::string deploy_mode;       // empty: not known
  std::string attempt;           // a number
  int64_t since_ms = INT64_MIN;  // older events are skipped

  bool operator==(const YarnOrigin&) const = default;
};

struct YarnLog {
  YarnOrigin origin;
  LogName name;

  bool operator==(const YarnLog&) const = default;
};

// Takes the bytes of one log. The source calls it on the reader thread.
class YarnLogTail {
 public:
  virtual ~YarnLogTail() = default;

  // The byte of the log at which to start reading.
  virtual uint64_t begin() const = 0;
  // The next bytes. Their events are emitted by EndTurn() at the latest.
  virtual void OnBytes(std::string_view bytes) = 0;
  // From here on, invalid UTF-8 may take another number of bytes than it does in the log.
  virtual void SetInexact() = 0;
  virtual void EndTurn() = 0;
  // Called as time passes. `at_end`: since one record_timeout before `now` the log has been read
  // to its end. False if nothing in the tail waits for time to pass.
  virtual bool Tick(absl::Time now, bool at_end) = 0;
  // Ends the stream: no more bytes will come.
  virtual void End() = 0;
};

// A job that has ended. Each element of `stages` is a JSON array: the attempts of one stage.
struct FinishedJob {
  SparkJob job;
  std::vector<std::string> stages;
};

// The content of an event of kind app.
struct AppReport {
  std::string name;
  bool is_running = false;
  std::optional<YarnApplication> application;  // empty: no application has the name
  std::string deploy_mode;
  std::optional<int64_t> attempts;
  bool is_first = true;  // of the applications that have the name now
};

class YarnTailMaker {
 public:
  virtual ~YarnTailMaker() = default;

  // True if bytes are accepted now. If false, the source asks again later.
  virtual bool HasRoom() = 0;

  // The tail begins at the earliest cursor of the sinks in this log, or at the log's beginning if
  // there is none; a new log is reported to the sinks at once. Null if every sink has the log to
  // its end.
  virtual std::unique_ptr<YarnLogTail> MakeTail(const YarnLog& log) = 0;

  // The first key that a sink still needs; every sink has all jobs (batches) of the driver before
  // it. The key of a job is its JobKey(), the key of a batch its time.
  virtual uint64_t NextJobKey(const YarnOrigin& origin) = 0;
  virtual uint64_t NextBatchKey(const YarnOrigin& origin) = 0;
  // In the order of their keys, and after all jobs (batches) of earlier calls.
  virtual void OnJobs(const YarnOrigin& origin, const std::vector<FinishedJob>& jobs) = 0;
  virtual void OnBatches(const YarnOrigin& origin, const std::vector<SparkBatch>& batches) = 0;

  // The state of the applications at `time`, which is later than that of all earlier calls.
  virtual void OnReports(absl::Time time, const std::vector<AppReport>& reports) = 0;
};

}  // namespace sparktail
