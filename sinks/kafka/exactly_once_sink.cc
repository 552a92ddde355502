#include "sinks/kafka/exactly_once_sink.h"

#include <absl/time/clock.h>

#include <optional>
#include <utility>

#include "ingest/kafka/cursor_record.h"
#include "ingest/kafka/kafka_error.h"

namespace sparktail {
namespace {

constexpr absl::Duration kDrainTime = absl::Seconds(5);
// As long as transaction.timeout.ms lets it be: what is not delivered by then is reported.
constexpr absl::Duration kFlushTime = absl::Minutes(16);
constexpr int kTransactionTime = -1;
constexpr absl::Duration kForgetInterval = absl::Hours(1);
constexpr absl::Duration kKeepEnded = absl::Hours(24 * 30);
constexpr size_t kMostForgotten = 1000;  // at a time

int ToMs(absl::Duration time) { return static_cast<int>(absl::ToInt64Milliseconds(time)); }

int64_t NowMs() { return absl::ToUnixMillis(absl::Now()); }

}  // namespace

ExactlyOnceSink::ExactlyOnceSink(Parts parts)
    : parts_(std::move(parts)),
      name_("sparktail/" + parts_.instance + "/" + parts_.name),
      claimed_(CursorPrefix(parts_.instance, parts_.name)),
      claim_(NameClaim::OfThisProcess()),
      writer_({parts_.log, parts_.dead_letters, parts_.name, parts_.options, parts_.patience}),
      next_forget_(absl::Now()) {}

ExactlyOnceSink::~ExactlyOnceSink() { Drop(); }

// The writer's handles of topics are the producer's; it reports to the writer until it is gone.
void ExactlyOnceSink::Drop() {
  writer_.ForgetProducer();
  producer_.reset();
  state_ = State::kNone;
}

// ---------------------------------------------------------------- opening

absl::StatusOr<std::vector<StreamCursor>> ExactlyOnceSink::Open() {
  if (absl::Status status = OpenOnce(); !status.ok()) return status;
  std::vector<StreamCursor> cursors;
  const std::string prefix = claimed_ + "/";
  for (const auto& [key, value] : reader_->values()) {
    if (!key.starts_with(prefix)) continue;
    std::optional<CursorRecord> record = CursorRecord::FromJson(value);
    if (!record) {
      return absl::FailedPreconditionError(
          "topic " + parts_.options.offsets_topic + " has a cursor that can't be read (key " + key +
          "): it was written by a newer version of sparktail, or by somebody else");
    }
    known_[key] = {record->updated_ms, record->cursor.ended};
    cursors.push_back({key.substr(prefix.size()), std::move(record->cursor)});
  }
  return cursors;
}

// Each step is done once; what fails is tried again by the next call.
absl::Status ExactlyOnceSink::OpenOnce() {
  if (absl::Status status = Prepare(); !status.ok()) return status;
  if (absl::Status status = Claim(); !status.ok()) return status;
  if (absl::Status status = Take(); !status.ok()) return status;
  return ReadCursors();
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

  CursorTopicReader::Parts reader;
  reader.options = parts_.options.client;
  reader.log = parts_.log;
  reader.name = "sink " + parts_.name;
  reader.topic = parts_.options.offsets_topic;
  reader.wants = [this](std::string_view key) {
    return (key.starts_with(claimed_) && key.substr(claimed_.size()).starts_with('/')) ||
           pending_.contains(key);
  };
  absl::StatusOr<std::unique_ptr<CursorTopicReader>> made =
      CursorTopicReader::Make(std::move(reader));
  if (!made.ok()) return made.status();
  reader_ = *std::move(made);
  is_prepared_ = true;
  return absl::OkStatus();
}

// Before the name is taken, and outside of transactions, which only come after that.
absl::Status ExactlyOnceSink::Claim() {
  if (is_claimed_) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<KafkaClient>> plain = writer_.MakeProducer({});
  if (!plain.ok()) return plain.status();
  const std::string value = claim_.ToJson();
  absl::Status status;
  {
    const KafkaTopic topic(
        rd_kafka_topic_new((*plain)->get(), parts_.options.offsets_topic.c_str(), nullptr));
    status = writer_.PutRecord(topic.get(), claimed_, &value);
  }
  if (status.ok()) status = writer_.Flush(parts_.patience);
  (*plain)->Poll(absl::ZeroDuration());
  status = (*plain)->WithTrouble(status);
  writer_.ForgetProducer();
  is_claimed_ = status.ok();
  return status;
}

// Fences whoever has the name, and ends what was left of its last transaction.
absl::Status ExactlyOnceSink::Take() {
  if (producer_ == nullptr) {
    absl::StatusOr<std::unique_ptr<KafkaClient>> made =
        writer_.MakeProducer({{"transactional.id", name_}});
    if (!made.ok()) return made.status();
    producer_ = *std::move(made);
    state_ = State::kNone;
  }
  if (state_ == State::kReady) return absl::OkStatus();
  const KafkaError error(rd_kafka_init_transactions(producer_->get(), ToMs(parts_.patience)));
  producer_->Poll(absl::ZeroDuration());
  if (!error) {
    state_ = State::kReady;
    return absl::OkStatus();
  }
  absl::Status status = producer_->WithTrouble(ToStatus(rd_kafka_error_code(error.get()),
                                                        rd_kafka_error_string(error.get()),
                                                        "take the transactional id " + name_));
  if (Classify(error.get()) != KafkaOutcome::kRetry) Drop();
  return status;
}

// An open transaction of a process that died ends after its own time-out: it is waited for in
// pieces, so that whoever waits can be stopped.
absl::Status ExactlyOnceSink::ReadCursors() { return reader_->ReadToEnd(parts_.patience); }

// kFailedPrecondition: the name is another process's. Claims are not part of transactions, and must
// not wait for one of ours.
absl::Status ExactlyOnceSink::CheckClaim() {
  if (claims_ == nullptr) {
    CursorTopicReader::Parts parts;
    parts.options = parts_.options.client;
    parts.log = parts_.log;
    parts.name = "sink " + parts_.name;
    parts.topic = parts_.options.offsets_topic;
    parts.is_committed = false;
    parts.wants = [this](std::string_view key) { return key == claimed_; };
    absl::StatusOr<std::unique_ptr<CursorTopicReader>> made =
        CursorTopicReader::Make(std::move(parts));
    if (!made.ok()) return made.status();
    claims_ = *std::move(made);
  }
  if (absl::Status status = claims_->ReadToEnd(parts_.patience); !status.ok()) return status;
  const std::unique_ptr<CursorTopicReader> reader = std::move(claims_);
  const auto found = reader->values().find(claimed_);
  if (found == reader->values().end()) return absl::OkStatus();
  const std::optional<NameClaim> last = NameClaim::FromJson(found->second);
  if (!last || last->process == claim_.process) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "another process has the name " + claimed_ + " (" + last->Describe() +
      "): one instance is one process; stop one of the two, or give it another instance");
}

