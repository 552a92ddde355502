#include "ingest/sources/kafka/kafka_source.h"

#include <librdkafka/rdkafka.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "ingest/kafka/kafka_error.h"

namespace sparktail {
namespace {

constexpr size_t kMostMessages = 20'000;  // per turn
constexpr size_t kMostBytes = size_t{4} << 20;
constexpr absl::Duration kMostTime = absl::Milliseconds(100);
// A queue that is full for this long may stay so for minutes, but rebalances must be handled.
constexpr absl::Duration kPauseAfter = absl::Seconds(5);
constexpr absl::Duration kLookInterval = absl::Seconds(1);
constexpr absl::Duration kRebalanceInterval = absl::Milliseconds(20);
constexpr absl::Duration kRequestAgain = absl::Seconds(1);
constexpr absl::Duration kCommitInterval = absl::Milliseconds(500);
// A partition is lost if the sinks take longer to deliver: another member waits for it.
constexpr absl::Duration kLeaveWait = absl::Seconds(60);
constexpr int kRequestMs = 5'000;
constexpr int kAtOnce = 0;

KafkaPartition NameOf(const rd_kafka_topic_partition_t& partition) {
  return {partition.topic, partition.partition};
}

std::vector<KafkaPartition> NamesOf(const rd_kafka_topic_partition_list_t& list) {
  std::vector<KafkaPartition> names;
  names.reserve(static_cast<size_t>(list.cnt));
  for (int i = 0; i < list.cnt; ++i) names.push_back(NameOf(list.elems[i]));
  return names;
}

std::string Text(const KafkaPartition& partition) {
  return partition.topic + "/" + std::to_string(partition.number);
}

}  // namespace

KafkaSource::KafkaSource(Parts parts)
    : parts_(std::move(parts)),
      os_(parts_.os),
      subject_("source " + parts_.name),
      wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

KafkaSource::~KafkaSource() {
  Leave();
  // No wake-ups from here on: the descriptor will be closed.
  if (queue_) rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
  if (responses_) rd_kafka_queue_io_event_enable(responses_.get(), -1, nullptr, 0);
  queue_.reset();
  responses_.reset();
  client_.reset();
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

absl::Status KafkaSource::Open() {
  if (wake_fd_ < 0) return absl::UnavailableError("eventfd failed: out of file descriptors");
  KafkaClient::Parts parts;
  parts.options = parts_.options.client;
  parts.log = parts_.log;
  parts.name = subject_;
  parts.role = KafkaRole::kGroupConsumer;
  parts.defaults = {{"queued.max.messages.kbytes", "16384"},
                    {"client.id", "sparktail"},
                    {"topic.metadata.refresh.interval.ms", "60000"}};
  // Assign() decides where a group begins. Messages deleted from the topic are skipped.
  parts.required = {{"group.id", parts_.options.group},
                    {"enable.auto.commit", "false"},
                    {"enable.auto.offset.store", "false"},
                    {"auto.offset.reset", "earliest"},
                    {"isolation.level", "read_committed"},
                    {"enable.partition.eof", "true"},
                    {"partition.assignment.strategy", "cooperative-sticky"}};
  parts.on_rebalance = [this](rd_kafka_resp_err_t what,
                              const rd_kafka_topic_partition_list_t& partitions) {
    OnRebalance(what, partitions);
  };
  absl::StatusOr<std::unique_ptr<KafkaClient>> client = KafkaClient::Make(std::move(parts));
  if (!client.ok()) return client.status();
  client_ = *std::move(client);
  rd_kafka_poll_set_consumer(client_->get());
  queue_.reset(rd_kafka_queue_get_consumer(client_->get()));
  responses_.reset(rd_kafka_queue_new(client_->get()));
  static constexpr uint64_t kOne = 1;
  rd_kafka_queue_io_event_enable(queue_.get(), wake_fd_, &kOne, sizeof(kOne));
  rd_kafka_queue_io_event_enable(responses_.get(), wake_fd_, &kOne, sizeof(kOne));
  const KafkaPartitions topics(
      rd_kafka_topic_partition_list_new(static_cast<int>(parts_.options.topics.size())));
  for (const std::string& topic : parts_.options.topics) {
    rd_kafka_topic_partition_list_add(topics.get(), KafkaSourceOptions::Subscription(topic).c_str(),
                                      RD_KAFKA_PARTITION_UA);
  }
  const rd_kafka_resp_err_t code = rd_kafka_subscribe(client_->get(), topics.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  return absl::InvalidArgumentError(subject_ +
                                    ": cannot subscribe to its topics: " + rd_kafka_err2str(code));
}

void KafkaSource::DrainWake() const {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t read = ::read(wake_fd_, &count, sizeof(count));
}

absl::Time KafkaSource::Turn() {
  const absl::Time began = os_->Now();
  DrainWake();
  const bool has_room = reads_ && parts_.tail->HasRoom();
  PauseOrResume(has_room, began);
  const bool has_more = (has_room || is_paused_) && Poll(began);
  parts_.tail->EndTurn();
  TakeResponses(began);
  TendRebalance(began);
  Commit();
  const absl::Time now = os_->Now();
  if (has_more) return now;
  return now + (rebalance_ ? kRebalanceInterval : kLookInterval);
}

// ---------------------------------------------------------------- records

// Returns true if there may be more messages.
bool KafkaSource::Poll(absl::Time began) {
  size_t bytes = 0;
  for (size_t n = 0; n < kMostMessages && bytes < kMostBytes; ++n) {
    const KafkaMessage message(rd_kafka_consumer_poll(client_->get(), kAtOnce));
    if (!message) return false;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      OnErrorMessage(*message);
      continue;
    }
    bytes += message->len + message->key_len;
    OnMessage(*message);
    if (n % 256 == 255 && os_->Now() - began >= kMostTime) return true;
  }
  return true;
}

void KafkaSource::OnMessage(const rd_kafka_message_t& message) {
  const std::string_view topic = rd_kafka_topic_name(message.rkt);
  if (current_.number != message.partition || current_.topic != topic) {
    current_ = {std::string(topic), message.partition};
  }
  const auto found = assigned_.find(current_);
  if (found == assigned_.end()) return;
  Assigned& partition = found->second;
  if (partition.next < 0 && partition.committed && message.offset > *partition.committed) {
    int64_t low = 0;
    int64_t high = 0;
    const rd_kafka_resp_err_t code = rd_kafka_get_watermark_offsets(
        client_->get(), current_.topic.c_str(), current_.number, &low, &high);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && low > *partition.committed) {
      const auto lost = static_cast<uint64_t>(low - *partition.committed);
      totals_.lost_messages += lost;
      parts_.log->Error(subject_ + " lost " + Text(current_),
                        subject_ + ": " + std::to_string(lost) + " messages of " + Text(current_) +
                            " were deleted from the topic before they were read: raise its "
                            "retention.ms, or read it sooner");
    }
  }
  partition.next = message.offset + 1;
  partition.is_at_end = false;
  totals_.read_bytes += message.len + message.key_len;
  trouble_.clear();
  KafkaRecord record;
  record.offset = message.offset;
  if (message.key != nullptr) record.key = {static_cast<const char*>(message.key), message.key_len};
  if (message.payload != nullptr) {
    record.value = std::string_view(static_cast<const char*>(message.payload), message.len);
  }
  parts_.tail->OnRecord(current_, record);
}

void KafkaSource::OnErrorMessage(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    const KafkaPartition name = {rd_kafka_topic_name(message.rkt), message.partition};
    const auto found = assigned_.find(name);
    if (found == assigned_.end()) return;
    found->second.next = message.offset;
    found->second.is_at_end = true;
    trouble_.clear();
    client_->ForgetTrouble();
    parts_.tail->OnEndReached(name, message.offset);
    return;
  }
  const std::string topic = message.rkt == nullptr ? "" : rd_kafka_topic_name(message.rkt);
  OnFailure(message.err, rd_kafka_message_errstr(&message),
            topic.empty() ? "read as group " + parts_.options.group : "read topic " + topic);
}

