#include "sinks/kafka/kafka_writer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "ingest/kafka/kafka_handles.h"
#include "ingest/kafka/topic_admin.h"

namespace sparktail {
namespace {

constexpr std::string_view kSchema = "sparktail/1";
constexpr std::string_view kContentType = "application/json";
constexpr absl::Duration kAloneTime = absl::Minutes(1);
constexpr absl::Duration kPollTime = absl::Milliseconds(100);
// Leave the limit to the broker: a message is complete in memory anyway.
constexpr std::string_view kMostMessage = "1000000000";
constexpr size_t kBatchBytes = 1'000'000;  // librdkafka's own default
constexpr size_t kLeastBatchBytes = 16'000;

rd_kafka_vu_t Part(rd_kafka_vtype_t type) {
  rd_kafka_vu_t part{};
  part.vtype = type;
  return part;
}

rd_kafka_vu_t Bytes(rd_kafka_vtype_t type, std::string_view bytes) {
  rd_kafka_vu_t part = Part(type);
  // librdkafka does not write to it, though its pointer is not const.
  part.u.mem.ptr = const_cast<char*>(bytes.data());
  part.u.mem.size = bytes.size();
  return part;
}

// Passed as one list: single headers are freed twice by librdkafka before 2.4 if the topic is
// unknown or not authorized (confluentinc/librdkafka#4628).
KafkaHeaders HeadersOf(const EventRef& event) {
  KafkaHeaders headers(rd_kafka_headers_new(4));
  const auto add = [&](const char* name, std::string_view value) {
    rd_kafka_header_add(headers.get(), name, -1, value.data(), static_cast<ssize_t>(value.size()));
  };
  add("id", View(event.id));
  add("kind", Name(event.kind));
  add("schema", kSchema);
  add("content-type", kContentType);
  return headers;
}

// A number that librdkafka returns with the delivery report.
void* Opaque(size_t number) {
  return reinterpret_cast<void*>(number);  // NOLINT(performance-no-int-to-ptr)
}

std::string_view KeyOf(const EventFields& fields) {
  return fields.query_id.empty() ? fields.app_id : fields.query_id;
}

// For a topic that existed a moment ago: a missing one is retried.
absl::Status ToUnavailable(const absl::Status& status) {
  return absl::IsNotFound(status) ? absl::UnavailableError(status.message()) : status;
}

}  // namespace

KafkaWriter::KafkaWriter(Parts parts)
    : parts_(std::move(parts)),
      pattern_(*NamePattern::Parse(parts_.options.topic)),
      batch_bytes_(kBatchBytes),
      refused_events_(parts_.dead_letters) {}

absl::Status KafkaWriter::CreateProducer(const KafkaProperties& required) {
  DropProducer();
  if (std::exchange(wants_smaller_batches_, false)) {
    batch_bytes_ = std::max(kLeastBatchBytes, batch_bytes_ / 4);
  }
  KafkaClient::Parts client;
  client.options = parts_.options.client;
  client.log = parts_.log;
  client.name = "sink " + parts_.name;
  client.role = KafkaRole::kProducer;
  client.defaults = {{"linger.ms", "5"},
                     {"message.max.bytes", std::string(kMostMessage)},
                     {"queue.buffering.max.messages", "1000000"},
                     {"statistics.interval.ms", "5000"},
                     {"batch.size", std::to_string(batch_bytes_)}};
  client.required = required;
  is_transactional_ = required.contains("transactional.id");
  client.required["enable.idempotence"] = "true";
  client.required["acks"] = "all";
  client.required["compression.codec"] = parts_.options.compression;
  client.required["partitioner"] = "murmur2_random";
  if (batch_bytes_ < kBatchBytes) client.required["batch.size"] = std::to_string(batch_bytes_);
  client.statistics = &statistics_;
  client.on_delivered = [this](const rd_kafka_message_t& message) { OnReport(message); };
  absl::StatusOr<std::unique_ptr<KafkaClient>> made = KafkaClient::Make(std::move(client));
  if (!made.ok()) return made.status();
  client_ = *std::move(made);
  return absl::OkStatus();
}

void KafkaWriter::DropProducer() {
  topics_.clear();
  client_.reset();
  in_flight_ = 0;
  Restart();
}

// ---------------------------------------------------------------- putting

absl::Status KafkaWriter::Write(const EventBuffer& events, size_t first) {
  written_.push_back({&events, first});
  return Put(events, first);
}

absl::Status KafkaWriter::RepeatWithoutRejected(absl::Status status, absl::Duration silence,
                                                absl::FunctionRef<absl::Status()> restart) {
  while (!status.ok() && (has_rejections() || must_repeat_)) {
    status = Flush(silence);
    if (!must_repeat_) return status;
    if (status = restart(); !status.ok()) return status;
    for (size_t i = 0; i < written_.size() && status.ok(); ++i) {
      status = Put(*written_[i].events, written_[i].first);
    }
  }
  return status;
}

absl::Status KafkaWriter::Rollback() {
  written_.clear();
  return refused_events_.Rollback();
}

absl::Status KafkaWriter::Put(const EventBuffer& events, size_t first) {
  for (size_t i = first; i < events.events.size(); ++i) {
    const EventId& id = events.events[i].id;
    if (refused_events_.Contains(id)) continue;
    absl::Status status =
        suspects_.contains(id) ? PutAlone(events, i) : Produce(events, i, /*alone=*/false);
    if (!status.ok()) return status;
  }
  client_->Poll(absl::ZeroDuration());
  return absl::OkStatus();
}

absl::Status KafkaWriter::PutAlone(const EventBuffer& events, size_t index) {
  if (!DrainOrRejection(kAloneTime))
    return absl::UnavailableError("the brokers accept no messages");
  if (absl::Status status = Produce(events, index, /*alone=*/true); !status.ok()) return status;
  if (!DrainOrRejection(kAloneTime))
    return absl::UnavailableError("the brokers accept no messages");
  return absl::OkStatus();
}

absl::Status KafkaWriter::Produce(const EventBuffer& events, size_t index, bool alone) {
  const EventRef& event = events.events[index];
  EventFields fields;
  if (!reader_.Read(events, event, &fields)) {
    return Bury(events, index, "it is not a valid JSON object");
  }
  const absl::StatusOr<rd_kafka_topic_t*> topic = TopicNamed(pattern_.NameOf(fields));
  if (!topic.ok()) return topic.status();
  sent_.push_back({&events, index, alone});

  KafkaHeaders headers = HeadersOf(event);
  std::array<rd_kafka_vu_t, 6> parts{};
  size_t count = 0;
  parts[count] = Part(RD_KAFKA_VTYPE_RKT);
  parts[count++].u.rkt = *topic;
  parts[count++] = Bytes(RD_KAFKA_VTYPE_VALUE, events.document(event));
  parts[count] = Part(RD_KAFKA_VTYPE_OPAQUE);
  parts[count++].u.ptr = Opaque(sent_.size());
  parts[count] = Part(RD_KAFKA_VTYPE_HEADERS);
  parts[count++].u.headers = headers.get();
  const std::string_view key = KeyOf(fields);
  if (!key.empty()) parts[count++] = Bytes(RD_KAFKA_VTYPE_KEY, key);
  if (event.time_ms >= 0 && !is_untimed_) {
    parts[count] = Part(RD_KAFKA_VTYPE_TIMESTAMP);
    parts[count++].u.i64 = event.time_ms;
  }
  absl::Status status = Enqueue({parts.data(), count});
  if (status.ok()) {
    [[maybe_unused]] const rd_kafka_headers_t* taken = headers.release();
    return status;
  }
  sent_.pop_back();
  // librdkafka can never send a message of this size.
  if (absl::IsInvalidArgument(status)) return Bury(events, index, std::string(status.message()));
  return status;
}

absl::Status KafkaWriter::PutRecord(rd_kafka_topic_t* topic, std::string_view key,
                                    const std::string* value_or_null) {
  sent_.push_back({});
  std::array<rd_kafka_vu_t, 5> parts{};
  size_t count = 0;
  parts[count] = Part(RD_KAFKA_VTYPE_RKT);
  parts[count++].u.rkt = topic;
  parts[count] = Part(RD_KAFKA_VTYPE_OPAQUE);
  parts[count++].u.ptr = Opaque(sent_.size());
  parts[count++] = Bytes(RD_KAFKA_VTYPE_KEY, key);
  parts[count] = Part(RD_KAFKA_VTYPE_MSGFLAGS);
  parts[count++].u.i = RD_KAFKA_MSG_F_COPY;
  if (value_or_null != nullptr) parts[count++] = Bytes(RD_KAFKA_VTYPE_VALUE, *value_or_null);
  absl::Status status = Enqueue({parts.data(), count});
  if (!status.ok()) sent_.pop_back();
  return status;
}

// kInvalidArgument: the message is too large for librdkafka.
absl::Status KafkaWriter::Enqueue(std::span<const rd_kafka_vu_t> parts) {
  while (true) {
    // After a rejection everything is put again anyway.
    if (has_rejections()) return absl::UnavailableError("the brokers reject events");
    if (!failure_.ok()) return failure_;
    const KafkaError error(rd_kafka_produceva(client_->get(), parts.data(), parts.size()));
    if (!error) break;
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
    const KafkaOutcome outcome = Classify(error.get());
    if (outcome == KafkaOutcome::kRejected) {
      return absl::InvalidArgumentError(rd_kafka_error_string(error.get()));
    }
    if (outcome != KafkaOutcome::kQueueFull) {
      // The transaction or the producer has failed. The reports in flight hold the reason.
      if (outcome == KafkaOutcome::kFatal) DrainOrRejection(parts_.patience);
      if (!failure_.ok()) return failure_;
      if (outcome == KafkaOutcome::kNeedsAction) topics_.clear();
      return absl::UnavailableError(Explain(code, rd_kafka_error_string(error.get()), "deliver"));
    }
    client_->Poll(kPollTime);
  }
  ++in_flight_;
  return absl::OkStatus();
}

// ---------------------------------------------------------------- reports

void KafkaWriter::OnReport(const rd_kafka_message_t& message) {
  if (in_flight_ > 0) --in_flight_;
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const auto number = reinterpret_cast<size_t>(message._private);
  // rd_kafka_message_errstr() would take the payload for an error text.
  const char* why = rd_kafka_err2str(message.err);
  const KafkaOutcome outcome = Classify(message.err);
  const bool is_event = number > 0 && number <= sent_.size() && sent_[number - 1].events != nullptr;
  if (is_event && outcome == KafkaOutcome::kRejected) {
    rejected_.push_back(number - 1);
    rejection_ = why;
    return;
  }
  if (is_event && outcome == KafkaOutcome::kTimestamp) {
    is_untimed_ = is_newly_untimed_ = true;
    parts_.log->Warn("timestamp " + parts_.name,
                     "sink " + parts_.name +
                         ": the brokers reject the time of some events (see "
                         "message.timestamp.after.max.ms): they get the time of their delivery");
    return;
  }
  // Purged messages are not the cause of a failure.
  if (outcome == KafkaOutcome::kAbort || !failure_.ok()) return;
  if (outcome == KafkaOutcome::kNeedsAction) topics_.clear();
  failure_ = absl::UnavailableError(
      Explain(message.err, why,
              std::string("deliver to topic ") +
                  (message.rkt == nullptr ? "?" : rd_kafka_topic_name(message.rkt))));
}

bool KafkaWriter::Drain(absl::Duration silence) {
  return DrainUntil(silence, [] { return false; });
}

// A rejection ends the transaction. After that, messages for partitions that are not in the
// transaction yet wait until their time-out; their reports would say nothing new.
bool KafkaWriter::DrainOrRejection(absl::Duration silence) {
  return DrainUntil(silence, [this] { return is_transactional_ && has_rejections(); });
}

bool KafkaWriter::DrainUntil(absl::Duration silence, absl::FunctionRef<bool()> is_enough) {
  using Clock = std::chrono::steady_clock;  // a step of the wall clock is no silence
  const auto limit = absl::ToChronoNanoseconds(silence);
  Clock::time_point last = Clock::now();
  while (in_flight_ > 0 && !is_enough() && Clock::now() - last < limit) {
    const size_t before = in_flight_;
    rd_kafka_flush(client_->get(), ToMs(kPollTime));
    if (in_flight_ < before) last = Clock::now();
  }
  return in_flight_ == 0 || is_enough();
}

absl::Status KafkaWriter::Flush(absl::Duration silence) {
  const bool is_done = DrainOrRejection(silence);
  // Rejections come first: they may be the cause of other failures.
  if (is_done && has_rejections()) return RequestRepeat();
  if (!failure_.ok()) return client_->WithTrouble(failure_);
  if (is_done) return absl::OkStatus();
  return client_->WithTrouble(absl::UnavailableError("the brokers do not accept the events"));
}

absl::Status KafkaWriter::RequestRepeat() {
  if (absl::Status status = HandleRejected(); !status.ok()) return status;
  must_repeat_ = true;
  if (std::exchange(is_newly_untimed_, false) && rejection_.empty()) {
    return absl::UnavailableError("events are sent again without their time");
  }
  return absl::UnavailableError("the brokers reject events: " + rejection_);
}

absl::Status KafkaWriter::HandleRejected() {
  for (const size_t number : rejected_) {
    const Sent& sent = sent_[number];
    const EventId& id = sent.events->events[sent.index].id;
    if (!sent.alone && rejected_.size() > 1) {
      suspects_.insert(id);
      continue;
    }
    had_culprit_ = true;
    if (absl::Status status = Bury(*sent.events, sent.index, rejection_); !status.ok()) {
      return status;
    }
  }
  rejected_.clear();
  return absl::OkStatus();
}

void KafkaWriter::Restart() {
  sent_.clear();
  rejected_.clear();
  rejection_.clear();
  failure_ = absl::OkStatus();
  must_repeat_ = is_newly_untimed_ = false;
}

absl::Status KafkaWriter::Bury(const EventBuffer& events, size_t index, std::string_view cause) {
  const EventRef& event = events.events[index];
  return refused_events_.Add(event.id, events.document(event), "", cause);
}

void KafkaWriter::ForgetDelivered() {
  if (!suspects_.empty() && !had_culprit_) wants_smaller_batches_ = true;
  Restart();
  written_.clear();
  suspects_.clear();
  refused_events_.Forget();
  is_untimed_ = had_culprit_ = false;
  client_->ForgetTrouble();
}

// ---------------------------------------------------------------- topics

absl::StatusOr<rd_kafka_topic_t*> KafkaWriter::TopicNamed(const std::string& name) {
  if (const auto known = topics_.find(name); known != topics_.end()) return known->second.get();
  if (absl::Status status = EnsureTopic(name); !status.ok()) return status;
  KafkaTopic topic(rd_kafka_topic_new(client_->get(), name.c_str(), nullptr));
  if (!topic) return ToStatus(rd_kafka_last_error(), "", "use topic " + name);
  // Ask now: a producer that once found a topic missing or not authorized caches that for minutes.
  const absl::StatusOr<int> found = CountPartitions(client_->get(), name, parts_.patience);
  if (!found.ok()) return client_->WithTrouble(ToUnavailable(found.status()));
  return topics_.emplace(name, std::move(topic)).first->second.get();
}

// Uses a client of its own: where the brokers allow it, a producer's request would create the
// topic.
absl::Status KafkaWriter::EnsureTopic(const std::string& name) {
  const absl::StatusOr<std::unique_ptr<KafkaClient>> admin =
      MakeAdmin(parts_.options.client, parts_.log, "sink " + parts_.name);
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<int> found = CountPartitions((*admin)->get(), name, parts_.patience);
  (*admin)->Poll(absl::ZeroDuration());
  if (found.ok()) return absl::OkStatus();
  if (!absl::IsNotFound(found.status())) return (*admin)->WithTrouble(found.status());
  if (!parts_.options.create_topics) {
    return ToStatus(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "there is no such topic",
                    "deliver to topic " + name);
  }
  const absl::StatusOr<bool> created =
      CreateTopic((*admin)->get(), EventTopicSettings(parts_.options, name), parts_.patience);
  if (created.ok() && *created) {
    parts_.log->Info("topic " + name, "sink " + parts_.name + ": created topic " + name);
  }
  return created.status();
}

}  // namespace sparktail
