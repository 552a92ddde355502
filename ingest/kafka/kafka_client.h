#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/guarded.h"
#include "ingest/base/log.h"
#include "ingest/kafka/client_options.h"
#include "ingest/kafka/kafka_config.h"
#include "ingest/kafka/kafka_handles.h"
#include "ingest/kafka/kafka_statistics.h"

namespace sparktail {

// Returns a time-out as librdkafka takes it, rounded up.
int ToMs(absl::Duration timeout);

// One client of librdkafka. Its log lines go to our log, with secrets masked. A thread of
// librdkafka renews OAuth tokens. Delivery reports, errors and statistics are handed on when the
// owner polls, on the owner's thread.
class KafkaClient {
 public:
  struct Parts {
    KafkaClientOptions options;
    Log* log = nullptr;  // must outlive the client
    std::string name;    // in the log: "sink kafka"
    KafkaRole role = KafkaRole::kProducer;
    KafkaProperties defaults;
    KafkaProperties required;
    // For producers: the delivery report of a message. Called while the owner polls, flushes,
    // commits or aborts.
    std::function<void(const rd_kafka_message_t&)> on_delivered;
    // Gets the last statistics; must outlive the client. Null: none.
    Guarded<KafkaStatistics>* statistics = nullptr;
    // For members of a group: the group assigns or revokes partitions. Called while the owner
    // polls, and when the client is destroyed. The owner must assign or unassign them in it.
    std::function<void(rd_kafka_resp_err_t what, const rd_kafka_topic_partition_list_t& partitions)>
        on_rebalance;
    // Sets what else the owner needs, except the opaque pointer: the client uses it.
    std::function<void(rd_kafka_conf_t*)> configure;
  };
  // kInvalidArgument: the options are wrong. Does not wait for the brokers.
  static absl::StatusOr<std::unique_ptr<KafkaClient>> Make(Parts parts);
  // Drops queued messages. After that librdkafka reads no message any more.
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  rd_kafka_t* get() const { return client_; }

  // Serves callbacks, for at most `timeout`.
  void Poll(absl::Duration timeout);

  // The reason why the last attempt to talk to the brokers failed, such as "…: Connection refused".
  // Empty if it succeeded, or if nothing is known.
  std::string trouble() const;
  // True if the trouble lasts until somebody changes something, such as a wrong password.
  bool needs_action() const;
  // Call it after the brokers responded.
  void ForgetTrouble();
  // Returns `status` with the trouble, if there is any, added to its message.
  absl::Status WithTrouble(const absl::Status& status) const;

 private:
  explicit KafkaClient(Parts parts);
  absl::Status Create(KafkaConf conf);
  void Connect(rd_kafka_conf_t* conf);

  void OnLog(int level, std::string_view facility, std::string_view text);
  void OnError(rd_kafka_resp_err_t code, std::string_view reason);
  void OnStatistics(std::string_view json);
  void RenewToken();
  std::string Masked(std::string_view text) const;

  const Parts parts_;
  std::vector<std::string> secrets_;
  rd_kafka_t* client_ = nullptr;

  mutable absl::Mutex mutex_;
  std::string trouble_ ABSL_GUARDED_BY(mutex_);
  bool needs_action_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sparktail
