#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/sources/yarn/yarn_documents.h"
#include "ingest/sources/yarn/yarn_tail.h"
#include "ingest/streams/batch.h"
#include "ingest/streams/output.h"
#include "parsers/event_maker.h"
#include "parsers/parser_scratch.h"

namespace sparktail {

// From the logs of ApplicationMasters, and from what YARN and drivers tell, to batches of events.
// Each log is a stream; so are the jobs of a driver, its batches of DStreams, and the reports on
// applications, whose offsets are the keys in the order of which they come.
//
// Reader thread only.
class YarnStreams : public YarnTailMaker {
 public:
  struct Parts {
    Os* os = nullptr;
    Log* log = nullptr;
    std::string source;  // name
    std::string environment;
    ParserOptions parser;
    Output* output = nullptr;
    // Sees all events that are handed on; may be empty.
    std::function<void(const EventBuffer&)> observe;
    absl::Duration record_timeout;
  };
  explicit YarnStreams(Parts parts);
  ~YarnStreams() override;

  bool HasRoom() override { return parts_.output->HasRoom(); }
  std::unique_ptr<YarnLogTail> MakeTail(const YarnLog& log) override;
  uint64_t NextJobKey(const YarnOrigin& origin) override;
  uint64_t NextBatchKey(const YarnOrigin& origin) override;
  void OnJobs(const YarnOrigin& origin, const std::vector<FinishedJob>& jobs) override;
  void OnBatches(const YarnOrigin& origin, const std::vector<SparkBatch>& batches) override;
  void OnReports(absl::Time time, const std::vector<AppReport>& reports) override;

  // Logs that a sink knows, and that not all of them have to their end.
  std::vector<YarnLog> Remembered() const;
  // When applications were last reported on, as far as the sinks know; InfinitePast: never.
  absl::Time Reported() const;

  // Batches that only move cursors are held back for a while: hands on what there is.
  void HandOnAll();
  // Those that are followed.
  std::vector<StreamKey> Streams() const;
  ParserStats stats() const;

 private:
  class Tail;

  uint64_t BeginOf(const StreamKey& key) const;
  void Emit(const StreamKey& key, uint64_t end, EventBuffer events);

  const Parts parts_;
  const YarnDocuments documents_;
  ParserScratch scratch_;
  std::set<Tail*> tails_;
  // Streams that are no logs: where their last batch ended.
  std::map<StreamKey, uint64_t> others_;
  ParserStats ended_stats_;
};

}  // namespace sparktail
