#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ingest/base/guarded.h"
#include "ingest/base/log.h"
#include "ingest/http/http_client.h"
#include "offsets/cursor_store.h"
#include "sinks/bulk/bulk_dialect.h"
#include "sinks/bulk/bulk_options.h"
#include "sinks/bulk/bulk_sender.h"
#include "sinks/dead_letter.h"
#include "sinks/refused_events.h"
#include "sinks/sink.h"
#include "sinks/sink_kind.h"

namespace sparktail {

// Delivers events to a search server, each once in its index: an event's id is its document id, so
// sending it again after a crash changes nothing. Cursors are in offsets.db. They move when all
// events before them are delivered or durably in the dead letters.
class BulkSink : public Sink {
 public:
  struct Parts {
    Log* log = nullptr;
    CursorStore* store = nullptr;
    DeadLetters* dead_letters = nullptr;
    std::string name;  // of the sink
    BulkOptions options;
    std::unique_ptr<BulkDialect> dialect;
    // Called before the first request, again until it succeeds; may be empty. It may send requests
    // with `client`, to `urls` only.
    std::function<absl::Status(HttpClient* client, const std::vector<std::string>& urls)> prepare;
    // Time without progress after which the sink reports that it waits.
    absl::Duration patience = absl::Seconds(5);

    // With what no options say: log, store, dead letters, name.
    static Parts Of(const SinkParts& parts);
  };
  explicit BulkSink(Parts parts);
  ~BulkSink() override;

  // Does not contact the server.
  absl::StatusOr<std::vector<StreamCursor>> Open() override;
  absl::Status Write(const EventBuffer& events, size_t first) override;
  absl::Status Commit(std::span<const StreamCursor> cursors) override;
  absl::StatusOr<bool> Rollback() override;

  // Thread-safe.
  BulkStatistics statistics() const { return meter_.Get(); }
  void AddTo(SinkStatus* status) const override { AddBulkMeasures(meter_.Get(), status); }

 private:
  Parts parts_;
  RefusedEvents refused_;
  Guarded<BulkStatistics> meter_;
  std::unique_ptr<HttpClient> client_;
  std::unique_ptr<BulkSender> sender_;
};

}  // namespace sparktail
