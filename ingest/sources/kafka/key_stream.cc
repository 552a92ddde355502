#include "ingest/sources/kafka/key_stream.h"

#include <algorithm>
#include <utility>

namespace sparktail {

KeyStream::KeyStream(ContentShare* share, StreamKey key, const StreamFacts& facts,
                     const ParsePosition& from, KafkaPosition start)
    : os_(share->os),
      facts_(facts),
      content_(share, std::move(key), facts, from),
      position_(std::move(start)),
      skip_before_(position_.offset),
      drop_(from.offset - std::min(from.offset, position_.content)) {
  content_.SkipOlderThan(position_.since_ms);
}

size_t KeyStream::Take(std::string_view text, int64_t offset, uint64_t bytes) {
  // The message that the cursor was in is gone: the stream continues with this one.
  if (offset > skip_before_) drop_ = 0;
  taken_ = offset;
  if (places_.empty() || places_.back().offset != offset) {
    const uint64_t begin = content_.end() - std::min(drop_, content_.end());
    places_.push_back({offset, begin, bytes, os_->Now()});
  }
  const size_t dropped = std::min<uint64_t>(drop_, text.size());
  drop_ -= dropped;
  text.remove_prefix(dropped);
  if (!text.empty()) content_.Append(text);
  return text.size();
}

void KeyStream::Parse() {
  content_.Parse();
  Settle();
}

void KeyStream::Expire() {
  content_.Expire();
  Settle();
}

void KeyStream::GiveUp() {
  if (content_.CanExpire()) content_.Expire();
  if (!content_.IsWhole()) content_.GiveUp(facts_);
  Settle();
}

void KeyStream::Settle() {
  content_.EndTurn();
  // The group's offset may pass a whole stream, so its cursor must cover it, too.
  if (content_.SettleWhole()) places_.clear();
  const uint64_t settled = content_.settled();
  while (places_.size() > 1 && places_[1].content <= settled) places_.pop_front();
}

std::shared_ptr<Batch> KeyStream::TakeBatch() {
  position_.offset = places_.empty() ? taken_ + 1 : places_.front().offset;
  position_.content = places_.empty() ? content_.end() : places_.front().content;
  return content_.TakeBatch(position_.ToJson());
}

}  // namespace sparktail
