#include "ingest/sources/kafka/partition_streams.h"

#include <algorithm>

namespace sparktail {
namespace {

// A stream with so much new text is parsed before the end of the turn.
constexpr size_t kParseBytes = size_t{256} << 10;

// Names a stream within its partition. Keys may hold any bytes.
std::string NameOf(std::string_view key, std::string_view std_stream) {
  return std::string(std_stream) + '/' + std::string(key);
}

// The file or container that an envelope names; empty if it names none.
std::string KeyOf(const EnvelopeReader::Origin& origin) {
  if (!origin.path.empty() || origin.pod.empty()) return origin.path;
  return origin.kubernetes_namespace + "/" + origin.pod + "/" + origin.container;
}

std::optional<KafkaPosition> PositionOf(const Cursor* cursor) {
  return cursor == nullptr ? std::nullopt : KafkaPosition::FromJson(cursor->position);
}

}  // namespace

PartitionStreams::PartitionStreams(PartitionShare* share, KafkaPartition name)
    : share_(share),
      os_(share->parts.os),
      output_(share->parts.output),
      name_(std::move(name)),
      key_(KafkaStreamKey(share->parts.source, name_)) {}

void PartitionStreams::Begin(std::optional<int64_t> committed) {
  has_begun_ = true;
  committed_ = committed;
  const StartAt& start_at = share_->options.start_at;
  const Cursor* newest = output_->NewestOf(key_);
  if (const auto position = PositionOf(newest)) {
    since_ms_ = position->since_ms;
    first_ = position->first;
  } else if (newest == nullptr && !committed && start_at.kind == StartAt::Kind::kAge) {
    since_ms_ = absl::ToUnixMillis(os_->Now() - start_at.age);
  }
}

void PartitionStreams::Leave() {
  HandOn();
  is_leaving_ = true;
}

// Notes where a group begins that has committed nothing.
void PartitionStreams::BeginAt(int64_t offset) {
  first_ = offset;
  share_->group->Hold(name_, offset);
}

// ---------------------------------------------------------------- messages to text

void PartitionStreams::OnRecord(const KafkaRecord& record) {
  if (next_ < 0 && !committed_) BeginAt(record.offset);
  if (!noise_.is_waiting()) noise_.OnMoved(os_->Now());
  next_ = record.offset + 1;
  is_at_end_ = false;
  if (!record.value) return;
  KeyStream* stream = nullptr;
  std::string_view last_std = "?";
  share_->reader.Read(*record.value, [&](const EnvelopeReader::Piece& piece) {
    if (piece.std_stream != last_std) {
      stream = StreamOf(record.key, piece.std_stream, record.offset);
      last_std = piece.std_stream;
    }
    Put(stream, piece.text, record.offset);
  });
  bytes_ += record.key.size() + record.value->size();
}

KeyStream* PartitionStreams::StreamOf(std::string_view key, std::string_view std_stream,
                                      int64_t offset) {
  std::string of_origin;
  if (key.empty()) key = of_origin = KeyOf(share_->reader.origin());
  std::string name = NameOf(key, std_stream);
  const auto found = streams_.find(name);
  if (found != streams_.end()) return found->second.get();
  std::unique_ptr<KeyStream> made = MakeStream(key, std_stream, offset);
  return streams_.emplace(std::move(name), std::move(made)).first->second.get();
}

// Resumes where the sinks are in the stream, or begins with this message.
std::unique_ptr<KeyStream> PartitionStreams::MakeStream(std::string_view key,
                                                        std::string_view std_stream,
                                                        int64_t offset) {
  StreamKey stream_key = KafkaStreamKey(share_->parts.source, name_, key, std_stream);
  // If the messages before the cursor of the sink that has most are gone, all sinks begin there.
  const Cursor* start = output_->NewestOf(stream_key);
  std::optional<KafkaPosition> position = PositionOf(start);
  if (position && offset < position->offset) {
    start = output_->StartOf(stream_key);
    position = PositionOf(start);
  }
  ParsePosition from;
  if (position) {
    from = ContentStream::PlaceOf(*start);
  } else {
    position.emplace();
    position->offset = -1;
    position->since_ms = since_ms_;
    position->origin = share_->reader.origin();
    if (position->origin.path.empty() && key.starts_with('/')) position->origin.path = key;
  }
  position->partition = name_;
  StreamFacts facts;
  facts.environment = share_->parts.environment;
  facts.source_name = share_->parts.source;
  position->origin.AddTo(&facts);
  return std::make_unique<KeyStream>(&share_->content, std::move(stream_key), facts, from,
                                     *std::move(position));
}

void PartitionStreams::Put(KeyStream* stream, std::string_view text, int64_t offset) {
  if (stream->HasRead(offset)) return;
  const size_t size = stream->Take(text, offset, bytes_);
  MarkChanged(stream);
  if (size == 0) return;
  if (!std::exchange(stream->is_dirty, true)) dirty_.push_back(stream);
  const size_t unparsed = stream->content().text().size();
  if (unparsed >= kParseBytes && unparsed % kParseBytes < size) Parse(stream);
}

void PartitionStreams::MarkChanged(KeyStream* stream) {
  if (!std::exchange(stream->is_changed, true)) changed_.push_back(stream);
}

void PartitionStreams::OnEndReached(int64_t offset) {
  is_at_end_ = true;
  at_end_ = os_->Now();
  if (offset <= next_) return;
  if (next_ < 0 && !committed_) {
    BeginAt(offset);
    // Later messages are new, so the sinks must know the place at once.
    noise_.OnMoved(absl::InfinitePast());
  }
  next_ = offset;
  if (!noise_.is_waiting()) noise_.OnMoved(os_->Now());
}

// ---------------------------------------------------------------- text to events

void PartitionStreams::Parse() {
  for (KeyStream* stream : dirty_) {
    if (stream->is_dirty) Parse(stream);
  }
  dirty_.clear();
}

void PartitionStreams::Parse(KeyStream* stream) {
  stream->Parse();
  OnParsed(stream);
}

// Keeps the group's offset before what is not settled.
void PartitionStreams::OnParsed(KeyStream* stream) {
  stream->is_dirty = false;
  has_events_ |= stream->content().has_events();
  std::optional<int64_t> held;
  if (!stream->places().empty()) held = stream->places().front().offset;
  if (held == stream->held) return;
  if (stream->held) held_.erase({*stream->held, stream});
  if (held) held_.emplace(*held, stream);
  stream->held = held;
}

void PartitionStreams::GiveUp(KeyStream* stream) {
  MarkChanged(stream);
  stream->GiveUp();
  OnParsed(stream);
}

void PartitionStreams::GiveUpOld(absl::Time now) {
  while (!held_.empty()) {
    KeyStream* oldest = held_.begin()->second;
    const KeyStream::Place& place = oldest->places().front();
    const bool is_old = now - place.time >= share_->options.open_record_wait ||
                        bytes_ - place.bytes >= share_->options.open_record_bytes;
    if (!is_old) return;
    GiveUp(oldest);
  }
}

void PartitionStreams::GiveUpAll() {
  Parse();
  while (!held_.empty()) GiveUp(held_.begin()->second);
}

bool PartitionStreams::Tick(absl::Time now) {
  // A stream is silent only while the partition was read to its end.
  const absl::Time read_until = is_at_end_ ? now : at_end_;
  std::vector<KeyStream*> silent;
  for (const auto& [offset, stream] : held_) {
    if (stream->content().IsSilent(read_until)) silent.push_back(stream);
  }
  for (KeyStream* stream : silent) {
    MarkChanged(stream);
    stream->Expire();
    OnParsed(stream);
  }
  return !held_.empty() || noise_.is_waiting();
}

// ---------------------------------------------------------------- events to batches

void PartitionStreams::EndTurn(absl::Time now) {
  Parse();
  GiveUpOld(now);
  const bool is_due =
      has_events_ || noise_.IsDue(now) || bytes_ - emitted_bytes_ >= NoiseTimer::kBytes;
  if (is_due) Emit();
}

void PartitionStreams::HandOn() {
  Parse();
  Emit();
}

// All streams of a partition move together: their cursors cover what the partition's has passed.
void PartitionStreams::Emit() {
  std::vector<std::shared_ptr<const Batch>> batches;
  for (KeyStream* stream : changed_) {
    stream->is_changed = false;
    if (!stream->content().HasNews()) continue;
    const std::shared_ptr<Batch> batch = stream->TakeBatch();
    batch->lease = lease_;
    batches.push_back(batch);
  }
  changed_.clear();
  if (next_ >= 0 && (!batches.empty() || Settled() != emitted_)) {
    batches.push_back(PartitionBatch());
  }
  has_events_ = false;
  noise_.Reset();
  emitted_bytes_ = bytes_;
  if (!batches.empty()) output_->Emit(batches);
}

std::shared_ptr<const Batch> PartitionStreams::PartitionBatch() {
  KafkaPosition position;
  position.group = share_->options.group;
  position.partition = name_;
  position.offset = emitted_ = Settled();
  position.first = first_;
  position.since_ms = since_ms_;
  const std::shared_ptr<Batch> batch =
      MakePlainBatch(key_, static_cast<uint64_t>(position.offset), position.ToJson());
  batch->lease = lease_;
  last_end_ = batch->end;
  return batch;
}

std::vector<StreamKey> PartitionStreams::DropIdle(absl::Time before) {
  std::vector<StreamKey> dropped;
  std::erase_if(streams_, [&](const auto& one) {
    const KeyStream& stream = *one.second;
    const ContentStream& content = stream.content();
    if (content.grown() > before || stream.is_changed || !stream.places().empty()) return false;
    for (size_t sink = 0; sink < output_->sinks(); ++sink) {
      const auto cursor = output_->CommittedOf(sink, content.key());
      if (cursor == nullptr || cursor->order < content.emitted()) return false;
    }
    dropped.push_back(content.key());
    return true;
  });
  return dropped;
}

// ---------------------------------------------------------------- state

bool PartitionStreams::Has(const StreamKey& key) const {
  return std::any_of(streams_.begin(), streams_.end(),
                     [&](const auto& one) { return one.second->content().key() == key; });
}

void PartitionStreams::AddKeys(std::vector<StreamKey>* keys) const {
  for (const auto& [name, stream] : streams_) keys->push_back(stream->content().key());
}

void PartitionStreams::AddStats(ParserStats* sum) const {
  for (const auto& [name, stream] : streams_) sum->Add(stream->content().stats());
}

}  // namespace sparktail
