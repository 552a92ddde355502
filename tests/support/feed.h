#pragma once

#include <absl/status/status.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/event.h"
#include "sinks/sink.h"
#include "tests/support/stream_keys.h"

namespace sparktail::testing {

// A stream of numbered events, and a runner that feeds a sink with it as the pipeline does: after
// an error it rolls back, and writes all since the last commit again. The cursor's offset is the
// number of the next event.
class Feed {
 public:
  static constexpr std::string_view kStream = "test/stream";

  explicit Feed(size_t events) : events_(events) {}

  size_t batch = 3;         // events of one
  size_t commit_every = 2;  // batches
  size_t max_failures = 100;
  bool tidy = true;

  static std::string Id(size_t n) {
    char hex[33];
    std::snprintf(hex, sizeof hex, "%032zx", n);
    return hex;
  }
  static std::string Document(size_t n) {
    return "{\"@timestamp\":\"2026-11-21T16:08:44.029Z\",\"kind\":\"progress\",\"id\":\"" + Id(n) +
           "\",\"environment\":\"default\",\"running\":true,\"source\":{\"offset\":" +
           std::to_string(n) + "},\"metrics\":{\"batchId\":" + std::to_string(n) + "," +
           "\"pad\":\"" + std::string(n % 7 * 40, 'x') + "\"}}";
  }
  // The lines of events [begin, end).
  static std::string Lines(size_t begin, size_t end) {
    std::string lines;
    for (size_t n = begin; n < end; ++n) lines += Document(n) + "\n";
    return lines;
  }

  // What lines hold, in brief: "0-5 8 garbage".
  static std::string Summary(const std::string& lines) {
    std::string summary;
    size_t next = SIZE_MAX;
    size_t first = 0;
    const auto finish = [&] {
      if (next == SIZE_MAX) return;
      summary += " " + std::to_string(first);
      if (next > first + 1) summary += "-" + std::to_string(next - 1);
      next = SIZE_MAX;
    };
    for (size_t at = 0; at < lines.size();) {
      const size_t end = std::min(lines.find('\n', at), lines.size());
      const std::string line = lines.substr(at, end - at);
      at = end + 1;
      const size_t id = line.find("\"id\":\"");
      const size_t n =
          id == std::string::npos ? SIZE_MAX : std::strtoull(&line[id + 6], nullptr, 16);
      if (n != next) finish();
      if (n == SIZE_MAX || end == lines.size() || line != Document(n)) {
        finish();
        summary += " garbage";
        continue;
      }
      if (next == SIZE_MAX) first = n;
      next = n + 1;
    }
    finish();
    return summary;
  }
  static std::string SummaryOf(size_t begin, size_t end) { return Summary(Lines(begin, end)); }

  static void Append(std::string_view document, std::string_view id, EventBuffer* buffer) {
    EventRef event{EventKind::kProgress, {}, buffer->bytes.size(), 0};
    std::copy(id.begin(), id.end(), event.id.begin());
    buffer->bytes.Append(document);
    event.end = buffer->bytes.size();
    buffer->bytes.Append('\n');
    buffer->events.push_back(event);
  }
  static EventBuffer Events(size_t begin, size_t end) {
    EventBuffer buffer;
    for (size_t n = begin; n < end; ++n) Append(Document(n), Id(n), &buffer);
    return buffer;
  }

  static StreamCursor CursorAt(uint64_t offset) {
    StreamCursor cursor;
    cursor.stream = StreamKey(kStream);
    cursor.cursor.order = offset;
    cursor.cursor.position = "{\"n\":" + std::to_string(offset) + "}";
    cursor.cursor.context = std::make_shared<const std::string>("{}");
    return cursor;
  }
  static uint64_t OffsetOf(const std::vector<StreamCursor>& cursors) {
    uint64_t offset = 0;
    for (const StreamCursor& cursor : cursors) {
      if (cursor.stream == kStream) offset = cursor.cursor.order;
    }
    return offset;
  }

  // Opens the sink, and delivers what its cursor says is missing. Ends at an error that will not
  // pass, or at one too many.
  absl::Status Run(Sink* sink) {
    const absl::StatusOr<std::vector<StreamCursor>> cursors = sink->Open();
    if (!cursors.ok()) return cursors.status();
    committed_ = written_ = OffsetOf(*cursors);
    size_t failures = 0;
    while (committed_ < events_) {
      absl::Status status = DeliverSome(sink);
      while (!status.ok()) {
        if (!MayPass(status) || ++failures > max_failures) return status;
        status = GoBack(sink);
      }
    }
    return absl::OkStatus();
  }

  static bool MayPass(const absl::Status& status) {
    return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
  }

 private:
  absl::Status DeliverSome(Sink* sink) {
    for (size_t i = 0; i < commit_every && written_ < events_; ++i) {
      const size_t begin = written_ / batch * batch;
      const size_t end = std::min(events_, begin + batch);
      const absl::Status status = sink->Write(Events(begin, end), written_ - begin);
      if (!status.ok()) return status;
      written_ = end;
    }
    const StreamCursor cursor = CursorAt(written_);
    if (absl::Status status = sink->Commit({&cursor, 1}); !status.ok()) return status;
    committed_ = written_;
    return tidy ? sink->Tidy() : absl::OkStatus();
  }

  absl::Status GoBack(Sink* sink) {
    const absl::StatusOr<bool> made = sink->Rollback();
    if (!made.ok()) return made.status();
    if (*made) {
      committed_ = written_;
    } else {
      written_ = committed_;
    }
    return absl::OkStatus();
  }

  const size_t events_;
  size_t committed_ = 0;
  size_t written_ = 0;
};

}  // namespace sparktail::testing