void KafkaSource::OnFailure(rd_kafka_resp_err_t code, std::string_view detail,
                            std::string_view what) {
  ++totals_.errors;
  trouble_ = Explain(code, detail, what);
  parts_.log->Warn(subject_ + " " + rd_kafka_err2name(code), subject_ + ": " + trouble_);
}

// While the tail has no room, Turn() does not poll. After a few seconds the partitions are paused
// instead, because only polling delivers rebalances.
void KafkaSource::PauseOrResume(bool has_room, absl::Time now) {
  if (has_room) {
    full_since_ = absl::InfiniteFuture();
    if (std::exchange(is_paused_, false)) SetPaused(false, nullptr);
    return;
  }
  full_since_ = std::min(full_since_, now);
  if (is_paused_ || (reads_ && now - full_since_ < kPauseAfter)) return;
  is_paused_ = true;
  SetPaused(true, nullptr);
}

// `partitions`: null for all.
void KafkaSource::SetPaused(bool paused, const rd_kafka_topic_partition_list_t* partitions) {
  const KafkaPartitions list(partitions == nullptr
                                 ? rd_kafka_topic_partition_list_new(16)
                                 : rd_kafka_topic_partition_list_copy(partitions));
  if (partitions == nullptr) {
    for (const auto& [name, assigned] : assigned_) {
      rd_kafka_topic_partition_list_add(list.get(), name.topic.c_str(), name.number);
    }
  }
  if (paused) {
    rd_kafka_pause_partitions(client_->get(), list.get());
  } else {
    rd_kafka_resume_partitions(client_->get(), list.get());
  }
}

