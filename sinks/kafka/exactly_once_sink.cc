#include "sinks/kafka/exactly_once_sink.h"

#include <absl/time/clock.h>

#include <optional>
#include <utility>

#include "ingest/kafka/cursor_record.h"
#include "ingest/kafka/kafka_error.h"

namespace sparktail {
namespace {

constexpr absl::Duration kDrainTime = absl::Seconds(5);
// Without a report. transaction.timeout.ms ends the wait before: undelivered messages are reported.
constexpr absl::Duration kFlushTime = absl::Minutes(16);
constexpr int kTransactionTime = -1;
constexpr absl::Duration kForgetInterval = absl::Hours(1);
constexpr absl::Duration kKeepEnded = absl::Hours(24 * 30);
constexpr size_t kMostForgotten = 1000;  // cursors deleted at a time

int64_t NowMs() { return absl::ToUnixMillis(absl::Now()); }

}  // namespace

ExactlyOnceSink::ExactlyOnceSink(Parts parts)
    : parts_(std::move(parts)),
      name_("sparktail/" + parts_.instance + "/" + parts_.name),
      claim_key_(CursorPrefix(parts_.instance, parts_.name)),
      claim_(NameClaim::OfThisProcess()),
      writer_(parts_),
      next_forget_(absl::Now()) {}

void ExactlyOnceSink::DropProducer() {
  writer_.DropProducer();
  state_ = State::kNone;
}

// ---------------------------------------------------------------- opening

absl::StatusOr<std::vector<StreamCursor>> ExactlyOnceSink::Open() {
  if (absl::Status status = TryOpen(); !status.ok()) return status;
  std::vector<StreamCursor> cursors;
  const std::string prefix = claim_key_ + "/";
  for (const auto& [key, value] : reader_->values()) {
    if (!key.starts_with(prefix)) continue;
    std::optional<CursorRecord> record = CursorRecord::FromJson(value);
    if (!record) {
      return absl::FailedPreconditionError(
          "topic " + parts_.options.offsets_topic + " has a cursor that can't be read (key " + key +
          "): a newer version of sparktail or another program wrote it; use that version, or "
          "another offsets_topic");
    }
    known_[key] = {record->updated_ms, record->cursor.ended};
    cursors.push_back({StreamKey(key.substr(prefix.size())), std::move(record->cursor)});
  }
  return cursors;
}

// Steps that succeeded are not done again; the next call resumes at the one that failed.
absl::Status ExactlyOnceSink::TryOpen() {
  if (absl::Status status = Prepare(); !status.ok()) return status;
  if (absl::Status status = WriteClaim(); !status.ok()) return status;
  if (absl::Status status = TakeName(); !status.ok()) return status;
  return ReadCursors();
}

absl::StatusOr<std::unique_ptr<CursorTopicReader>> ExactlyOnceSink::MakeReader(
    bool is_committed, std::function<bool(std::string_view key)> wants) const {
  return CursorTopicReader::Make({parts_.options.client, parts_.log, "sink " + parts_.name,
                                  parts_.options.offsets_topic, is_committed, std::move(wants)});
}

absl::Status ExactlyOnceSink::Prepare() {
  if (is_prepared_) return absl::OkStatus();
  const absl::StatusOr<std::unique_ptr<KafkaClient>> admin =
      MakeAdmin(parts_.options.client, parts_.log, "sink " + parts_.name);
  if (!admin.ok()) return admin.status();
  const absl::Status status = PrepareCursorTopic(admin->get(), parts_.options.offsets_topic,
                                                 parts_.options.create_topics, parts_.patience);
  (*admin)->Poll(absl::ZeroDuration());
  if (!status.ok()) return (*admin)->WithTrouble(status);

  auto made = MakeReader(/*is_committed=*/true, [this](std::string_view key) {
    return (key.starts_with(claim_key_) && key.substr(claim_key_.size()).starts_with('/')) ||
           pending_.contains(key);
  });
  if (!made.ok()) return made.status();
  reader_ = *std::move(made);
  is_prepared_ = true;
  return absl::OkStatus();
}

// The claim is written before the name is taken, so outside of any transaction.
absl::Status ExactlyOnceSink::WriteClaim() {
  if (is_claimed_) return absl::OkStatus();
  absl::Status status = writer_.CreateProducer({});
  if (!status.ok()) return status;
  KafkaClient* plain = writer_.producer();
  const std::string value = claim_.ToJson();
  {
    const KafkaTopic topic(
        rd_kafka_topic_new(plain->get(), parts_.options.offsets_topic.c_str(), nullptr));
    status = writer_.PutRecord(topic.get(), claim_key_, &value);
  }
  if (status.ok()) status = writer_.Flush(parts_.patience);
  plain->Poll(absl::ZeroDuration());
  status = plain->WithTrouble(status);
  writer_.DropProducer();
  is_claimed_ = status.ok();
  return status;
}

// Fences the producer that has the name, and aborts or completes its last transaction.
absl::Status ExactlyOnceSink::TakeName() {
  if (writer_.producer() == nullptr) {
    absl::Status status = writer_.CreateProducer({{"transactional.id", name_}});
    if (!status.ok()) return status;
    state_ = State::kNone;
  }
  if (state_ == State::kReady) return absl::OkStatus();
  const KafkaError error(
      rd_kafka_init_transactions(writer_.producer()->get(), ToMs(parts_.patience)));
  writer_.producer()->Poll(absl::ZeroDuration());
  if (!error) {
    state_ = State::kReady;
    return absl::OkStatus();
  }
  absl::Status status =
      writer_.producer()->WithTrouble(ToStatus(*error, "take the transactional id " + name_));
  if (Classify(error.get()) != KafkaOutcome::kRetry) DropProducer();
  return status;
}

// The open transaction of a dead process ends at its time-out. Each call waits only for a part of
// that, so that the caller can be stopped.
absl::Status ExactlyOnceSink::ReadCursors() { return reader_->ReadToEnd(parts_.patience); }

// kFailedPrecondition: another process has the name. Claims are read uncommitted: they are written
// outside of transactions, and must not wait for an open one of ours.
absl::Status ExactlyOnceSink::CheckClaim() {
  if (claims_ == nullptr) {
    auto made = MakeReader(/*is_committed=*/false,
                           [this](std::string_view key) { return key == claim_key_; });
    if (!made.ok()) return made.status();
    claims_ = *std::move(made);
  }
  if (absl::Status status = claims_->ReadToEnd(parts_.patience); !status.ok()) return status;
  const std::unique_ptr<CursorTopicReader> reader = std::move(claims_);
  const auto found = reader->values().find(claim_key_);
  if (found == reader->values().end()) return absl::OkStatus();
  const std::optional<NameClaim> last = NameClaim::FromJson(found->second);
  if (!last || last->process == claim_.process) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "another process has the name " + claim_key_ + " (" + last->Describe() +
      "): stop one of the two processes, or give one of them another instance");
}

