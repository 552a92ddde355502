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

// What is known of the application that a log, or a driver's answers, belong to. Enough to find it
// again, and to make the same documents.
struct YarnOrigin {
  std::string application;  // id
  std::string name;
  std::string user;
  std::string deploy_mode;       // empty: not known
  std::string attempt;           // a number
  int64_t since_ms = INT64_MIN;  // events older than this are passed over

  bool operator==(const YarnOrigin&) const = default;
};

struct YarnLog {
  YarnOrigin origin;
  LogName name;

  bool operator==(const YarnLog&) const = default;
};

// What becomes of the bytes of one log. The source calls it, on the reader thread.
class YarnLogTail {
 public:
  virtual ~YarnLogTail() = default;

  // The byte of the log from which to read.
  virtual uint64_t begin() const = 0;
  // The next bytes. What comes of them is handed on at the latest by EndTurn().
  virtual void Took(std::string_view bytes) = 0;
  // From here on bytes that are no UTF-8 may be of another number than in the log.
  virtual void SetInexact() = 0;
  virtual void EndTurn() = 0;
  // Time passes. `at_end`: all of the log was read since `now` was a record_timeout ago. False if
  // there is nothing that waits for time.
  virtual bool Tick(absl::Time now, bool at_end) = 0;
  // No more bytes will come.
  virtual void End() = 0;
};

// A job that has ended, with its stages: JSON arrays of a stage's attempts.
struct FinishedJob {
  SparkJob job;
  std::vector<std::string> stages;
};

// What is said of an application in an event of kind app.
struct AppReport {
  std::string name;
  bool is_running = false;
  std::optional<YarnApplication> application;  // none: no application has the name
  std::string deploy_mode;
  std::optional<int64_t> attempts;
  bool is_first = true;  // of those that have the name now
};

class YarnTailMaker {
 public:
  virtual ~YarnTailMaker() = default;

  // Bytes may come. If not, the source asks again later.
  virtual bool HasRoom() = 0;

  // Begins where the sinks stand in the log, or at its beginning if none knows it; the sinks are
  // told of it at once.
  virtual std::unique_ptr<YarnLogTail> MakeTail(const YarnLog& log) = 0;

  // Where the sinks stand in what a driver has finished: the first one of them, for all before it
  // is delivered to all. Keys are those of JobKey(), and times of batches.
  virtual uint64_t JobsBegin(const YarnOrigin& origin) = 0;
  virtual uint64_t BatchesBegin(const YarnOrigin& origin) = 0;
  // In the order of their keys, all behind those before them.
  virtual void TookJobs(const YarnOrigin& origin, const std::vector<FinishedJob>& jobs) = 0;
  virtual void TookBatches(const YarnOrigin& origin, const std::vector<SparkBatch>& batches) = 0;

  // How applications were at `time`, later than all before.
  virtual void TookReports(absl::Time time, const std::vector<AppReport>& reports) = 0;
};

}  // namespace sparktail