// ---------------------------------------------------------------- rebalances

void KafkaSource::OnRebalance(rd_kafka_resp_err_t what,
                              const rd_kafka_topic_partition_list_t& partitions) {
  if (closes_) {
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      const KafkaError error(rd_kafka_incremental_assign(client_->get(), &partitions));
    } else {
      Unassign(&partitions);
    }
    return;
  }
  if (what != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS &&
      what != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    OnFailure(what, "", "join group " + parts_.options.group);
    rd_kafka_assign(client_->get(), nullptr);
    return;
  }
  Rebalance rebalance;
  const bool assigns = what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  rebalance.kind = assigns ? Rebalance::Kind::kAssign : Rebalance::Kind::kRevoke;
  rebalance.step = assigns ? Rebalance::Step::kRequest : Rebalance::Step::kLeave;
  rebalance.partitions.reset(rd_kafka_topic_partition_list_copy(&partitions));
  rebalance.since = rebalance.next = os_->Now();
  rebalance_ = std::move(rebalance);
  for (const KafkaPartition& name : NamesOf(partitions)) {
    if (assigns) parts_.tail->OnAssigned(name);
  }
}

void KafkaSource::TendRebalance(absl::Time now) {
  if (!rebalance_) return;
  if (rebalance_->kind == Rebalance::Kind::kAssign) {
    TendAssign(now);
  } else {
    TendRevoke(now);
  }
}

void KafkaSource::TendAssign(absl::Time now) {
  using Step = Rebalance::Step;
  // The group may have continued without this member.
  if (rd_kafka_assignment_lost(client_->get()) != 0) {
    for (const KafkaPartition& name : NamesOf(*rebalance_->partitions)) parts_.tail->OnLost(name);
    const KafkaPartitions none(rd_kafka_topic_partition_list_new(0));
    const KafkaError error(rd_kafka_incremental_assign(client_->get(), none.get()));
    rebalance_.reset();
    return;
  }
  if (!reads_) return;
  if (rebalance_->partitions->cnt == 0) return Assign();
  if (rebalance_->step == Step::kRequest && now >= rebalance_->next) RequestCommitted();
  if (rebalance_->step != Step::kReady) return;
  bool is_ready = true;
  for (const KafkaPartition& name : NamesOf(*rebalance_->partitions)) {
    is_ready = parts_.tail->IsReady(name) && is_ready;
  }
  if (is_ready) Assign();
}

// Requests stable offsets. The brokers reject that (UNSTABLE_OFFSET_COMMIT) while a transaction
// that commits offsets is open: the partition's previous owner may still be at work.
void KafkaSource::RequestCommitted() {
  const Owned<rd_kafka_ListConsumerGroupOffsets_t, rd_kafka_ListConsumerGroupOffsets_destroy>
      request(rd_kafka_ListConsumerGroupOffsets_new(parts_.options.group.c_str(),
                                                    rebalance_->partitions.get()));
  const KafkaAdminOptions options(
      rd_kafka_AdminOptions_new(client_->get(), RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS));
  const KafkaError stable(rd_kafka_AdminOptions_set_require_stable_offsets(options.get(), 1));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kRequestMs, nullptr, 0);
  rd_kafka_ListConsumerGroupOffsets_t* requests[] = {request.get()};
  rd_kafka_ListConsumerGroupOffsets(client_->get(), requests, 1, options.get(), responses_.get());
  rebalance_->step = Rebalance::Step::kRequested;
}