// ---------------------------------------------------------------- a transaction

absl::Status ExactlyOnceSink::Begin() {
  if (state_ == State::kInTransaction) return absl::OkStatus();
  if (state_ != State::kReady) return absl::UnavailableError("a new producer is needed");
  const KafkaError error(rd_kafka_begin_transaction(writer_.producer()->get()));
  if (error) return HandleError(error, "begin a transaction");
  state_ = State::kInTransaction;
  commit_ = claim_.process + "-" + std::to_string(++commits_);
  return absl::OkStatus();
}

absl::Status ExactlyOnceSink::Write(const EventBuffer& events, size_t first) {
  if (first >= events.events.size()) return absl::OkStatus();
  if (absl::Status status = Begin(); !status.ok()) return status;
  return RepeatWithoutRejected(writer_.Write(events, first));
}

absl::Status ExactlyOnceSink::Commit(std::span<const StreamCursor> cursors) {
  while (true) {
    absl::Status status = TryCommit(cursors);
    if (status.ok()) return status;
    if (status = RepeatWithoutRejected(status); !status.ok()) return status;
  }
}

// A new transaction needs a new producer: after a rejected batch librdkafka leaves a gap in its
// sequence numbers, and brokers accept nothing after that.
absl::Status ExactlyOnceSink::RepeatWithoutRejected(absl::Status status) {
  return writer_.RepeatWithoutRejected(std::move(status), kFlushTime, [this]() -> absl::Status {
    is_dead_ = true;
    if (absl::Status renewed = RenewProducer(); !renewed.ok()) return renewed;
    return Begin();
  });
}

