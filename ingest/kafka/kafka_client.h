#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/synchronization/mutex.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/kafka/client_options.h"
#include "ingest/kafka/kafka_config.h"
#include "ingest/kafka/kafka_handles.h"
#include "ingest/kafka/kafka_statistics.h"

namespace sparktail {

// One client of librdkafka: what it logs goes to our log, with secrets masked; tokens are renewed
// on a thread of librdkafka's. What it is told on other threads (delivery reports, errors,
// statistics) comes when its owner polls, on the owner's thread.
class KafkaClient {
 public:
  struct Parts {
    KafkaClientOptions options;
    Log* log = nullptr;  // outlives it
    std::string name;    // in the log: "sink kafka"
    KafkaRole role = KafkaRole::kProducer;
    KafkaProperties defaults;
    KafkaProperties required;
    // Of a producer; called while the owner polls, flushes, commits or aborts.
    std::function<void(const rd_kafka_message_t&)> delivered;
    LastKafkaStatistics* statistics = nullptr;  // outlives it; null: they are not asked for
    // Of a member of a group: the group gives or takes partitions. Called while the owner polls,
    // and when the client goes; the owner has to answer by assigning or unassigning.
    std::function<void(rd_kafka_resp_err_t what, const rd_kafka_topic_partition_list_t& partitions)>
        rebalanced;
    // Sets what else the owner needs. opaque is the client's.
    std::function<void(rd_kafka_conf_t*)> configure;
  };
  // kInvalidArgument if the options are wrong; else nothing is asked of the brokers yet.
  static absl::StatusOr<std::unique_ptr<KafkaClient>> Make(Parts parts);
  // What is queued is dropped. After it no message is looked at any more.
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  rd_kafka_t* get() const { return client_; }

  // Serves call-backs, for at most `timeout`.
  void Poll(absl::Duration timeout);

  // Why the brokers could not be spoken to when that was last tried; empty if they could, or
  // nothing is known. For messages: "…: Connection refused".
  std::string trouble() const;
  // The trouble is one that somebody has to mend.
  bool is_refused() const;
  // They were spoken to.
  void ForgetTrouble();
  // `status` with the trouble, if there is one, in its message.
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
  bool refused_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sparktail
