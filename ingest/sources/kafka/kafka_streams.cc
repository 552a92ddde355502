#include "ingest/sources/kafka/kafka_streams.h"

#include <algorithm>
#include <utility>

#include "parsers/byte_buffer.h"
#include "parsers/log_parser.h"

namespace sparktail {
namespace {

// Cursors that move over noise only are worth less than the writing of them.
constexpr absl::Duration kNoiseInterval = absl::Seconds(5);
constexpr uint64_t kNoiseBytes = uint64_t{64} << 20;
constexpr absl::Duration kTickInterval = absl::Seconds(1);
constexpr absl::Duration kReadAgain = absl::Seconds(1);
// Streams that were silent for so long are let go; their cursors are known.
constexpr absl::Duration kIdle = absl::Minutes(10);
constexpr absl::Duration kIdleInterval = absl::Minutes(1);
constexpr size_t kMostResting = 100'000;
// So much of a stream is parsed at once, at the latest.
constexpr size_t kParseBytes = size_t{256} << 10;
constexpr size_t kKeptBytes = size_t{4} << 10;

// Tells keys and std streams apart in one text; keys may hold anything.
std::string NameOf(std::string_view key, std::string_view std_stream) {
  return std::string(std_stream) + '/' + std::string(key);
}

}  // namespace

struct KafkaStreams::Stream {
  StreamKey key;
  StreamFacts facts;
  EnvelopeReader::Origin origin;
  int64_t since_ms = INT64_MIN;
  std::unique_ptr<LogParser> parser;
  ByteBuffer text;       // from parser->offset() on
  uint64_t end = 0;      // offset behind all that was put into `text`
  uint64_t emitted = 0;  // where the last batch ended
  uint64_t whole = 0;    // where it was whole last
  EventBuffer events;    // not handed on yet
  bool ends_line = true;
  bool is_dirty = false;    // has text that is not parsed
  bool is_changed = false;  // may have something to hand on
  int64_t taken = -1;       // the last message
  int64_t skip_before = 0;  // messages before it were read in an earlier life
  int64_t drop_of = -1;     // of this message …
  uint64_t drop = 0;        // … so many bytes, too
  // Messages with text that is not settled; the first one may be.
  struct Place {
    int64_t offset;
    uint64_t content;
    uint64_t bytes;  // of the partition, before it
    absl::Time time;
  };
  std::deque<Place> places;
  std::optional<int64_t> held;  // the message that the group's offset may not pass
  std::shared_ptr<const std::string> context;
  uint32_t context_version = 0;
  absl::Time grown;
};

struct KafkaStreams::Partition {
  KafkaPartition name;
  StreamKey key;
  bool learned = false;  // its streams' cursors are known
  bool begun = false;
  bool leaving = false;
  std::shared_ptr<Lease> lease;
  std::optional<int64_t> committed;  // by the group
  int64_t first = -1;                // with which the group began; -1: not known yet
  int64_t since_ms = INT64_MIN;
  int64_t next = -1;   // the message behind the last one; -1: none came yet
  uint64_t bytes = 0;  // of messages
  uint64_t emitted_bytes = 0;
  int64_t emitted = -1;  // of the group
  int64_t to_commit = -1;
  std::shared_ptr<const Cursor> last_end;  // null: nothing was handed on
  bool is_at_end = false;
  absl::Time at_end = absl::InfinitePast();
  std::unordered_map<std::string, std::unique_ptr<Stream>> streams;
  std::set<std::pair<int64_t, Stream*>> held;
  std::vector<Stream*> changed;
  bool has_events = false;
  absl::Time moved = absl::InfiniteFuture();  // since when there is something to hand on

