#include "ingest/sources/kafka/kafka_streams.h"

#include <algorithm>
#include <utility>

namespace sparktail {
namespace {

constexpr absl::Duration kTickInterval = absl::Seconds(1);
constexpr absl::Duration kReadAgain = absl::Seconds(1);
// Streams that were silent for so long are dropped from memory; their cursors are known.
constexpr absl::Duration kIdle = absl::Minutes(10);
constexpr absl::Duration kIdleInterval = absl::Minutes(1);
constexpr size_t kMostResting = 100'000;
// A stream with so much new text is parsed before the end of the turn.
constexpr size_t kParseBytes = size_t{256} << 10;

// Names a stream within its partition. Keys may hold any bytes.
std::string NameOf(std::string_view key, std::string_view std_stream) {
  return std::string(std_stream) + '/' + std::string(key);
}

}  // namespace

struct KafkaStreams::Stream {
  Stream(ContentShare* share, StreamKey key, const StreamFacts& its_facts,
         const ParsePosition& from)
      : facts(its_facts), content(share, std::move(key), facts, from) {}

  const StreamFacts facts;
  EnvelopeReader::Origin origin;
  int64_t since_ms = INT64_MIN;
  ContentStream content;
  bool is_dirty = false;    // has text that is not parsed
  bool is_changed = false;  // may have something to hand on
  int64_t taken = -1;       // the last message
  int64_t skip_before = 0;  // messages before it were read in an earlier life
  int64_t drop_of = -1;     // this message was read in part …
  uint64_t drop = 0;        // … up to this byte of its text
  // Messages whose text is not settled. Some text of the first one may be.
  struct Place {
    int64_t offset;
    uint64_t content;
    uint64_t bytes;  // of the partition, before it
    absl::Time time;
  };
  std::deque<Place> places;
  std::optional<int64_t> held;  // the message that the group's offset may not pass
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
  int64_t next = -1;   // the message after the last one; -1: none came yet
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
  NoiseTimer noise;

  // Everything before it is settled.
  int64_t Offset() const { return held.empty() ? next : std::min(next, held.begin()->first); }
  auto Concerns() const {
    return [this, inner = key.text() + "/"](const StreamKey& stream) {
      return stream == key || stream.text().starts_with(inner);
    };
  }
};

KafkaStreams::KafkaStreams(Parts parts)
    : parts_(std::move(parts)),
      os_(parts_.os),
      content_(parts_),
      reader_(parts_.options.envelope, parts_.options.message_field, &content_.scratch),
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
  // Cursors that were read before may be old, for the last owner has moved them.
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

// Returns true once all shared cursors are known as they are now.
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
  // The group commits what all sinks have, so a sink that does not know the partition is new. But
  // if the group is still where it began, that sink may just have got nothing yet.
  for (size_t sink = 0; one->first != *committed && sink < output.sinks(); ++sink) {
    if (output.CommittedOf(sink, one->key) != nullptr) continue;
    parts_.output->StartAtOthers(sink, one->Concerns());
  }
  parts_.share->Hold(partition, *committed);
}

// Notes where a group begins that has committed nothing.
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
        parts_.share->Delivered(sink, name, static_cast<int64_t>(cursor->order));
      }
    }
  }
}