// ---------------------------------------------------------------- a transaction

absl::Status ExactlyOnceSink::Begin() {
  if (state_ == State::kInTransaction) return absl::OkStatus();
  if (state_ != State::kReady) return absl::UnavailableError("the producer has to be made anew");
  const KafkaError error(rd_kafka_begin_transaction(producer_->get()));
  if (error) return Failed(error, "begin a transaction");
  state_ = State::kInTransaction;
  commit_ = claim_.process + "-" + std::to_string(++commits_);
  return absl::OkStatus();
}

absl::Status ExactlyOnceSink::Write(const EventBuffer& events, size_t first) {
  if (first >= events.events.size()) return absl::OkStatus();
  if (absl::Status status = Begin(); !status.ok()) return status;
  written_.push_back({&events, first});
  const absl::Status status = writer_.Put(events, first);
  return status.ok() ? status : WithoutRefused(status);
}

absl::Status ExactlyOnceSink::Commit(std::span<const StreamCursor> cursors) {
  while (true) {
    absl::Status status = TryCommit(cursors);
    if (status.ok()) return status;
    if (status = WithoutRefused(status); !status.ok()) return status;
  }
}

// If it was for events that are refused: all others go into a new transaction. Else it is `status`.
// It is that of a new producer, for where a batch was refused librdkafka leaves a gap in its
// numbers, and brokers take nothing behind that.
absl::Status ExactlyOnceSink::WithoutRefused(absl::Status status) {
  while (!status.ok() && (writer_.has_refusals() || writer_.is_to_be_repeated())) {
    status = writer_.Flush(kFlushTime);
    if (!writer_.is_to_be_repeated()) return status;
    is_dead_ = true;
    if (absl::Status renewed = Renew(); !renewed.ok()) return renewed;
    status = WriteAll();
  }
  return status;
}

