#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <optional>
#include <string>

#include "ingest/kafka/kafka_handles.h"

namespace sparktail {

// Asks the brokers which offsets a consumer group has committed. Reader thread only.
class CommittedOffsets {
 public:
  // `client` outlives it. `wake_fd`, an eventfd, is written to when an answer comes.
  CommittedOffsets(rd_kafka_t* client, std::string group, int wake_fd);
  ~CommittedOffsets();
  CommittedOffsets(const CommittedOffsets&) = delete;
  CommittedOffsets& operator=(const CommittedOffsets&) = delete;

  // Asks for stable offsets. The brokers reject that (UNSTABLE_OFFSET_COMMIT) while a transaction
  // that commits offsets is open: the partitions' previous owner may still be at work.
  void Request(const rd_kafka_topic_partition_list_t& partitions);

  struct Answer {
    bool is_whole = false;  // the offsets of all partitions are known
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::string detail = {};  // of the error; may be empty
  };
  // Takes the answer to the last request, and sets the offsets of `partitions`, null if nobody
  // waits for them any more. Empty if it has not come. Answers to earlier requests are dropped:
  // another member may have committed since.
  std::optional<Answer> Take(rd_kafka_topic_partition_list_t* partitions);

 private:
  rd_kafka_t* const client_;
  const std::string group_;
  const KafkaQueue answers_;
  uintptr_t requests_ = 0;  // number of the last one
};

}  // namespace sparktail
