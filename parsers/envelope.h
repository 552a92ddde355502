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

// The form in which a node agent sends the text of a log as messages.
enum class Envelope : uint8_t {
  kAuto,    // recognised in each message
  kNone,    // the message is the text
  kJson,    // the message is an object, and one of its fields is the text
  kCri,     // the message is lines of Wrapping::kCri
  kDocker,  // the message is lines of Wrapping::kDocker
};

// Finds the text of a log in messages. A message holds one line (an empty message is an empty
// line), several lines, or a record of several lines. The end of the message ends the line, unless
// a container runtime or its agent says that the line continues.
//
// JSON envelopes are those that agents write by default: Filebeat and Vector (`message`), Fluent
// Bit and Fluentd (`log`). Their fields about the origin of the text are read, too. A JSON object
// that is a log line itself (it names its logger) is not an envelope. The text inside JSON may
// still be wrapped by a container runtime.
//
// No message is an error: a message that is not in the expected envelope is taken as text. Needs
// about as much memory as a message, and frees most of it afterwards. Not thread-safe.
class EnvelopeReader {
 public:
  // `message_field` is the JSON field with the text: a field of the top level, or, with a dot, a
  // field of such a field. Empty: log, message or msg. `scratch` must outlive this object.
  EnvelopeReader(Envelope envelope, std::string message_field, ParserScratch* scratch);
  ~EnvelopeReader();
  EnvelopeReader(const EnvelopeReader&) = delete;
  EnvelopeReader& operator=(const EnvelopeReader&) = delete;

  // The origin of a message's text. Fields that the envelope does not state are empty.
  struct Origin {
    std::string path;
    std::string host;
    std::string kubernetes_namespace;
    std::string pod;
    std::string container;
    std::string container_id;

    // Adds the facts that the origin proves.
    void AddTo(StreamFacts* facts) const;
  };

  struct Piece {
    std::string_view std_stream;  // stdout or stderr; empty if unknown
    std::string_view text;        // valid during the call
  };
  // Calls `take` with each piece of the message's text, in order.
  using Take = absl::FunctionRef<void(const Piece&)>;
  void Read(std::string_view message, Take take);

  // The origin of the message that was read last.
  const Origin& origin() const { return origin_; }

  // The number of messages that were not in the expected envelope.
  uint64_t foreign() const { return foreign_; }

 private:
  struct Json;
  struct Found;

  bool ReadJson(std::string_view message, Take take);
  bool ReadObject(std::string_view text, Found* found);
  void TakeMaybeWrapped(const Found& found, Take take);
  bool Unwrap(Wrapping wrapping, std::string_view text, Take take);
  static void TakeLines(std::string_view std_stream, std::string_view text, bool continues,
                        Take take);

  const Envelope envelope_;
  const std::string message_field_;
  ParserScratch* const scratch_;
  std::unique_ptr<Json> json_;
  ByteBuffer padded_;  // the JSON that is being read
  ByteBuffer line_;    // a wrapped text, completed with the newline that it lacks
  Origin origin_;
  uint64_t foreign_ = 0;
};

}  // namespace sparktail
