#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/kafka/client_options.h"
#include "ingest/kafka/kafka_client.h"
#include "ingest/kafka/topic_admin.h"

namespace sparktail {

// The topic that holds cursors and claims: see CursorRecord and NameClaim.

// As it is made.
NewTopic CursorTopicSettings(const std::string& topic);

// Makes the topic if it is missing and `create`, and checks that it is compacted and does not
// forget by age. kFailedPrecondition if it would lose cursors: the message says what to do.
// kUnavailable if it is missing, or can't be asked for now.
absl::Status PrepareCursorTopic(KafkaClient* client, const std::string& topic, bool create,
                                absl::Duration timeout);

// Reads that topic up to its end. Read-committed, a transaction that is open there, of another
// instance or of a dead one, is waited for. Keeps what was read, so that the next time only what
// has come since is. One thread.
class CursorTopicReader {
 public:
  struct Parts {
    KafkaClientOptions options;
    Log* log = nullptr;
    std::string name;  // in the log: "sink kafka"
    std::string topic;
    bool is_committed = true;  // read-committed; else what is in no transaction is what is wanted
    // Keys that are of interest; others cost no memory.
    std::function<bool(std::string_view key)> wants;
  };
  static absl::StatusOr<std::unique_ptr<CursorTopicReader>> Make(Parts parts);
  ~CursorTopicReader();
  CursorTopicReader(const CursorTopicReader&) = delete;
  CursorTopicReader& operator=(const CursorTopicReader&) = delete;

  // Asks where the end is now. kUnavailable: it may work later.
  absl::Status Begin(absl::Duration timeout);
  // Reads on for at most `time`. True: all before that end is in values(). After an error Begin()
  // is to be called again.
  absl::StatusOr<bool> ReadOn(absl::Duration time);
  // Both. kUnavailable if it takes longer; then the next call goes on.
  absl::Status ReadToEnd(absl::Duration timeout);

  // Last values by key, without those that were taken back.
  const std::map<std::string, std::string, std::less<>>& values() const { return values_; }

 private:
  struct Partition {
    int64_t next = 0;  // to be read
    int64_t end = 0;   // of the reading that has begun
    bool started = false;
  };

  explicit CursorTopicReader(Parts parts) : parts_(std::move(parts)) {}
  absl::Status FindEnds(absl::Time deadline);
  absl::Status Start(int32_t number);
  absl::Status Take(const rd_kafka_message_t& message);
  bool IsAtEnd() const;
  void Stop();

  const Parts parts_;
  std::unique_ptr<KafkaClient> client_;  // that reads
  std::unique_ptr<KafkaClient> asker_;   // knows the end of what is not committed, too
  KafkaTopic topic_;
  KafkaQueue queue_;
  std::vector<Partition> partitions_;
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace sparktail
