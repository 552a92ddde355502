#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ingest/sources/yarn/yarn_documents.h"
#include "ingest/sources/yarn/yarn_tail.h"
#include "ingest/streams/content_stream.h"
#include "ingest/streams/stream_parts.h"

namespace sparktail {

// Turns the logs of ApplicationMasters, and what YARN and drivers report, into batches of events.
// Each log is a stream. So are the jobs of a driver, its DStream batches, and the reports on
// applications; their items come in the order of a key, and the key is the cursor's offset.
//
// Reader thread only.
class YarnStreams : public YarnTailMaker {
 public:
  explicit YarnStreams(StreamParts parts);
  ~YarnStreams() override;

  bool HasRoom() override { return parts_.output->HasRoom(); }
  std::unique_ptr<YarnLogTail> MakeTail(const YarnLog& log) override;
  uint64_t NextJobKey(const YarnOrigin& origin) override;
  uint64_t NextBatchKey(const YarnOrigin& origin) override;
  void OnJobs(const YarnOrigin& origin, const std::vector<FinishedJob>& jobs) override;
  void OnBatches(const YarnOrigin& origin, const std::vector<SparkBatch>& batches) override;
  void OnReports(absl::Time time, const std::vector<AppReport>& reports) override;

  // The logs that a sink knows, without those that all sinks have to their end.
  std::vector<YarnLog> Remembered() const;
  // When applications were last reported on, as far as the sinks know; InfinitePast if never.
  absl::Time Reported() const;

  // Hands on the batches that were held back because they only move cursors.
  void HandOnAll();
  // The streams that are followed.
  std::vector<StreamKey> Streams() const;
  ParserStats stats() const;

 private:
  class Tail;

  // A stream that is no log.
  struct Other {
    uint64_t end = 0;      // where its last batch ended
    uint64_t emitted = 0;  // the number of its last batch, counted over all of them
  };

  uint64_t BeginOf(const StreamKey& key) const;
  void Emit(const StreamKey& key, uint64_t end, EventBuffer events);

  const StreamParts parts_;
  const YarnDocuments documents_;
  ContentShare content_;
  std::set<Tail*> tails_;
  std::map<StreamKey, Other> others_;
  uint64_t emitted_ = 0;  // batches of others_
};

}  // namespace sparktail