absl::Status ExactlyOnceSink::WriteAll() {
  if (absl::Status status = Begin(); !status.ok()) return status;
  for (const Written& one : written_) {
    if (absl::Status status = writer_.Put(*one.events, one.first); !status.ok()) return status;
  }
  return absl::OkStatus();
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

std::string ExactlyOnceSink::KeyOf(std::string_view stream) const {
  const std::string owner = parts_.owner_of ? parts_.owner_of(stream) : "";
  const std::string prefix = owner.empty() ? claimed_ : CursorPrefix(owner, parts_.name);
  return prefix + "/" + std::string(stream);
}

absl::Status ExactlyOnceSink::SendGroupOffsets(std::span<const StreamCursor> cursors) {
  if (!parts_.group_offsets) return absl::OkStatus();
  const absl::StatusOr<std::vector<GroupOffsets>> groups = parts_.group_offsets(cursors);
  if (!groups.ok()) return groups.status();
  for (const GroupOffsets& group : *groups) {
    const KafkaError error(rd_kafka_send_offsets_to_transaction(
        producer_->get(), group.offsets.get(), group.member.get(), kTransactionTime));
    if (error) return Failed(error, "commit the offsets of a consumer group");
  }
  return absl::OkStatus();
}

absl::Status ExactlyOnceSink::BeginCommit() {
  state_ = State::kCommitting;
  in_doubt_ = true;
  return FinishCommit();
}

// What takes longer goes on with the next call.
absl::Status ExactlyOnceSink::FinishCommit() {
  const KafkaError error(rd_kafka_commit_transaction(producer_->get(), ToMs(parts_.patience)));
  if (error) return Failed(error, "commit a transaction");
  Committed();
  return absl::OkStatus();
}

void ExactlyOnceSink::Committed() {
  state_ = State::kReady;
  in_doubt_ = false;
  for (const auto& [key, known] : pending_) known_[key] = known;
  pending_.clear();
  written_.clear();
  writer_.Delivered();
}

// What is to be done about it is done by the next Rollback().
absl::Status ExactlyOnceSink::Failed(const KafkaError& error, std::string_view what) {
  producer_->Poll(absl::ZeroDuration());
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
  const KafkaOutcome outcome = Classify(error.get());
  const bool is_fatal = rd_kafka_fatal_error(producer_->get(), nullptr, 0) != 0;
  if (is_fatal || outcome == KafkaOutcome::kFatal || outcome == KafkaOutcome::kFenced) {
    is_dead_ = true;
  } else if (outcome == KafkaOutcome::kAbort && state_ == State::kCommitting) {
    state_ = State::kInTransaction;
  }
  const std::string text = Explain(code, rd_kafka_error_string(error.get()), what);
  if (outcome == KafkaOutcome::kImpossible) return absl::FailedPreconditionError(text);
  return producer_->WithTrouble(absl::UnavailableError(text));
}

// ---------------------------------------------------------------- mending

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
    if (absl::Status status = Renew(); !status.ok()) return status;
  }
  if (in_doubt_) {
    if (absl::Status status = ReadCursors(); !status.ok()) return status;
    in_doubt_ = false;
    if (WasCommitted()) {
      Committed();
      return true;
    }
  }
  written_.clear();
  pending_.clear();
  if (absl::Status status = writer_.refused_events()->Rollback(); !status.ok()) return status;
  return false;
}

absl::Status ExactlyOnceSink::Abort() {
  if (state_ != State::kInTransaction) return absl::OkStatus();
  const KafkaError error(rd_kafka_abort_transaction(producer_->get(), ToMs(parts_.patience)));
  if (error) return Failed(error, "abort a transaction");
  if (!writer_.Drain(kDrainTime)) {
    is_dead_ = true;
    return absl::UnavailableError("librdkafka does not let go of its messages");
  }
  state_ = State::kReady;
  in_doubt_ = false;  // what is committed can't be aborted
  writer_.Restart();
  return absl::OkStatus();
}

// A new producer in the place of one that is dead; taking the name ends its last transaction, this
// way or that.
absl::Status ExactlyOnceSink::Renew() {
  if (absl::Status status = CheckClaim(); !status.ok()) return status;
  if (std::exchange(is_dead_, false)) Drop();
  return Take();
}

// Each commit has a name, which its cursors bear.
bool ExactlyOnceSink::WasCommitted() const {
  for (const auto& [key, known] : pending_) {
    const auto found = reader_->values().find(key);
    if (found == reader_->values().end()) continue;
    const std::optional<CursorRecord> record = CursorRecord::FromJson(found->second);
    if (record && record->commit == commit_) return true;
  }
  return false;
}

// ---------------------------------------------------------------- now and then

absl::Status ExactlyOnceSink::Tidy() {
  if (producer_ == nullptr) return absl::OkStatus();
  producer_->Poll(absl::ZeroDuration());
  if (writer_.wants_smaller_batches()) {
    // The next transaction needs a producer that makes them.
    is_dead_ = true;
    return Renew();
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