absl::Status ExactlyOnceSink::TryCommit(std::span<const StreamCursor> cursors) {
  if (absl::Status status = Begin(); !status.ok()) return status;
  if (absl::Status status = PutCursors(cursors); !status.ok()) return status;
  if (absl::Status status = writer_.Flush(kFlushTime); !status.ok()) return status;
  if (absl::Status status = SendGroupOffsets(cursors); !status.ok()) return status;
  if (absl::Status status = writer_.refused_events()->Sync(); !status.ok()) return status;
  return BeginCommit();
}

absl::Status ExactlyOnceSink::PutCursors(std::span<const StreamCursor> cursors) {
  const absl::StatusOr<rd_kafka_topic_t*> topic = writer_.TopicNamed(parts_.options.offsets_topic);
  if (!topic.ok()) return topic.status();
  pending_.clear();
  for (const StreamCursor& cursor : cursors) {
    const CursorRecord record = {cursor.cursor, NowMs(), commit_};
    const std::string key = KeyOf(cursor.stream);
    const std::string value = record.ToJson();
    if (absl::Status status = writer_.PutRecord(*topic, key, &value); !status.ok()) return status;
    pending_[key] = {record.updated_ms, cursor.cursor.ended};
  }
  return absl::OkStatus();
}

std::string ExactlyOnceSink::KeyOf(const StreamKey& stream) const {
  const std::string owner = parts_.owner_of ? parts_.owner_of(stream) : "";
  const std::string prefix = owner.empty() ? claim_key_ : CursorPrefix(owner, parts_.name);
  return prefix + "/" + stream.text();
}

absl::Status ExactlyOnceSink::SendGroupOffsets(std::span<const StreamCursor> cursors) {
  if (!parts_.group_offsets) return absl::OkStatus();
  const absl::StatusOr<std::vector<GroupOffsets>> groups = parts_.group_offsets(cursors);
  if (!groups.ok()) return groups.status();
  for (const GroupOffsets& group : *groups) {
    const KafkaError error(rd_kafka_send_offsets_to_transaction(
        writer_.producer()->get(), group.offsets.get(), group.member.get(), kTransactionTime));
    if (error) return HandleError(error, "commit the offsets of a consumer group");
  }
  return absl::OkStatus();
}

absl::Status ExactlyOnceSink::BeginCommit() {
  state_ = State::kCommitting;
  in_doubt_ = true;
  return FinishCommit();
}

// If the commit takes longer, the next call resumes it.
absl::Status ExactlyOnceSink::FinishCommit() {
  const KafkaError error(
      rd_kafka_commit_transaction(writer_.producer()->get(), ToMs(parts_.patience)));
  if (error) return HandleError(error, "commit a transaction");
  OnCommitted();
  return absl::OkStatus();
}

void ExactlyOnceSink::OnCommitted() {
  state_ = State::kReady;
  in_doubt_ = false;
  for (const auto& [key, known] : pending_) known_[key] = known;
  pending_.clear();
  writer_.ForgetDelivered();
}

// Records the error; the next Rollback() recovers from it.
absl::Status ExactlyOnceSink::HandleError(const KafkaError& error, std::string_view what) {
  writer_.producer()->Poll(absl::ZeroDuration());
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
  const KafkaOutcome outcome = Classify(error.get());
  const bool is_fatal = rd_kafka_fatal_error(writer_.producer()->get(), nullptr, 0) != 0;
  if (is_fatal || outcome == KafkaOutcome::kFatal || outcome == KafkaOutcome::kFenced) {
    is_dead_ = true;
  } else if (outcome == KafkaOutcome::kAbort && state_ == State::kCommitting) {
    state_ = State::kInTransaction;
  }
  const std::string text = Explain(code, rd_kafka_error_string(error.get()), what);
  if (outcome == KafkaOutcome::kImpossible) return absl::FailedPreconditionError(text);
  return writer_.producer()->WithTrouble(absl::UnavailableError(text));
}