// True if all sinks have committed the stream up to `end`.
bool KafkaStreams::IsDelivered(const StreamKey& stream,
                               const std::shared_ptr<const Cursor>& end) const {
  for (size_t sink = 0; sink < parts_.output->sinks(); ++sink) {
    const auto cursor = parts_.output->CommittedOf(sink, stream);
    // A sink that was farther at the start was not given this batch.
    const bool has_it = cursor != nullptr && (cursor == end || cursor->order > end->order);
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
    offset = std::min(offset, static_cast<int64_t>(cursor->order));
  }
  // A sink may be farther than the group, from an earlier life.
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
  if (!one->noise.is_waiting()) one->noise.OnMoved(os_->Now());
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

// Resumes where the sinks are in the stream, or begins with this message.
std::unique_ptr<KafkaStreams::Stream> KafkaStreams::MakeStream(Partition* partition,
                                                               std::string_view key,
                                                               std::string_view std_stream,
                                                               int64_t offset) {
  StreamKey stream_key = KafkaStreamKey(parts_.source, partition->name, key, std_stream);
  const auto place = [](const Cursor* cursor) {
    return cursor == nullptr ? std::nullopt : KafkaPosition::FromJson(cursor->position);
  };
  // If the messages before the cursor of the sink that has most are gone, all sinks begin there.
  const Cursor* start = parts_.output->NewestOf(stream_key);
  std::optional<KafkaPosition> position = place(start);
  if (position && offset < position->offset) {
    start = parts_.output->StartOf(stream_key);
    position = place(start);
  }
  ParsePosition from;
  EnvelopeReader::Origin origin;
  if (position) {
    from = ContentStream::PlaceOf(*start);
    origin = position->origin;
  } else {
    origin = reader_.origin();
    if (origin.path.empty() && key.starts_with('/')) origin.path = key;
  }
  StreamFacts facts;
  facts.environment = parts_.environment;
  facts.source_name = parts_.source;
  origin.AddTo(&facts);
  auto stream = std::make_unique<Stream>(&content_, std::move(stream_key), facts, from);
  stream->origin = std::move(origin);
  stream->since_ms = position ? position->since_ms : partition->since_ms;
  stream->content.SkipOlderThan(stream->since_ms);
  if (position) {
    stream->skip_before = stream->drop_of = position->offset;
    stream->drop = from.offset - std::min(from.offset, position->content);
  }
  return stream;
}

void KafkaStreams::Put(Partition* partition, Stream* stream, std::string_view text,
                       int64_t offset) {
  if (offset < stream->skip_before) return;
  // The message that the cursor was in is gone: the stream continues with this one.
  if (offset > stream->drop_of) stream->drop = 0;
  stream->taken = offset;
  ContentStream& content = stream->content;
  if (stream->places.empty() || stream->places.back().offset != offset) {
    stream->places.push_back({offset, content.end() - std::min(stream->drop, content.end()),
                              partition->bytes, os_->Now()});
  }
  const size_t dropped = std::min<uint64_t>(stream->drop, text.size());
  stream->drop -= dropped;
  text.remove_prefix(dropped);
  MarkChanged(partition, stream);
  if (text.empty()) return;
  content.Append(text);
  if (!std::exchange(stream->is_dirty, true)) dirty_.emplace_back(partition, stream);
  const size_t size = content.text().size();
  if (size >= kParseBytes && size % kParseBytes < text.size()) Parse(partition, stream);
}

void KafkaStreams::MarkChanged(Partition* partition, Stream* stream) {
  if (!std::exchange(stream->is_changed, true)) partition->changed.push_back(stream);
}

void KafkaStreams::OnEndReached(const KafkaPartition& partition, int64_t offset) {
  Partition* one = Find(partition);
  if (is_over_ || one == nullptr || !one->begun || one->leaving) return;
  one->is_at_end = true;
  one->at_end = os_->Now();
  if (offset <= one->next) return;
  if (one->next < 0 && !one->committed) {
    BeginAt(one, offset);
    // Later messages are new, so the sinks must know the place at once.
    one->noise.OnMoved(absl::InfinitePast());
  }
  one->next = offset;
  if (!one->noise.is_waiting()) one->noise.OnMoved(os_->Now());
}

// ---------------------------------------------------------------- text to events

void KafkaStreams::ParseAll() {
  for (const auto& [partition, stream] : dirty_) {
    if (stream->is_dirty) Parse(partition, stream);
  }
  dirty_.clear();
}

void KafkaStreams::Parse(Partition* partition, Stream* stream) {
  stream->content.Parse();
  OnParsed(partition, stream);
}

void KafkaStreams::OnParsed(Partition* partition, Stream* stream) {
  stream->is_dirty = false;
  ContentStream& content = stream->content;
  content.EndTurn();
  partition->has_events |= content.has_events();
  auto& places = stream->places;
  // The group's offset may pass a whole stream, so its cursor must cover it, too.
  if (content.SettleWhole()) places.clear();
  const uint64_t settled = content.settled();
  while (places.size() > 1 && places[1].content <= settled) places.pop_front();
  Hold(partition, stream);
}

// Keeps the group's offset before what is not settled.
void KafkaStreams::Hold(Partition* partition, Stream* stream) {
  std::optional<int64_t> held;
  if (!stream->places.empty()) held = stream->places.front().offset;
  if (held == stream->held) return;
  if (stream->held) partition->held.erase({*stream->held, stream});
  if (held) partition->held.emplace(*held, stream);
  stream->held = held;
}

void KafkaStreams::Expire(Partition* partition, Stream* stream) {
  MarkChanged(partition, stream);
  stream->content.Expire();
  OnParsed(partition, stream);
}

// Ends the stream's open record, whatever it lacks.
void KafkaStreams::GiveUp(Partition* partition, Stream* stream) {
  if (stream->content.CanExpire()) Expire(partition, stream);
  if (stream->content.IsWhole()) return;
  MarkChanged(partition, stream);
  stream->content.GiveUp(stream->facts);
  OnParsed(partition, stream);
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
    const bool is_due = partition->has_events || partition->noise.IsDue(now) ||
                        partition->bytes - partition->emitted_bytes >= NoiseTimer::kBytes;
    if (is_due) Emit(partition.get());
  }
  content_.scratch.Trim();
}

