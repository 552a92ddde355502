#pragma once

#include <absl/functional/function_ref.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "parsers/byte_buffer.h"
#include "parsers/identity.h"
#include "parsers/parser_scratch.h"
#include "parsers/unwrapper.h"

namespace sparktail {

// In what node agents put the text of a log that they send as messages.
enum class Envelope : uint8_t {
  kAuto,    // each message tells
  kNone,    // the message is the text
  kJson,    // an object, with the text in one of its fields
  kCri,     // lines as Unwrapper takes them apart
  kDocker,  // the same
};

// Finds the text of a log in messages. A message holds a line (an empty one is an empty line),
// several, or a record of several lines; its end ends the line, unless a container runtime or its
// agent says that it goes on.
//
// JSON is as these agents write it by default: Filebeat and Vector (`message`), Fluent Bit and
// Fluentd (`log`); what they say of the text's origin is read, too. A JSON object that is a log
// line by itself (it names its logger) is no envelope. Inside of JSON, text may still be wrapped by
// a container runtime.
//
// No message fails: one that is not in the envelope it should be in is text. Takes memory as a
// message does, and gives most of it back. Not for several threads.
class EnvelopeReader {
 public:
  // `message_field` names the field of JSON with the text: that of the top level, or with dots the
  // field of a field. Empty: log, message or msg. `scratch` outlives this.
  EnvelopeReader(Envelope envelope, std::string message_field, ParserScratch* scratch);
  ~EnvelopeReader();
  EnvelopeReader(const EnvelopeReader&) = delete;
  EnvelopeReader& operator=(const EnvelopeReader&) = delete;

  // Where a message's text is from, as far as its envelope says. Empty: it does not.
  struct Origin {
    std::string path;
    std::string host;
    std::string kubernetes_namespace;
    std::string pod;
    std::string container;
    std::string container_id;

    // What it proves.
    void AddTo(StreamFacts* facts) const;
  };

  struct Piece {
    std::string_view std_stream;  // stdout, stderr; empty: not known
    std::string_view text;        // valid during the call
  };
  // Gives the text of a message, in its order.
  using Take = absl::FunctionRef<void(const Piece&)>;
  void Read(std::string_view message, Take take);

  // Of the message that was read last.
  const Origin& origin() const { return origin_; }

  // Messages that were not in the envelope that was asked for.
  uint64_t foreign() const { return foreign_; }

 private:
  struct Json;
  struct Found;

  bool ReadJson(std::string_view message, Take take);
  bool ReadObject(std::string_view text, Found* found);
  void TakeMaybeWrapped(const Found& found, Take take);
  bool Unwrap(Wrapping wrapping, std::string_view text, Take take);
  static void TakeLines(std::string_view std_stream, std::string_view text, bool goes_on,
                        Take take);

  const Envelope envelope_;
  const std::string message_field_;
  ParserScratch* const scratch_;
  std::unique_ptr<Json> json_;
  ByteBuffer padded_;  // of JSON
  ByteBuffer line_;    // with the newline that it lacks
  Origin origin_;
  uint64_t foreign_ = 0;
};

}  // namespace sparktail
