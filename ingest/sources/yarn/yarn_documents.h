#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>

#include "ingest/sources/yarn/yarn_tail.h"
#include "parsers/document.h"
#include "parsers/event.h"

namespace sparktail {

// Writes the events that do not come from logs: jobs, batches of DStreams, and reports on
// applications. Each function appends one document and a newline to `out`; `offset` is the
// document's offset in its stream.
class YarnDocuments {
 public:
  YarnDocuments(std::string source, std::string environment)
      : source_(std::move(source)), environment_(std::move(environment)) {}

  void WriteJob(const YarnOrigin& origin, const FinishedJob& job, uint64_t offset,
                EventBuffer* out) const;
  void WriteBatch(const YarnOrigin& origin, const SparkBatch& batch, uint64_t offset,
                  EventBuffer* out) const;
  // `time` is in whole seconds.
  void WriteApp(absl::Time time, const AppReport& report, uint64_t offset, EventBuffer* out) const;

 private:
  void Write(EventBody body, absl::Time time, Identity identity, uint64_t offset,
             EventBuffer* out) const;

  const std::string source_;
  const std::string environment_;
};

}  // namespace sparktail
