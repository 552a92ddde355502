#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>

#include "ingest/sources/kafka/kafka_position.h"
#include "ingest/streams/batch.h"
#include "ingest/streams/content_stream.h"
#include "parsers/identity.h"

namespace sparktail {

// The stream of what one key writes into one partition, and the messages in which its text that is
// not settled stands. Reader thread only.
class KeyStream {
 public:
  // A message whose text is not settled. Some text of the first one may be.
  struct Place {
    int64_t offset;
    uint64_t content;  // where its text begins in the stream's content
    uint64_t bytes;    // of the partition, before it
    absl::Time time;   // when it came
  };

  // Resumes at `from`, in the message `start.offset`. With the offset -1 the stream is new.
  KeyStream(ContentShare* share, StreamKey key, const StreamFacts& facts, const ParsePosition& from,
            KafkaPosition start);

  // True if the message was read in an earlier life.
  bool HasRead(int64_t offset) const { return offset < skip_before_; }
  // Takes a piece of a message's text, which follows those before; the part of it that was read in
  // an earlier life is dropped. `bytes`: those of the partition before the message. Returns the
  // size of what is new.
  size_t Take(std::string_view text, int64_t offset, uint64_t bytes);

  void Parse();
  void Expire();
  // Ends the open record, whatever it lacks.
  void GiveUp();

  // Messages whose text is not settled, as of the last call of the three functions above.
  const std::deque<Place>& places() const { return places_; }
  const ContentStream& content() const { return content_; }
  std::shared_ptr<Batch> TakeBatch();

  // State that the partition keeps.
  bool is_dirty = false;        // has text that is not parsed
  bool is_changed = false;      // may have something to hand on
  std::optional<int64_t> held;  // the message that the group's offset may not pass

 private:
  void Settle();

  Os* const os_;
  const StreamFacts facts_;
  ContentStream content_;
  KafkaPosition position_;     // of the last batch
  const int64_t skip_before_;  // messages before it were read in an earlier life
  uint64_t drop_;              // bytes of that message's text that were read then, too
  int64_t taken_ = -1;         // the last message
  std::deque<Place> places_;
};

}  // namespace sparktail
