#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "parsers/event.h"
#include "parsers/event_id.h"
#include "parsers/padded_view.h"

namespace sparktail {

// One rejected event from a line of a dead-letter file (see DeadLetters for the format), possibly
// corrected by hand. Views are valid until the reader's next Read(), and as long as the line is.
struct DeadLetter {
  std::string_view sink;      // the sink that rejected it; empty: the line names none
  std::string_view document;  // a part of the line, unchanged
  EventKind kind = EventKind::kProgress;
  EventId id{};
  int64_t time_ms = kNoTime;  // its @timestamp; kNoTime if there is none or it is malformed
};

// Parses the lines of dead-letter files. Not thread-safe.
class DeadLetterReader {
 public:
  DeadLetterReader();
  ~DeadLetterReader();

  enum class Result : uint8_t {
    kEvent,
    kBlank,
    kCut,    // the beginning of a dead letter: its writer was killed
    kUnfit,  // a dead letter that cannot be sent unchanged: see why()
    kOther,  // not a dead letter: see why()
  };
  // Parses `line`, which excludes its newline; `has_newline` is false if it had none. Validates all
  // of the JSON.
  Result Read(PaddedView line, bool has_newline, DeadLetter* letter);
  // A constant sentence without a full stop.
  std::string_view why() const { return why_; }

 private:
  Result Fail(Result result, std::string_view why);
  Result ReadDocument(DeadLetter* letter);
  bool Locate(PaddedView line, std::string_view* document);

  struct Json;
  std::unique_ptr<Json> json_;
  std::string_view why_;
};

}  // namespace sparktail
