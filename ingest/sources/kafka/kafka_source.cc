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
// A partition is lost if the sinks take longer to deliver: another member waits for it.
constexpr absl::Duration kLeaveWait = absl::Seconds(60);
constexpr int kRequestMs = 5'000;
constexpr int kAtOnce = 0;

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
  queue_.reset();
  committed_.reset();
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
  committed_ = std::make_unique<CommittedOffsets>(client_->get(), parts_.options.group, wake_fd_);
  commits_ = std::make_unique<OffsetCommits>(
      client_->get(), queue_.get(), [this](rd_kafka_resp_err_t code) {
        OnFailure(code, "", "commit the offsets of group " + parts_.options.group);
      });
  static constexpr uint64_t kOne = 1;
  rd_kafka_queue_io_event_enable(queue_.get(), wake_fd_, &kOne, sizeof(kOne));
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

absl::Time KafkaSource::Turn() {
  const absl::Time began = os_->Now();
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t read = ::read(wake_fd_, &count, sizeof(count));
  const bool has_room = reads_ && parts_.tail->HasRoom();
  PauseOrResume(has_room, began);
  const bool has_more = (has_room || is_paused_) && Poll(began);
  parts_.tail->EndTurn();
  TakeCommitted(began);
  TendRebalance(began);
  Commit(os_->Now());
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
  if (!assigned_.Contains(current_)) return;
  const uint64_t lost = assigned_.OnMessage(client_->get(), current_, message.offset);
  totals_.lost_messages += lost;
  if (lost > 0) {
    parts_.log->Error(subject_ + " lost " + current_.ToText(),
                      subject_ + ": " + std::to_string(lost) + " messages of " + current_.ToText() +
                          " were deleted from the topic before they were read: raise its "
                          "retention.ms, or read it sooner");
  }
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
    if (!assigned_.Contains(name)) return;
    assigned_.OnEndReached(name, message.offset);
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
    if (std::exchange(is_paused_, false)) SetPaused(false, assigned_.List().get());
    return;
  }
  full_since_ = std::min(full_since_, now);
  if (is_paused_ || (reads_ && now - full_since_ < kPauseAfter)) return;
  is_paused_ = true;
  SetPaused(true, assigned_.List().get());
}

void KafkaSource::SetPaused(bool paused, rd_kafka_topic_partition_list_t* partitions) {
  (paused ? rd_kafka_pause_partitions : rd_kafka_resume_partitions)(client_->get(), partitions);
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
  rebalance_->kind == Rebalance::Kind::kAssign ? TendAssign(now) : TendRevoke(now);
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
  if (rebalance_->step == Step::kRequest && now >= rebalance_->next) {
    committed_->Request(*rebalance_->partitions);
    rebalance_->step = Step::kRequested;
  }
  if (rebalance_->step != Step::kReady) return;
  bool is_ready = true;
  for (const KafkaPartition& name : NamesOf(*rebalance_->partitions)) {
    is_ready = parts_.tail->IsReady(name) && is_ready;
  }
  if (is_ready) Assign();
}

void KafkaSource::TakeCommitted(absl::Time now) {
  using Step = Rebalance::Step;
  const auto is_wanted = [&] { return rebalance_ && rebalance_->step == Step::kRequested; };
  while (const auto answer =
             committed_->Take(is_wanted() ? rebalance_->partitions.get() : nullptr)) {
    if (!is_wanted()) continue;
    rebalance_->step = answer->is_whole ? Step::kReady : Step::kRequest;
    rebalance_->next = now + kRequestAgain;
    // Temporary: the transaction ends by its owner or by its timeout.
    if (answer->error == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT) continue;
    if (answer->error == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    OnFailure(answer->error, answer->detail,
              "request the offsets of group " + parts_.options.group);
  }
}

// Starts to read the assigned partitions; everything needed is known.
void KafkaSource::Assign() {
  rd_kafka_topic_partition_list_t* partitions = rebalance_->partitions.get();
  const bool at_end = parts_.options.start_at.kind == StartAt::Kind::kEnd;
  for (int i = 0; i < partitions->cnt; ++i) {
    rd_kafka_topic_partition_t* partition = &partitions->elems[i];
    std::optional<int64_t> committed;
    if (partition->offset >= 0) {
      committed = partition->offset;
    } else {
      partition->offset = at_end ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
    }
    const KafkaPartition name = KafkaPartition{partition->topic, partition->partition};
    parts_.tail->Begin(name, committed);
    assigned_.Add(name, committed);
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
      if (!assigned_.Contains(name)) continue;
      parts_.tail->Leave(name);
      has_left = parts_.tail->HasLeft(name) && has_left;
    }
    if (!has_left || commits_->is_sending()) return;
    rebalance_->step = Step::kCommit;
    commits_->Hurry();
    Commit(now);
    return;
  } else {
    for (const KafkaPartition& name : names) {
      if (!commits_->IsDone(name)) return;
    }
    for (const KafkaPartition& name : names) {
      if (assigned_.Contains(name)) parts_.tail->Drop(name);
    }
  }
  const KafkaPartitions partitions = std::move(rebalance_->partitions);
  rebalance_.reset();
  Unassign(partitions.get());
}

void KafkaSource::Unassign(const rd_kafka_topic_partition_list_t* partitions) {
  for (const KafkaPartition& name : NamesOf(*partitions)) {
    assigned_.Remove(name);
    commits_->Forget(name);
  }
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

void KafkaSource::Commit(absl::Time now) {
  if (!commits_->IsDue(now)) return;
  for (const KafkaPartition& name : assigned_.Names()) {
    if (const auto offset = parts_.tail->OffsetToCommit(name)) commits_->Set(name, *offset);
  }
  commits_->Send(now);
}

void KafkaSource::Close(absl::Duration timeout) {
  if (!client_) return;
  StopReading();
  const absl::Time until = os_->Now() + timeout;
  const auto await = [&] {
    while (commits_->is_sending() && os_->Now() < until) {
      const KafkaMessage message(rd_kafka_consumer_poll(client_->get(), 10));
      if (message && message->err != RD_KAFKA_RESP_ERR_NO_ERROR) OnErrorMessage(*message);
    }
  };
  commits_->Hurry();
  Turn();
  await();
  // The request that was in flight lacks the last offsets.
  commits_->Hurry();
  Commit(os_->Now());
  await();
  Leave();
}

// ---------------------------------------------------------------- state

void KafkaSource::LookAgain() { assigned_.LookForEnds(client_->get(), kRequestMs); }

SourceStatus KafkaSource::status() const {
  SourceStatus status = totals_;
  status.partitions = assigned_.size();
  status.lag_messages = assigned_.CountLag(client_->get());
  status.trouble = trouble_.empty() ? client_->trouble() : trouble_;
  return status;
}

}  // namespace sparktail