  // All before it is settled.
  int64_t Offset() const { return held.empty() ? next : std::min(next, held.begin()->first); }
  auto Concerns() const {
    return [this, inner = key + "/"](const StreamKey& stream) {
      return stream == key || stream.starts_with(inner);
    };
  }
};

KafkaStreams::KafkaStreams(Parts parts)
    : parts_(std::move(parts)),
      os_(parts_.os),
      reader_(parts_.options.envelope, parts_.options.message_field, &scratch_),
      reading_(parts_.shared.size(), Reading::kNot),
      next_idle_(os_->Now() + kIdleInterval) {}

KafkaStreams::~KafkaStreams() = default;

KafkaStreams::Partition* KafkaStreams::Find(const KafkaPartition& partition) {
  const auto found = partitions_.find(partition);
  return found == partitions_.end() ? nullptr : found->second.get();
}

// ---------------------------------------------------------------- partitions come and go

void KafkaStreams::OnAssigned(const KafkaPartition& partition) {
  auto made = std::make_unique<Partition>();
  made->name = partition;
  made->key = KafkaStreamKey(parts_.source, partition);
  partitions_[partition] = std::move(made);
  // What was read before may be old: the last owner has gone on.
  std::fill(reading_.begin(), reading_.end(), Reading::kNot);
}

bool KafkaStreams::IsReady(const KafkaPartition& partition) {
  Partition* one = Find(partition);
  if (one->learned) return true;
  TakeCommitted();
  if (const auto lost = lost_.find(partition); lost != lost_.end()) {
    if (!lost->second.expired()) return false;
    lost_.erase(lost);
  }
  if (!ReadShared()) return false;
  for (size_t sink = 0; sink < parts_.shared.size(); ++sink) {
    if (parts_.shared[sink] == nullptr) continue;
    parts_.output->Learn(sink, one->Concerns(), parts_.shared[sink]->cursors());
  }
  one->learned = true;
  return true;
}

// True if all shared cursors are known as they are now.
bool KafkaStreams::ReadShared() {
  if (os_->Now() < next_read_) return false;
  bool is_done = true;
  for (size_t sink = 0; sink < parts_.shared.size(); ++sink) {
    if (parts_.shared[sink] == nullptr || reading_[sink] == Reading::kDone) continue;
    absl::StatusOr<bool> read = false;
    if (reading_[sink] == Reading::kNot) {
      if (absl::Status begun = parts_.shared[sink]->Begin(); !begun.ok()) read = begun;
    }
    if (read.ok()) read = parts_.shared[sink]->ReadOn();
    if (!read.ok()) {
      parts_.log->Warn("cursors " + parts_.source, "source " + parts_.source +
                                                       " waits for the cursors of sink " +
                                                       parts_.output->SinkName(sink) + ": " +
                                                       std::string(read.status().message()));
      reading_[sink] = Reading::kNot;
      next_read_ = os_->Now() + kReadAgain;
      return false;
    }
    reading_[sink] = *read ? Reading::kDone : Reading::kBegun;
    is_done = is_done && *read;
  }
  return is_done;
}

void KafkaStreams::Begin(const KafkaPartition& partition, std::optional<int64_t> committed) {
  Partition* one = Find(partition);
  const Output& output = *parts_.output;
  one->begun = true;
  one->committed = committed;
  one->lease = std::make_shared<Lease>();
  if (const Cursor* newest = output.NewestOf(one->key)) {
    const auto position = KafkaPosition::FromJson(newest->position);
    if (position) one->since_ms = position->since_ms;
    if (position) one->first = position->first;
  } else if (!committed && parts_.options.start_at.kind == StartAt::Kind::kAge) {
    one->since_ms = absl::ToUnixMillis(os_->Now() - parts_.options.start_at.age);
  }
  if (!committed) return;
  // The group commits what all sinks have. One that does not know the partition is new, unless the
  // group still stands where it began: that sink may be who has nothing yet.
  for (size_t sink = 0; one->first != *committed && sink < output.sinks(); ++sink) {
    if (output.CommittedOf(sink, one->key) != nullptr) continue;
    parts_.output->StartAtOthers(sink, one->Concerns());
  }
  parts_.share->Hold(partition, *committed);
}

// The group has committed nothing: it begins here.
void KafkaStreams::BeginAt(Partition* partition, int64_t offset) {
  partition->first = offset;
  parts_.share->Hold(partition->name, offset);
}

void KafkaStreams::Leave(const KafkaPartition& partition) {
  Partition* one = Find(partition);
  if (!one->begun || std::exchange(one->leaving, true)) return;
  ParseAll();
  Emit(one);
}

bool KafkaStreams::HasLeft(const KafkaPartition& partition) {
  Partition* one = Find(partition);
  TakeCommitted();
  return one->last_end == nullptr || IsDelivered(one->key, one->last_end);
}

void KafkaStreams::Drop(const KafkaPartition& partition) { Remove(Find(partition)); }

void KafkaStreams::OnLost(const KafkaPartition& partition) {
  Partition* one = Find(partition);
  if (one == nullptr) return;
  if (one->lease != nullptr) {
    one->lease->Lose();
    lost_[partition] = one->lease;
  }
  Remove(one);
}

void KafkaStreams::Remove(Partition* partition) {
  parts_.share->Release(partition->name);
  for (const auto& [name, stream] : partition->streams) {
    ended_stats_.Add(stream->parser->stats());
    parts_.output->Rest(stream->key);
  }
  parts_.output->Rest(partition->key);
  std::erase_if(dirty_, [&](const auto& one) { return one.first == partition; });
  std::erase_if(resting_, [&](const auto& one) { return one.first == partition->name; });
  const KafkaPartition name = partition->name;
  partitions_.erase(name);
}

void KafkaStreams::TakeCommitted() {
  parts_.output->TakeCommitted();
  for (const auto& [name, partition] : partitions_) {
    for (size_t sink = 0; partition->begun && sink < parts_.output->sinks(); ++sink) {
      const auto cursor = parts_.output->CommittedOf(sink, partition->key);
      if (cursor != nullptr) {
        parts_.share->Delivered(sink, name, static_cast<int64_t>(cursor->offset));
      }
    }
  }
}

// By all sinks.
bool KafkaStreams::IsDelivered(const StreamKey& stream,
                               const std::shared_ptr<const Cursor>& end) const {
  for (size_t sink = 0; sink < parts_.output->sinks(); ++sink) {
    const auto cursor = parts_.output->CommittedOf(sink, stream);
    // One that stood farther at the start was not given it.
    const bool has_it = cursor != nullptr && (cursor == end || cursor->offset > end->offset);
    if (!has_it) return false;
  }
  return true;
}

std::optional<int64_t> KafkaStreams::OffsetToCommit(const KafkaPartition& partition) {
  Partition* one = Find(partition);
  if (parts_.sink_commits || one == nullptr || one->last_end == nullptr) return std::nullopt;
  int64_t offset = INT64_MAX;
  for (size_t sink = 0; sink < parts_.output->sinks(); ++sink) {
    const auto cursor = parts_.output->CommittedOf(sink, one->key);
    if (cursor == nullptr) return std::nullopt;
    offset = std::min(offset, static_cast<int64_t>(cursor->offset));
  }
  // A sink may stand farther than the group, from an earlier life.
  offset = std::min(offset, one->emitted);
  if (offset <= one->to_commit || offset <= one->committed.value_or(-1)) return std::nullopt;
  one->to_commit = offset;
  return offset;
}

// ---------------------------------------------------------------- messages to text

void KafkaStreams::OnRecord(const KafkaPartition& partition, const KafkaRecord& record) {
  Partition* one = Find(partition);
  if (is_over_ || one == nullptr || !one->begun || one->leaving) return;
  if (one->next < 0 && !one->committed) BeginAt(one, record.offset);
  if (one->moved == absl::InfiniteFuture()) one->moved = os_->Now();
  one->next = record.offset + 1;
  one->is_at_end = false;
  if (!record.value) return;
  Stream* stream = nullptr;
  std::string_view last_std = "?";
  reader_.Read(*record.value, [&](const EnvelopeReader::Piece& piece) {
    if (piece.std_stream != last_std) {
      stream = StreamOf(one, record.key, piece.std_stream, record.offset);
      last_std = piece.std_stream;
    }
    Put(one, stream, piece.text, record.offset);
  });
  one->bytes += record.key.size() + record.value->size();
}

KafkaStreams::Stream* KafkaStreams::StreamOf(Partition* partition, std::string_view key,
                                             std::string_view std_stream, int64_t offset) {
  std::string of_origin;
  if (key.empty()) {
    const EnvelopeReader::Origin& origin = reader_.origin();
    of_origin = origin.path;
    if (of_origin.empty() && !origin.pod.empty()) {
      of_origin.append(origin.kubernetes_namespace).append("/").append(origin.pod);
      of_origin.append("/").append(origin.container);
    }
    key = of_origin;
  }
  std::string name = NameOf(key, std_stream);
  const auto found = partition->streams.find(name);
  if (found != partition->streams.end()) return found->second.get();
  std::unique_ptr<Stream> made = MakeStream(partition, key, std_stream, offset);
  return partition->streams.emplace(std::move(name), std::move(made)).first->second.get();
}

// Goes on where the sinks stand, or begins with this message.
std::unique_ptr<KafkaStreams::Stream> KafkaStreams::MakeStream(Partition* partition,
                                                               std::string_view key,
                                                               std::string_view std_stream,
                                                               int64_t offset) {
  auto stream = std::make_unique<Stream>();
  stream->key = KafkaStreamKey(parts_.source, partition->name, key, std_stream);
  stream->origin = reader_.origin();
  if (stream->origin.path.empty() && key.starts_with('/')) stream->origin.path = key;
  stream->since_ms = partition->since_ms;
  stream->grown = os_->Now();
  const auto place = [](const Cursor* cursor) {
    return cursor == nullptr ? std::nullopt : KafkaPosition::FromJson(cursor->position);
  };
  // What was before the place of the sink that stands last is not there any more: all begin there.
  const Cursor* start = parts_.output->NewestOf(stream->key);
  std::optional<KafkaPosition> position = place(start);
  if (position && offset < position->offset) {
    start = parts_.output->StartOf(stream->key);
    position = place(start);
  }
  ParsePosition from;
  if (position) {
    from.offset = start->offset;
    from.context = ParserContext::FromJson(*start->context).value_or(ParserContext());
    stream->skip_before = position->offset;
    stream->drop_of = position->offset;
    stream->drop = from.offset - std::min(from.offset, position->content);
    stream->since_ms = position->since_ms;
    stream->origin = position->origin;
  }
  stream->facts.environment = parts_.environment;
  stream->facts.source_name = parts_.source;
  stream->origin.AddTo(&stream->facts);
  stream->parser = std::make_unique<LogParser>(parts_.parser, stream->facts, &scratch_, from);
  stream->end = stream->emitted = from.offset;
  return stream;
}

void KafkaStreams::Put(Partition* partition, Stream* stream, std::string_view text,
                       int64_t offset) {
  if (offset < stream->skip_before) return;
  // The message in which the cursor stood is gone: what is left begins at the cursor.
  if (offset > stream->drop_of) stream->drop = 0;
  stream->taken = offset;
  if (stream->places.empty() || stream->places.back().offset != offset) {
    stream->places.push_back(
        {offset, stream->end - std::min(stream->drop, stream->end), partition->bytes, os_->Now()});
  }
  const size_t dropped = std::min<uint64_t>(stream->drop, text.size());
  stream->drop -= dropped;
  text.remove_prefix(dropped);
  if (!std::exchange(stream->is_changed, true)) partition->changed.push_back(stream);
  if (text.empty()) return;
  stream->text.Append(text);
  stream->end += text.size();
  stream->ends_line = text.back() == '\n';
  stream->grown = stream->places.back().time;
  if (!std::exchange(stream->is_dirty, true)) dirty_.emplace_back(partition, stream);
  if (stream->text.size() >= kParseBytes && stream->text.size() % kParseBytes < text.size()) {
    Parse(partition, stream);
  }
}

void KafkaStreams::OnEndReached(const KafkaPartition& partition, int64_t offset) {
  Partition* one = Find(partition);
  if (is_over_ || one == nullptr || !one->begun || one->leaving) return;
  one->is_at_end = true;
  one->at_end = os_->Now();
  if (offset <= one->next) return;
  if (one->next < 0 && !one->committed) {
    BeginAt(one, offset);
    one->moved = absl::InfinitePast();  // to be told at once: what comes then is new
  }
  one->next = offset;
  if (one->moved == absl::InfiniteFuture()) one->moved = os_->Now();
}

// ---------------------------------------------------------------- text to events

void KafkaStreams::ParseAll() {
  for (const auto& [partition, stream] : dirty_) {
    if (stream->is_dirty) Parse(partition, stream);
  }
  dirty_.clear();
}

void KafkaStreams::Parse(Partition* partition, Stream* stream) {
  stream->is_dirty = false;
  Done(partition, stream,
       stream->parser->Parse(stream->text.padded(), /*last=*/false, &stream->events));
}

void KafkaStreams::Done(Partition* partition, Stream* stream, size_t done) {
  stream->text.DropFront(done);
  if (stream->text.size() == 0) stream->text.Trim(kKeptBytes);
  PassOver(stream);
  partition->has_events |= !stream->events.events.empty();
  auto& places = stream->places;
  if (IsWhole(*stream)) {
    stream->whole = stream->end;
    places.clear();
  }
  const uint64_t settled = Settled(*stream);
  while (places.size() > 1 && places[1].content <= settled) places.pop_front();
  Hold(partition, stream);
}

// Takes out the events that start_at passes over.
void KafkaStreams::PassOver(Stream* stream) {
  const auto is_past = [&](const EventRef& event) { return event.time_ms < stream->since_ms; };
  EventBuffer& events = stream->events;
  if (stream->since_ms == INT64_MIN) return;
  if (std::none_of(events.events.begin(), events.events.end(), is_past)) return;
  EventBuffer kept;
  for (const EventRef& event : events.events) {
    if (is_past(event)) continue;
    EventRef moved = event;
    moved.begin = kept.bytes.size();
    kept.bytes.Append(events.document(event));
    moved.end = kept.bytes.size();
    kept.bytes.Append('\n');
    kept.events.push_back(moved);
  }
  events = std::move(kept);
}

// Nothing more can come of what was read: a parser may begin behind it as well.
bool KafkaStreams::IsWhole(const Stream& stream) {
  return !stream.is_dirty && stream.ends_line && !stream.parser->has_open_record();
}

// The group's offset may have passed all that was whole once, though the parser, in the midst of a
// line now, does not say so.
uint64_t KafkaStreams::Settled(const Stream& stream) {
  return std::max({stream.parser->settled(), stream.emitted, stream.whole});
}

// The group's offset stays before what is not settled.
void KafkaStreams::Hold(Partition* partition, Stream* stream) {
  std::optional<int64_t> held;
  if (!stream->places.empty()) held = stream->places.front().offset;
  if (held == stream->held) return;
  if (stream->held) partition->held.erase({*stream->held, stream});
  if (held) partition->held.emplace(*held, stream);
  stream->held = held;
}

void KafkaStreams::Expire(Partition* partition, Stream* stream) {
  if (!std::exchange(stream->is_changed, true)) partition->changed.push_back(stream);
  Done(partition, stream, stream->parser->Expire(stream->text.padded(), &stream->events));
}

// What is open has no end, as far as we wait: the parser is told that the stream ends, and a new
// one goes on behind it.
void KafkaStreams::GiveUp(Partition* partition, Stream* stream) {
  if (stream->parser->CanExpire()) Expire(partition, stream);
  if (IsWhole(*stream)) return;
  if (!std::exchange(stream->is_changed, true)) partition->changed.push_back(stream);
  stream->is_dirty = false;
  LogParser& parser = *stream->parser;
  parser.Parse(stream->text.padded(), /*last=*/true, &stream->events);
  ended_stats_.Add(parser.stats());
  stream->parser = std::make_unique<LogParser>(parts_.parser, stream->facts, &scratch_,
                                               ParsePosition{stream->end, parser.context()});
  stream->context = nullptr;
  stream->ends_line = true;
  stream->text.Trim(0);
  Done(partition, stream, 0);
}

void KafkaStreams::GiveUpOld(Partition* partition, absl::Time now) {
  while (!partition->held.empty()) {
    Stream* oldest = partition->held.begin()->second;
    const Stream::Place& place = oldest->places.front();
    const bool is_old = now - place.time >= parts_.options.open_record_wait ||
                        partition->bytes - place.bytes >= parts_.options.open_record_bytes;
    if (!is_old) return;
    GiveUp(partition, oldest);
  }
}

// ---------------------------------------------------------------- events to batches

void KafkaStreams::EndTurn() {
  if (is_over_) return;
  ParseAll();
  const absl::Time now = os_->Now();
  for (const auto& [name, partition] : partitions_) {
    if (!partition->begun || partition->leaving) continue;
    GiveUpOld(partition.get(), now);
    const bool is_due = partition->has_events || now - partition->moved >= kNoiseInterval ||
                        partition->bytes - partition->emitted_bytes >= kNoiseBytes;
    if (is_due) Emit(partition.get());
  }
  scratch_.Trim();
}

// All streams of a partition move together: what its cursor has passed is in theirs.
void KafkaStreams::Emit(Partition* partition) {
  std::vector<std::shared_ptr<const Batch>> batches;
  for (Stream* stream : partition->changed) {
    stream->is_changed = false;
    const bool has_news = !stream->events.events.empty() || Settled(*stream) != stream->emitted;
    if (has_news) batches.push_back(TakeBatch(partition, stream));
  }
  partition->changed.clear();
  if (partition->next >= 0 && (!batches.empty() || partition->Offset() != partition->emitted)) {
    batches.push_back(PartitionBatch(partition));
  }
  partition->has_events = false;
  partition->moved = absl::InfiniteFuture();
  partition->emitted_bytes = partition->bytes;
  if (!batches.empty()) parts_.output->Emit(batches);
}

std::shared_ptr<const Batch> KafkaStreams::TakeBatch(Partition* partition, Stream* stream) {
  KafkaPosition position;
  position.partition = partition->name;
  position.since_ms = stream->since_ms;
  position.origin = stream->origin;
  if (stream->places.empty()) {
    position.offset = stream->taken + 1;
    position.content = stream->end;
  } else {
    position.offset = stream->places.front().offset;
    position.content = stream->places.front().content;
  }
  const uint32_t version = stream->parser->context_version();
  if (stream->context == nullptr || version != stream->context_version) {
    stream->context = std::make_shared<const std::string>(stream->parser->context().ToJson());
    stream->context_version = version;
  }
  auto cursor = std::make_shared<Cursor>();
  cursor->offset = Settled(*stream);
  cursor->position = position.ToJson();
  cursor->context = stream->context;
  auto batch = std::make_shared<Batch>();
  batch->stream = stream->key;
  batch->begin = stream->emitted;
  batch->end = std::move(cursor);
  batch->events = std::exchange(stream->events, EventBuffer());
  batch->lease = partition->lease;
  stream->emitted = batch->end->offset;
  if (parts_.observe) parts_.observe(batch->events);
  return batch;
}

std::shared_ptr<const Batch> KafkaStreams::PartitionBatch(Partition* partition) {
  static const auto kNoContext = std::make_shared<const std::string>("{}");
  KafkaPosition position;
  position.group = parts_.options.group;
  position.partition = partition->name;
  position.offset = partition->Offset();
  position.first = partition->first;
  position.since_ms = partition->since_ms;
  auto cursor = std::make_shared<Cursor>();
  cursor->offset = static_cast<uint64_t>(position.offset);
  cursor->position = position.ToJson();
  cursor->context = kNoContext;
  auto batch = std::make_shared<Batch>();
  batch->stream = partition->key;
  batch->begin = static_cast<uint64_t>(std::max<int64_t>(partition->emitted, 0));
  batch->end = cursor;
  batch->lease = partition->lease;
  partition->emitted = position.offset;
  partition->last_end = std::move(cursor);
  return batch;
}

// ---------------------------------------------------------------- time

absl::Time KafkaStreams::Tick() {
  const absl::Time now = os_->Now();
  TakeCommitted();
  if (is_over_) return now + kTickInterval;
  bool waits = false;
  for (const auto& [name, owned] : partitions_) {
    Partition* partition = owned.get();
    if (!partition->begun || partition->leaving) continue;
    // Silence counts when all that is there was read in it.
    std::vector<Stream*> silent;
    for (const auto& [offset, stream] : partition->held) {
      if (!stream->parser->CanExpire()) continue;
      const absl::Time until = stream->grown + parts_.options.record_timeout;
      const bool was_read = partition->is_at_end ? now >= until : partition->at_end >= until;
      if (was_read) silent.push_back(stream);
    }
    for (Stream* stream : silent) Expire(partition, stream);
    waits = waits || !partition->held.empty() || partition->moved != absl::InfiniteFuture();
  }
  EndTurn();
  if (now >= next_idle_) {
    next_idle_ = now + kIdleInterval;
    for (const auto& [name, partition] : partitions_) LetIdleGo(partition.get(), now);
  }
  return waits ? now + kTickInterval : next_idle_;
}

// The sinks have its cursor, with which it goes on should it come back.
void KafkaStreams::LetIdleGo(Partition* partition, absl::Time now) {
  std::erase_if(partition->streams, [&](const auto& one) {
    Stream* stream = one.second.get();
    if (now - stream->grown < kIdle || stream->is_changed || !stream->places.empty()) return false;
    for (size_t sink = 0; sink < parts_.output->sinks(); ++sink) {
      const auto cursor = parts_.output->CommittedOf(sink, stream->key);
      if (cursor == nullptr || cursor->offset < stream->emitted) return false;
    }
    ended_stats_.Add(stream->parser->stats());
    parts_.output->Rest(stream->key);
    resting_.emplace_back(partition->name, stream->key);
    return true;
  });
  for (; resting_.size() > kMostResting; resting_.pop_front()) {
    // It may have come back.
    const StreamKey& key = resting_.front().second;
    const auto found = partitions_.find(resting_.front().first);
    const bool is_back = found != partitions_.end() &&
                         std::any_of(found->second->streams.begin(), found->second->streams.end(),
                                     [&](const auto& one) { return one.second->key == key; });
    if (!is_back) parts_.output->Forget(key);
  }
}

void KafkaStreams::HandOnAll() {
  if (std::exchange(is_over_, true)) return;
  ParseAll();
  for (const auto& [name, partition] : partitions_) {
    if (partition->begun && !partition->leaving) Emit(partition.get());
  }
}

void KafkaStreams::EndAll() {
  ParseAll();
  for (const auto& [name, partition] : partitions_) {
    if (!partition->begun || partition->leaving) continue;
    while (!partition->held.empty()) GiveUp(partition.get(), partition->held.begin()->second);
  }
  HandOnAll();
}

std::vector<StreamKey> KafkaStreams::Streams() const {
  std::vector<StreamKey> keys;
  for (const auto& [name, partition] : partitions_) {
    keys.push_back(partition->key);
    for (const auto& [stream_name, stream] : partition->streams) keys.push_back(stream->key);
  }
  return keys;
}

size_t KafkaStreams::streams() const {
  size_t count = 0;
  for (const auto& [name, partition] : partitions_) count += partition->streams.size();
  return count;
}

ParserStats KafkaStreams::stats() const {
  ParserStats sum = ended_stats_;
  for (const auto& [name, partition] : partitions_) {
    for (const auto& [stream_name, stream] : partition->streams) sum.Add(stream->parser->stats());
  }
  return sum;
}

}  // namespace sparktail
