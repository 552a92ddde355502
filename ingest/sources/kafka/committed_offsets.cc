#include "ingest/sources/kafka/committed_offsets.h"

#include <cstdint>
#include <utility>

namespace sparktail {
namespace {

using GroupRequest =
    Owned<rd_kafka_ListConsumerGroupOffsets_t, rd_kafka_ListConsumerGroupOffsets_destroy>;
using Answer = CommittedOffsets::Answer;

constexpr int kRequestMs = 5'000;
constexpr int kAtOnce = 0;

// A number that librdkafka returns with the answer.
void* Opaque(uintptr_t number) {
  return reinterpret_cast<void*>(number);  // NOLINT(performance-no-int-to-ptr)
}

Answer Failed(rd_kafka_resp_err_t error, const char* detail) {
  return {false, error, detail == nullptr ? "" : detail};
}

Answer SetOffsets(const rd_kafka_topic_partition_list_t* offsets,
                  rd_kafka_topic_partition_list_t* partitions) {
  if (offsets == nullptr) return {};
  for (int i = 0; i < partitions->cnt; ++i) {
    rd_kafka_topic_partition_t* wanted = &partitions->elems[i];
    const rd_kafka_topic_partition_t* found = rd_kafka_topic_partition_list_find(
        const_cast<rd_kafka_topic_partition_list_t*>(offsets), wanted->topic, wanted->partition);
    if (found == nullptr) return {};
    if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR) return Failed(found->err, "");
    wanted->offset = found->offset;
  }
  return {.is_whole = true};
}

}  // namespace

CommittedOffsets::CommittedOffsets(rd_kafka_t* client, std::string group, int wake_fd)
    : client_(client), group_(std::move(group)), answers_(rd_kafka_queue_new(client)) {
  static constexpr uint64_t kOne = 1;
  rd_kafka_queue_io_event_enable(answers_.get(), wake_fd, &kOne, sizeof(kOne));
}

// No wake-ups from here on: the descriptor will be closed.
CommittedOffsets::~CommittedOffsets() {
  rd_kafka_queue_io_event_enable(answers_.get(), -1, nullptr, 0);
}

void CommittedOffsets::Request(const rd_kafka_topic_partition_list_t& partitions) {
  const GroupRequest request(rd_kafka_ListConsumerGroupOffsets_new(group_.c_str(), &partitions));
  const KafkaAdminOptions options(
      rd_kafka_AdminOptions_new(client_, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS));
  const KafkaError stable(rd_kafka_AdminOptions_set_require_stable_offsets(options.get(), 1));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kRequestMs, nullptr, 0);
  rd_kafka_AdminOptions_set_opaque(options.get(), Opaque(++requests_));
  rd_kafka_ListConsumerGroupOffsets_t* requests[] = {request.get()};
  rd_kafka_ListConsumerGroupOffsets(client_, requests, 1, options.get(), answers_.get());
}

std::optional<Answer> CommittedOffsets::Take(rd_kafka_topic_partition_list_t* partitions) {
  KafkaEvent event;
  do {
    event.reset(rd_kafka_queue_poll(answers_.get(), kAtOnce));
    if (!event) return std::nullopt;
  } while (rd_kafka_event_opaque(event.get()) != Opaque(requests_));
  const auto* result = rd_kafka_event_ListConsumerGroupOffsets_result(event.get());
  if (result == nullptr || partitions == nullptr) return Answer();
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Failed(rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get()));
  }
  size_t count = 0;
  const rd_kafka_group_result_t** groups =
      rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count);
  if (count != 1) return Answer();
  if (const rd_kafka_error_t* error = rd_kafka_group_result_error(groups[0])) {
    return Failed(rd_kafka_error_code(error), rd_kafka_error_string(error));
  }
  return SetOffsets(rd_kafka_group_result_partitions(groups[0]), partitions);
}

}  // namespace sparktail
