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

// Returns the settings with which the topic is created.
NewTopic CursorTopicSettings(const std::string& topic);

// Creates the topic if it is missing and `create` is true, and checks that it is compacted and
// deletes nothing by age. kFailedPrecondition: it would lose cursors; the message says what to do.
// kUnavailable: it is missing, or the brokers can't be reached now.
absl::Status PrepareCursorTopic(KafkaClient* client, const std::string& topic, bool create,
                                absl::Duration timeout);

// Reads that topic to its end. A read-committed reader waits for transactions that are open in it,
// whether their instance is alive or dead. The values are kept, so the next reading reads only new
// records. Not thread safe.
class CursorTopicReader {
 public:
  struct Parts {
    KafkaClientOptions options;
    Log* log = nullptr;
    std::string name;  // in the log: "sink kafka"
    std::string topic;
    // Read-committed. False is for records that are written outside of transactions.
    bool is_committed = true;
    // True for the keys to keep; other keys take no memory.
    std::function<bool(std::string_view key)> wants;
  };
  static absl::StatusOr<std::unique_ptr<CursorTopicReader>> Make(Parts parts);
  ~CursorTopicReader();
  CursorTopicReader(const CursorTopicReader&) = delete;
  CursorTopicReader& operator=(const CursorTopicReader&) = delete;

  // Finds the present end of the topic. kUnavailable: call it again later.
  absl::Status Begin(absl::Duration timeout);
  // Reads for at most `time`. Returns true when values() holds all records before that end. After
  // an error, call Begin() again.
  absl::StatusOr<bool> ReadOn(absl::Duration time);
  // Begin() and ReadOn(). kUnavailable: it takes longer than `timeout`; the next call resumes.
  absl::Status ReadToEnd(absl::Duration timeout);

  // The last value of each key, without deleted keys.
  const std::map<std::string, std::string, std::less<>>& values() const { return values_; }

 private:
  struct Partition {
    int64_t next = 0;  // offset of the next record to read
    int64_t end = 0;   // offset at which the present reading is complete
    bool started = false;
  };

  explicit CursorTopicReader(Parts parts) : parts_(std::move(parts)) {}
  absl::Status FindEnds(absl::Time deadline);
  absl::Status Start(int32_t number);
  absl::Status Take(const rd_kafka_message_t& message);
  bool IsAtEnd() const;
  void Stop();

  const Parts parts_;
  std::unique_ptr<KafkaClient> client_;      // reads
  std::unique_ptr<KafkaClient> end_finder_;  // read-uncommitted: sees the end of open transactions
  KafkaTopic topic_;
  KafkaQueue queue_;
  std::vector<Partition> partitions_;
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace sparktail