// All streams of a partition move together: their cursors cover what the partition's has passed.
void KafkaStreams::Emit(Partition* partition) {
  std::vector<std::shared_ptr<const Batch>> batches;
  for (Stream* stream : partition->changed) {
    stream->is_changed = false;
    if (stream->content.HasNews()) batches.push_back(TakeBatch(partition, stream));
  }
  partition->changed.clear();
  if (partition->next >= 0 && (!batches.empty() || partition->Offset() != partition->emitted)) {
    batches.push_back(PartitionBatch(partition));
  }
  partition->has_events = false;
  partition->noise.Reset();
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
    position.content = stream->content.end();
  } else {
    position.offset = stream->places.front().offset;
    position.content = stream->places.front().content;
  }
  const std::shared_ptr<Batch> batch = stream->content.TakeBatch(position.ToJson());
  batch->lease = partition->lease;
  return batch;
}

std::shared_ptr<const Batch> KafkaStreams::PartitionBatch(Partition* partition) {
  KafkaPosition position;
  position.group = parts_.options.group;
  position.partition = partition->name;
  position.offset = partition->Offset();
  position.first = partition->first;
  position.since_ms = partition->since_ms;
  const std::shared_ptr<Batch> batch =
      MakePlainBatch(partition->key, static_cast<uint64_t>(position.offset), position.ToJson());
  batch->lease = partition->lease;
  partition->emitted = position.offset;
  partition->last_end = batch->end;
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
    // A stream is silent only while the partition was read to its end.
    const absl::Time read_until = partition->is_at_end ? now : partition->at_end;
    std::vector<Stream*> silent;
    for (const auto& [offset, stream] : partition->held) {
      if (stream->content.IsSilent(read_until)) silent.push_back(stream);
    }
    for (Stream* stream : silent) Expire(partition, stream);
    waits = waits || !partition->held.empty() || partition->noise.is_waiting();
  }
  EndTurn();
  if (now >= next_idle_) {
    next_idle_ = now + kIdleInterval;
    for (const auto& [name, partition] : partitions_) LetIdleGo(partition.get(), now);
  }
  return waits ? now + kTickInterval : next_idle_;
}

// A stream that comes back resumes from its cursor, which the sinks have.
void KafkaStreams::LetIdleGo(Partition* partition, absl::Time now) {
  std::erase_if(partition->streams, [&](const auto& one) {
    Stream* stream = one.second.get();
    const ContentStream& content = stream->content;
    if (now - content.grown() < kIdle || stream->is_changed || !stream->places.empty())
      return false;
    for (size_t sink = 0; sink < parts_.output->sinks(); ++sink) {
      const auto cursor = parts_.output->CommittedOf(sink, content.key());
      if (cursor == nullptr || cursor->order < content.emitted()) return false;
    }
    resting_.emplace_back(partition->name, content.key());
    return true;
  });
  for (; resting_.size() > kMostResting; resting_.pop_front()) {
    // The stream may have come back.
    const StreamKey& key = resting_.front().second;
    const auto found = partitions_.find(resting_.front().first);
    const bool is_back =
        found != partitions_.end() &&
        std::any_of(found->second->streams.begin(), found->second->streams.end(),
                    [&](const auto& one) { return one.second->content.key() == key; });
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
    for (const auto& [stream_name, stream] : partition->streams)
      keys.push_back(stream->content.key());
  }
  return keys;
}

size_t KafkaStreams::streams() const {
  size_t count = 0;
  for (const auto& [name, partition] : partitions_) count += partition->streams.size();
  return count;
}

ParserStats KafkaStreams::stats() const {
  ParserStats sum = content_.ended;
  for (const auto& [name, partition] : partitions_) {
    for (const auto& [stream_name, stream] : partition->streams) sum.Add(stream->content.stats());
  }
  return sum;
}

}  // namespace sparktail