void KafkaSource::TakeResponses(absl::Time now) {
  while (true) {
    const KafkaEvent event(rd_kafka_queue_poll(responses_.get(), kAtOnce));
    if (!event) return;
    const auto* result = rd_kafka_event_ListConsumerGroupOffsets_result(event.get());
    if (result == nullptr || !rebalance_) continue;
    if (rebalance_->step != Rebalance::Step::kRequested) continue;
    rebalance_->step = Rebalance::Step::kRequest;
    rebalance_->next = now + kRequestAgain;
    const auto failed = [this](rd_kafka_resp_err_t code, const char* detail) {
      // Temporary: the transaction ends by its owner or by its timeout.
      if (code == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT) return;
      OnFailure(code, detail == nullptr ? "" : detail,
                "request the offsets of group " + parts_.options.group);
    };
    if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      failed(rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get()));
      continue;
    }
    size_t count = 0;
    const rd_kafka_group_result_t** groups =
        rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count);
    if (count != 1) continue;
    if (const rd_kafka_error_t* error = rd_kafka_group_result_error(groups[0])) {
      failed(rd_kafka_error_code(error), rd_kafka_error_string(error));
      continue;
    }
    const rd_kafka_topic_partition_list_t* offsets = rd_kafka_group_result_partitions(groups[0]);
    bool is_whole = offsets != nullptr;
    for (int i = 0; is_whole && i < rebalance_->partitions->cnt; ++i) {
      rd_kafka_topic_partition_t* wanted = &rebalance_->partitions->elems[i];
      const rd_kafka_topic_partition_t* found = rd_kafka_topic_partition_list_find(
          const_cast<rd_kafka_topic_partition_list_t*>(offsets), wanted->topic, wanted->partition);
      is_whole = found != nullptr && found->err == RD_KAFKA_RESP_ERR_NO_ERROR;
      if (is_whole) wanted->offset = found->offset;
      if (found != nullptr && !is_whole) failed(found->err, "");
    }
    if (is_whole) rebalance_->step = Rebalance::Step::kReady;
  }
}

// Starts to read the assigned partitions; everything needed is known.
void KafkaSource::Assign() {
  rd_kafka_topic_partition_list_t* partitions = rebalance_->partitions.get();
  const bool at_end = parts_.options.start_at.kind == StartAt::Kind::kEnd;
  for (int i = 0; i < partitions->cnt; ++i) {
    rd_kafka_topic_partition_t* partition = &partitions->elems[i];
    Assigned assigned;
    if (partition->offset >= 0) {
      assigned.committed = partition->offset;
    } else {
      partition->offset = at_end ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
    }
    const KafkaPartition name = NameOf(*partition);
    parts_.tail->Begin(name, assigned.committed);
    assigned_[name] = assigned;
  }
  const KafkaError error(rd_kafka_incremental_assign(client_->get(), partitions));
  if (error) {
    OnFailure(rd_kafka_error_code(error.get()), rd_kafka_error_string(error.get()),
              "start reading its partitions");
  }
  if (is_paused_) SetPaused(true, partitions);
  was_assigned_ = true;
  rebalance_.reset();
}

void KafkaSource::TendRevoke(absl::Time now) {
  using Step = Rebalance::Step;
  const std::vector<KafkaPartition> names = NamesOf(*rebalance_->partitions);
  const bool is_lost = rd_kafka_assignment_lost(client_->get()) != 0;
  const bool is_late = now - rebalance_->since >= kLeaveWait;
  if (is_lost || is_late) {
    if (is_late) {
      parts_.log->Warn(subject_ + " late", subject_ +
                                               ": the group revokes partitions before the sinks "
                                               "have delivered what was read from them; their "
                                               "next owner delivers it");
    }
    for (const KafkaPartition& name : names) parts_.tail->OnLost(name);
  } else if (rebalance_->step == Step::kLeave) {
    bool has_left = true;
    for (const KafkaPartition& name : names) {
      if (!assigned_.contains(name)) continue;
      parts_.tail->Leave(name);
      has_left = parts_.tail->HasLeft(name) && has_left;
    }
    if (!has_left) return;
    rebalance_->step = Step::kCommit;
    next_commit_ = now;
    Commit();
    return;
  } else {
    for (const KafkaPartition& name : names) {
      const auto found = assigned_.find(name);
      if (found == assigned_.end()) continue;
      const Assigned& partition = found->second;
      if (partition.commits >= 0 || partition.to_commit >= 0) return;
    }
    for (const KafkaPartition& name : names) {
      if (assigned_.contains(name)) parts_.tail->Drop(name);
    }
  }
  const KafkaPartitions partitions = std::move(rebalance_->partitions);
  rebalance_.reset();
  Unassign(partitions.get());
}

void KafkaSource::Unassign(const rd_kafka_topic_partition_list_t* partitions) {
  for (const KafkaPartition& name : NamesOf(*partitions)) assigned_.erase(name);
  const KafkaError error(rd_kafka_incremental_unassign(client_->get(), partitions));
  if (error) {
    OnFailure(rd_kafka_error_code(error.get()), rd_kafka_error_string(error.get()),
              "give back its partitions");
  }
}