// ---------------------------------------------------------------- recovery

absl::StatusOr<bool> ExactlyOnceSink::Rollback() {
  if (!is_dead_ && state_ == State::kCommitting) {
    const absl::Status status = FinishCommit();
    if (status.ok()) return true;
    if (!is_dead_ && state_ == State::kCommitting) return status;
  }
  if (!is_dead_ && state_ == State::kInTransaction) {
    const absl::Status status = Abort();
    if (!status.ok() && !is_dead_) return status;
  }
  if (is_dead_ || state_ == State::kNone) {
    if (absl::Status status = RenewProducer(); !status.ok()) return status;
  }
  if (in_doubt_) {
    if (absl::Status status = ReadCursors(); !status.ok()) return status;
    in_doubt_ = false;
    if (WasCommitted()) {
      OnCommitted();
      return true;
    }
  }
  pending_.clear();
  if (absl::Status status = writer_.Rollback(); !status.ok()) return status;
  return false;
}

absl::Status ExactlyOnceSink::Abort() {
  if (state_ != State::kInTransaction) return absl::OkStatus();
  const KafkaError error(
      rd_kafka_abort_transaction(writer_.producer()->get(), ToMs(parts_.patience)));
  if (error) return HandleError(error, "abort a transaction");
  if (!writer_.Drain(kDrainTime)) {
    is_dead_ = true;
    return absl::UnavailableError(
        "librdkafka did not report all messages of an aborted transaction");
  }
  state_ = State::kReady;
  in_doubt_ = false;  // a committed transaction can't be aborted
  writer_.Restart();
  return absl::OkStatus();
}

// Replaces a dead producer. Taking the name aborts or completes its last transaction.
absl::Status ExactlyOnceSink::RenewProducer() {
  if (absl::Status status = CheckClaim(); !status.ok()) return status;
  if (std::exchange(is_dead_, false)) DropProducer();
  return TakeName();
}

// Each commit has a name, which its cursors hold.
bool ExactlyOnceSink::WasCommitted() const {
  for (const auto& [key, known] : pending_) {
    const auto found = reader_->values().find(key);
    if (found == reader_->values().end()) continue;
    const std::optional<CursorRecord> record = CursorRecord::FromJson(found->second);
    if (record && record->commit == commit_) return true;
  }
  return false;
}

// ---------------------------------------------------------------- periodic work

absl::Status ExactlyOnceSink::Tidy() {
  if (writer_.producer() == nullptr) return absl::OkStatus();
  writer_.producer()->Poll(absl::ZeroDuration());
  if (writer_.wants_smaller_batches()) {
    // The batch size is fixed when a producer is created.
    is_dead_ = true;
    return RenewProducer();
  }
  if (absl::Now() < next_forget_) return absl::OkStatus();
  next_forget_ = absl::Now() + kForgetInterval;
  return ForgetEnded();
}

absl::Status ExactlyOnceSink::ForgetEnded() {
  const int64_t before = absl::ToUnixMillis(absl::Now() - kKeepEnded);
  std::vector<std::string> old;
  for (const auto& [key, known] : known_) {
    if (known.ended && known.updated_ms < before) old.push_back(key);
    if (old.size() == kMostForgotten) break;
  }
  if (old.empty()) return absl::OkStatus();
  if (absl::Status status = Begin(); !status.ok()) return status;
  const absl::StatusOr<rd_kafka_topic_t*> topic = writer_.TopicNamed(parts_.options.offsets_topic);
  if (!topic.ok()) return topic.status();
  for (const std::string& key : old) {
    if (absl::Status status = writer_.PutRecord(*topic, key, nullptr); !status.ok()) return status;
  }
  if (absl::Status status = writer_.Flush(kFlushTime); !status.ok()) return status;
  if (absl::Status status = BeginCommit(); !status.ok()) return status;
  for (const std::string& key : old) known_.erase(key);
  return absl::OkStatus();
}

}  // namespace sparktail
