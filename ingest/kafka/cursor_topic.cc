#include "ingest/kafka/cursor_topic.h"

#include <absl/time/clock.h>

#include <algorithm>
#include <map>
#include <utility>

#include "ingest/kafka/kafka_error.h"

namespace sparktail {
namespace {

constexpr int kPartitions = 8;

absl::StatusOr<std::unique_ptr<KafkaClient>> MakeReader(const CursorTopicReader::Parts& parts,
                                                        const std::string& isolation) {
  KafkaClient::Parts client;
  client.options = parts.options;
  client.log = parts.log;
  client.name = parts.name;
  client.role = KafkaRole::kReader;
  client.required = {{"isolation.level", isolation},
                     {"enable.partition.eof", "true"},
                     {"auto.offset.reset", "earliest"},
                     {"allow.auto.create.topics", "false"}};
  return KafkaClient::Make(std::move(client));
}

absl::Status CheckSettings(const std::string& topic,
                           const std::map<std::string, std::string>& settings) {
  const auto policy = settings.find("cleanup.policy");
  if (policy == settings.end() || policy->second == "compact") return absl::OkStatus();
  return absl::FailedPreconditionError(
      "topic " + topic + " has cleanup.policy=" + policy->second +
      ", which deletes cursors: set cleanup.policy=compact on it, or use another offsets_topic");
}

}  // namespace

NewTopic CursorTopicSettings(const std::string& topic) {
  return {topic, kPartitions, -1, {{"cleanup.policy", "compact"}}};
}

absl::Status PrepareCursorTopic(KafkaClient* client, const std::string& topic, bool create,
                                absl::Duration timeout) {
  absl::StatusOr<int> partitions = CountPartitions(client->get(), topic, timeout);
  if (absl::IsNotFound(partitions.status()) && create) {
    const absl::StatusOr<bool> created =
        CreateTopic(client->get(), CursorTopicSettings(topic), timeout);
    if (!created.ok()) return created.status();
  } else if (absl::IsNotFound(partitions.status())) {
    return ToStatus(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "", "use offsets_topic " + topic);
  } else if (!partitions.ok()) {
    return partitions.status();
  }
  const absl::StatusOr<std::map<std::string, std::string>> settings =
      DescribeTopic(client->get(), topic, timeout);
  // A user without the right to describe the settings may still use the topic.
  return settings.ok() ? CheckSettings(topic, *settings) : absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<CursorTopicReader>> CursorTopicReader::Make(Parts parts) {
  std::unique_ptr<CursorTopicReader> reader(new CursorTopicReader(std::move(parts)));
  absl::StatusOr<std::unique_ptr<KafkaClient>> client = MakeReader(
      reader->parts_, reader->parts_.is_committed ? "read_committed" : "read_uncommitted");
  if (!client.ok()) return client.status();
  reader->client_ = *std::move(client);
  absl::StatusOr<std::unique_ptr<KafkaClient>> end_finder =
      MakeReader(reader->parts_, "read_uncommitted");
  if (!end_finder.ok()) return end_finder.status();
  reader->end_finder_ = *std::move(end_finder);
  reader->topic_.reset(
      rd_kafka_topic_new(reader->client_->get(), reader->parts_.topic.c_str(), nullptr));
  reader->queue_.reset(rd_kafka_queue_new(reader->client_->get()));
  return reader;
}

CursorTopicReader::~CursorTopicReader() { Stop(); }

absl::Status CursorTopicReader::Begin(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  const absl::StatusOr<int> count = CountPartitions(end_finder_->get(), parts_.topic, timeout);
  end_finder_->Poll(absl::ZeroDuration());
  if (absl::IsNotFound(count.status())) {
    return ToStatus(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "",
                    "use offsets_topic " + parts_.topic);
  }
  if (!count.ok()) return end_finder_->WithTrouble(count.status());
  if (static_cast<size_t>(*count) > partitions_.size()) {
    partitions_.resize(static_cast<size_t>(*count));
  }
  if (absl::Status status = FindEnds(deadline); !status.ok())
    return end_finder_->WithTrouble(status);
  for (size_t i = 0; i < partitions_.size(); ++i) {
    if (absl::Status status = Start(static_cast<int32_t>(i)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// Does not use rd_kafka_query_watermark_offsets(): before librdkafka 2.4 it ignores its time-out
// while the brokers are away.
absl::Status CursorTopicReader::FindEnds(absl::Time deadline) {
  const std::string what = "find the end of topic " + parts_.topic;
  const KafkaPartitions ends(
      rd_kafka_topic_partition_list_new(static_cast<int>(partitions_.size())));
  for (size_t i = 0; i < partitions_.size(); ++i) {
    rd_kafka_topic_partition_list_add(ends.get(), parts_.topic.c_str(), static_cast<int32_t>(i))
        ->offset = RD_KAFKA_OFFSET_END;
  }
  const absl::Duration left = std::max(deadline - absl::Now(), absl::Milliseconds(100));
  const rd_kafka_resp_err_t code =
      rd_kafka_offsets_for_times(end_finder_->get(), ends.get(), ToMs(left));
  end_finder_->Poll(absl::ZeroDuration());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return ToStatus(code, "", what);
  for (size_t i = 0; i < partitions_.size(); ++i) {
    const rd_kafka_topic_partition_t* found = rd_kafka_topic_partition_list_find(
        ends.get(), parts_.topic.c_str(), static_cast<int32_t>(i));
    if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR) return ToStatus(found->err, "", what);
    if (found->offset < 0) return ToStatus(RD_KAFKA_RESP_ERR__BAD_MSG, "", what);
    Partition& partition = partitions_[i];
    partition.end = found->offset;
    // A topic that was deleted and created again ends before the offset that was read.
    if (partition.next > partition.end) partition.next = 0;
  }
  return absl::OkStatus();
}

absl::Status CursorTopicReader::Start(int32_t number) {
  Partition& partition = partitions_[static_cast<size_t>(number)];
  if (partition.started || partition.next >= partition.end) return absl::OkStatus();
  if (rd_kafka_consume_start_queue(topic_.get(), number, partition.next, queue_.get()) != 0) {
    return ToStatus(rd_kafka_last_error(), "", "read topic " + parts_.topic);
  }
  partition.started = true;
  return absl::OkStatus();
}

absl::StatusOr<bool> CursorTopicReader::ReadOn(absl::Duration time) {
  const absl::Time deadline = absl::Now() + time;
  while (!IsAtEnd()) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    const KafkaMessage message(rd_kafka_consume_queue(queue_.get(), std::max(ToMs(left), 1)));
    client_->Poll(absl::ZeroDuration());
    if (!message) continue;
    if (absl::Status status = Take(*message); !status.ok()) {
      Stop();
      return client_->WithTrouble(status);
    }
  }
  Stop();
  return true;
}

absl::Status CursorTopicReader::Take(const rd_kafka_message_t& message) {
  const bool is_known =
      message.partition >= 0 && static_cast<size_t>(message.partition) < partitions_.size();
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    // This offset is after the control records of transactions, which are never returned.
    if (is_known) partitions_[static_cast<size_t>(message.partition)].next = message.offset;
    return absl::OkStatus();
  }
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* detail = rd_kafka_message_errstr(&message);
    // librdkafka itself retries after a transient error.
    if (Classify(message.err) == KafkaOutcome::kRetry) return absl::OkStatus();
    return ToStatus(message.err, detail == nullptr ? "" : detail, "read topic " + parts_.topic);
  }
  if (!is_known) return absl::OkStatus();
  partitions_[static_cast<size_t>(message.partition)].next = message.offset + 1;
  const std::string_view key(static_cast<const char*>(message.key), message.key_len);
  if (message.key == nullptr || !parts_.wants(key)) return absl::OkStatus();
  if (message.payload == nullptr) {
    if (const auto known = values_.find(key); known != values_.end()) values_.erase(known);
  } else {
    values_.insert_or_assign(std::string(key),
                             std::string(static_cast<const char*>(message.payload), message.len));
  }
  return absl::OkStatus();
}

bool CursorTopicReader::IsAtEnd() const {
  return std::all_of(partitions_.begin(), partitions_.end(),
                     [](const Partition& one) { return one.next >= one.end; });
}

void CursorTopicReader::Stop() {
  for (size_t i = 0; i < partitions_.size(); ++i) {
    if (!std::exchange(partitions_[i].started, false)) continue;
    rd_kafka_consume_stop(topic_.get(), static_cast<int32_t>(i));
  }
}

absl::Status CursorTopicReader::ReadToEnd(absl::Duration timeout) {
  if (absl::Status status = Begin(timeout); !status.ok()) return status;
  const absl::StatusOr<bool> done = ReadOn(timeout);
  if (!done.ok()) return done.status();
  if (*done) return absl::OkStatus();
  Stop();
  return client_->WithTrouble(absl::UnavailableError(
      "cannot read topic " + parts_.topic +
      " to its end yet: a transaction is open in it; wait until it is over, at the latest after "
      "its time-out"));
}

}  // namespace sparktail