// From now on rebalances are confirmed at once.
void KafkaSource::Leave() {
  if (!client_ || std::exchange(closes_, true)) return;
  if (rebalance_) {
    const KafkaPartitions partitions = std::move(rebalance_->partitions);
    const bool assigns = rebalance_->kind == Rebalance::Kind::kAssign;
    rebalance_.reset();
    OnRebalance(
        assigns ? RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS : RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS,
        *partitions);
  }
  rd_kafka_consumer_close(client_->get());
}

KafkaGroupMetadata KafkaSource::member() const {
  return KafkaGroupMetadata(rd_kafka_consumer_group_metadata(client_->get()));
}

// ---------------------------------------------------------------- commits

void KafkaSource::Commit() {
  const absl::Time now = os_->Now();
  if (now < next_commit_ || IsCommitting()) return;
  const KafkaPartitions offsets(rd_kafka_topic_partition_list_new(16));
  for (auto& [name, partition] : assigned_) {
    if (const auto offset = parts_.tail->OffsetToCommit(name)) partition.to_commit = *offset;
    if (partition.to_commit < 0) continue;
    rd_kafka_topic_partition_list_add(offsets.get(), name.topic.c_str(), name.number)->offset =
        partition.to_commit;
    partition.commits = std::exchange(partition.to_commit, -1);
  }
  if (offsets->cnt == 0) return;
  next_commit_ = now + kCommitInterval;
  const rd_kafka_resp_err_t code = rd_kafka_commit_queue(
      client_->get(), offsets.get(), queue_.get(),
      [](rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* list,
         void* self) { static_cast<KafkaSource*>(self)->OnCommitted(error, list); },
      this);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) OnCommitted(code, offsets.get());
}

bool KafkaSource::IsCommitting() const {
  return std::any_of(assigned_.begin(), assigned_.end(),
                     [](const auto& one) { return one.second.commits >= 0; });
}

void KafkaSource::OnCommitted(rd_kafka_resp_err_t code,
                              const rd_kafka_topic_partition_list_t* offsets) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    OnFailure(code, "", "commit the offsets of group " + parts_.options.group);
  }
  for (auto& [name, partition] : assigned_) {
    if (partition.commits < 0) continue;
    const int64_t offset = std::exchange(partition.commits, -1);
    const rd_kafka_topic_partition_t* found =
        offsets == nullptr ? nullptr
                           : rd_kafka_topic_partition_list_find(
                                 const_cast<rd_kafka_topic_partition_list_t*>(offsets),
                                 name.topic.c_str(), name.number);
    const bool is_committed = code == RD_KAFKA_RESP_ERR_NO_ERROR && found != nullptr &&
                              found->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    // Retry, unless there is a newer offset.
    if (!is_committed) partition.to_commit = std::max(partition.to_commit, offset);
  }
}

void KafkaSource::Close(absl::Duration timeout) {
  if (!client_) return;
  StopReading();
  const absl::Time until = os_->Now() + timeout;
  next_commit_ = absl::InfinitePast();
  Turn();
  while (IsCommitting() && os_->Now() < until) {
    const KafkaMessage message(rd_kafka_consumer_poll(client_->get(), 10));
    if (message && message->err != RD_KAFKA_RESP_ERR_NO_ERROR) OnErrorMessage(*message);
  }
  Leave();
}

// ---------------------------------------------------------------- state

void KafkaSource::LookAgain() {
  for (auto& [name, partition] : assigned_) {
    int64_t low = 0;
    int64_t high = 0;
    const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
        client_->get(), name.topic.c_str(), name.number, &low, &high, kRequestMs);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) partition.end = high;
  }
}

bool KafkaSource::AtEnd() const {
  return was_assigned_ && !rebalance_ &&
         std::all_of(assigned_.begin(), assigned_.end(), [](const auto& one) {
           return one.second.is_at_end && one.second.next >= one.second.end;
         });
}

SourceStatus KafkaSource::status() const {
  SourceStatus status = totals_;
  status.partitions = assigned_.size();
  for (const auto& [name, partition] : assigned_) {
    int64_t low = 0;
    int64_t high = 0;
    const rd_kafka_resp_err_t code = rd_kafka_get_watermark_offsets(
        client_->get(), name.topic.c_str(), name.number, &low, &high);
    const bool is_known = code == RD_KAFKA_RESP_ERR_NO_ERROR && partition.next >= 0;
    if (is_known && !partition.is_at_end && high > partition.next) {
      status.lag_messages += static_cast<uint64_t>(high - partition.next);
    }
  }
  status.trouble = trouble_.empty() ? client_->trouble() : trouble_;
  return status;
}

}  // namespace sparktail
