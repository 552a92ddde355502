#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "parsers/event.h"
#include "parsers/event_id.h"
#include "parsers/padded_view.h"

namespace sparktail {

// One event that a sink refused, as a line of its dead letters has it (DeadLetters), corrected or
// not. Views are valid until the reader's next Read(), and as long as the line.
struct DeadLetter {
  std::string_view sink;      // that refused it; empty: the line names none
  std::string_view document;  // as it stands in the line
  EventKind kind = EventKind::kProgress;
  EventId id{};
  int64_t time_ms = kNoTime;  // its @timestamp, if it has one that can be read
};

// Takes the lines of files of dead letters apart. One thread.
class DeadLetterReader {
 public:
  DeadLetterReader();
  ~DeadLetterReader();

  enum class Result : uint8_t {
    kEvent,
    kBlank,
    kCut,    // what a process that was killed had written of its last line
    kUnfit,  // a dead letter, but what it holds can't be sent as it is: why() says why
    kOther,  // no dead letter: why() says why
  };
  // `line` is without its newline; `has_newline`: there was one. All of its JSON is checked.
  Result Read(PaddedView line, bool has_newline, DeadLetter* letter);
  // A sentence without a full stop, of constants.
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
