#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/kafka/cursor_topic.h"
#include "offsets/kept_cursors.h"
#include "sinks/kafka/kafka_sink_options.h"

namespace sparktail {

// The cursors that the sinks of one instance keep in the topic `offsets_topic`; see CursorRecord.
//
// Errors: kNotFound if there is no such topic; all others are those of ExactlyOnceSink::Open().
class KafkaCursors : public KeptCursors {
 public:
  // Reads the topic to its end, for at most half a minute. `log` must outlive this object.
  static absl::StatusOr<std::unique_ptr<KafkaCursors>> Read(Log* log, const std::string& instance,
                                                            const KafkaSinkOptions& options);

  // Returns "topic sparktail-offsets of k1:9092", for messages.
  static std::string PlaceOf(const KafkaSinkOptions& options);

  absl::StatusOr<std::vector<CursorStore::Entry>> Load(std::string_view sink) override;
  absl::Status Store(std::string_view sink, const StreamCursor& cursor, absl::Time now) override;
  absl::StatusOr<size_t> Forget(std::string_view sink, std::string_view stream) override;
  // Writes all changes in one transaction.
  absl::Status Commit() override;

 private:
  KafkaCursors(Log* log, std::string instance, KafkaSinkOptions options)
      : log_(log), instance_(std::move(instance)), options_(std::move(options)) {}
  absl::Status ReadAll();

  Log* const log_;
  const std::string instance_;
  const KafkaSinkOptions options_;
  std::map<std::string, std::string, std::less<>> values_;                  // by key
  std::map<std::string, std::optional<std::string>, std::less<>> changes_;  // nullopt: deleted
};

}  // namespace sparktail
