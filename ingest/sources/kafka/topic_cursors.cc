#include "ingest/sources/kafka/topic_cursors.h"

#include <optional>
#include <string_view>
#include <utility>

#include "ingest/kafka/cursor_record.h"

namespace sparktail {
namespace {

// The reader thread blocks for these times.
constexpr absl::Duration kRequestTime = absl::Seconds(2);
constexpr absl::Duration kReadTime = absl::Milliseconds(50);

}  // namespace

TopicCursors::TopicCursors(Parts parts)
    : parts_(std::move(parts)),
      prefix_(CursorPrefix(GroupOwner(parts_.group), parts_.sink) + "/") {}

absl::Status TopicCursors::Begin() {
  if (reader_ == nullptr) {
    CursorTopicReader::Parts parts;
    parts.options = parts_.place.client;
    parts.log = parts_.log;
    parts.name = "cursors of sink " + parts_.sink;
    parts.topic = parts_.place.offsets_topic;
    parts.wants = [prefix = prefix_](std::string_view key) { return key.starts_with(prefix); };
    absl::StatusOr<std::unique_ptr<CursorTopicReader>> reader =
        CursorTopicReader::Make(std::move(parts));
    if (!reader.ok()) return reader.status();
    reader_ = *std::move(reader);
  }
  return reader_->Begin(kRequestTime);
}

absl::StatusOr<bool> TopicCursors::ReadOn() { return reader_->ReadOn(kReadTime); }

std::vector<StreamCursor> TopicCursors::cursors() const {
  std::vector<StreamCursor> cursors;
  if (reader_ == nullptr) return cursors;
  for (const auto& [key, value] : reader_->values()) {
    std::optional<CursorRecord> record = CursorRecord::FromJson(value);
    if (!record) continue;
    cursors.push_back({StreamKey(key.substr(prefix_.size())), std::move(record->cursor)});
  }
  return cursors;
}

}  // namespace sparktail
