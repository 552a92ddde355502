#include "sinks/kafka/kafka_cursors.h"

#include <utility>

#include "ingest/kafka/cursor_record.h"
#include "ingest/kafka/kafka_client.h"
#include "ingest/kafka/kafka_error.h"
#include "ingest/kafka/topic_admin.h"

namespace sparktail {
namespace {

constexpr absl::Duration kRequestTime = absl::Seconds(10);
constexpr absl::Duration kLongTime = absl::Seconds(30);

}  // namespace

std::string KafkaCursors::PlaceOf(const KafkaSinkOptions& options) {
  return "topic " + options.offsets_topic + " of " + options.client.brokers.front();
}

absl::StatusOr<std::unique_ptr<KafkaCursors>> KafkaCursors::Read(Log* log,
                                                                 const std::string& instance,
                                                                 const KafkaSinkOptions& options) {
  std::unique_ptr<KafkaCursors> cursors(new KafkaCursors(log, instance, options));
  if (absl::Status status = cursors->ReadAll(); !status.ok()) return status;
  return cursors;
}

absl::Status KafkaCursors::ReadAll() {
  const std::string& topic = options_.offsets_topic;
  {
    const absl::StatusOr<std::unique_ptr<KafkaClient>> admin =
        MakeAdmin(options_.client, log_, PlaceOf(options_));
    if (!admin.ok()) return admin.status();
    const absl::StatusOr<int> found = CountPartitions((*admin)->get(), topic, kRequestTime);
    (*admin)->Poll(absl::ZeroDuration());
    if (!found.ok()) return (*admin)->WithTrouble(found.status());
  }
  const auto reader = CursorTopicReader::Make(
      {options_.client, log_, PlaceOf(options_), topic, /*is_committed=*/true,
       [prefix = instance_ + "/"](std::string_view key) { return key.starts_with(prefix); }});
  if (!reader.ok()) return reader.status();
  if (absl::Status status = (*reader)->ReadToEnd(kLongTime); !status.ok()) return status;
  values_ = (*reader)->values();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<CursorStore::Entry>> KafkaCursors::Load(std::string_view sink) {
  std::vector<CursorStore::Entry> entries;
  const std::string prefix = CursorPrefix(instance_, sink) + "/";
  for (auto it = values_.lower_bound(prefix); it != values_.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    std::optional<CursorRecord> record = CursorRecord::FromJson(it->second);
    if (!record) {
      return absl::FailedPreconditionError(PlaceOf(options_) +
                                           " has a cursor that can't be read: " + it->first);
    }
    entries.push_back({std::string(sink),
                       {StreamKey(it->first.substr(prefix.size())), std::move(record->cursor)},
                       absl::FromUnixMillis(record->updated_ms)});
  }
  return entries;
}

absl::Status KafkaCursors::Store(std::string_view sink, const StreamCursor& cursor,
                                 absl::Time now) {
  const CursorRecord record = {cursor.cursor, absl::ToUnixMillis(now), "offsets set"};
  const std::string key = CursorPrefix(instance_, sink) + "/" + cursor.stream.text();
  values_[key] = record.ToJson();
  changes_[key] = values_[key];
  return absl::OkStatus();
}

absl::StatusOr<size_t> KafkaCursors::Forget(std::string_view sink, std::string_view stream) {
  const std::string prefix = CursorPrefix(instance_, sink) + "/";
  size_t count = 0;
  for (auto it = values_.lower_bound(prefix); it != values_.end();) {
    if (!it->first.starts_with(prefix)) break;
    const bool is_meant = stream.empty() || it->first.substr(prefix.size()) == stream;
    if (!is_meant) {
      ++it;
      continue;
    }
    changes_[it->first] = std::nullopt;
    it = values_.erase(it);
    ++count;
  }
  return count;
}

absl::Status KafkaCursors::Commit() {
  if (changes_.empty()) return absl::OkStatus();
  KafkaClient::Parts parts;
  parts.options = options_.client;
  parts.log = log_;
  parts.name = PlaceOf(options_);
  parts.role = KafkaRole::kProducer;
  parts.required = {{"transactional.id", "sparktail/" + instance_ + "/offsets"},
                    {"partitioner", "murmur2_random"}};
  const absl::StatusOr<std::unique_ptr<KafkaClient>> producer = KafkaClient::Make(std::move(parts));
  if (!producer.ok()) return producer.status();
  rd_kafka_t* client = (*producer)->get();
  const auto failed = [&](const KafkaError& error) {
    (*producer)->Poll(absl::ZeroDuration());
    return (*producer)->WithTrouble(ToStatus(*error, "change cursors in " + PlaceOf(options_)));
  };
  if (const KafkaError error(rd_kafka_init_transactions(client, ToMs(kLongTime))); error) {
    return failed(error);
  }
  if (const KafkaError error(rd_kafka_begin_transaction(client)); error) return failed(error);
  for (const auto& [key, value] : changes_) {
    // librdkafka copies the value, and does not write to it.
    char* bytes = value ? const_cast<char*>(value->data()) : nullptr;
    const size_t size = value ? value->size() : 0;
    const rd_kafka_resp_err_t code =
        rd_kafka_producev(client, RD_KAFKA_V_TOPIC(options_.offsets_topic.c_str()),
                          RD_KAFKA_V_KEY(key.data(), key.size()), RD_KAFKA_V_VALUE(bytes, size),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return ToStatus(code, "", "change cursors");
  }
  if (const KafkaError error(rd_kafka_commit_transaction(client, ToMs(kLongTime))); error) {
    return failed(error);
  }
  changes_.clear();
  return absl::OkStatus();
}

}  // namespace sparktail
