// DeadLetterReader: an accepted document is a JSON object in the line, and names the event.

#include <simdjson.h>

#include <string>

#include "ingest/sources/dead_letters/dead_letter_reader.h"
#include "tests/fuzz/fuzz_input.h"

namespace sparktail::fuzz {
namespace {

using Result = DeadLetterReader::Result;

void CheckEvent(const DeadLetter& letter, std::string_view line) {
  Require(letter.document.data() >= line.data() &&
              letter.document.data() + letter.document.size() <= line.data() + line.size(),
          "the document is a part of the line");
  simdjson::dom::parser parser;
  simdjson::dom::object document;
  const auto error =
      parser.parse(letter.document.data(), letter.document.size()).get_object().get(document);
  Require(!error, "the document is a JSON object");
  std::string_view text;
  Require(!document.at_key("id").get_string().get(text) && text == View(letter.id),
          "the id is the document's");
  Require(!document.at_key("kind").get_string().get(text) && text == Name(letter.kind),
          "the kind is the document's");
}

void Run(std::string_view text) {
  // The reader keeps its memory: the remains of one line must not affect the next.
  static DeadLetterReader reader;
  const PaddedBytes bytes(text, '}');
  DeadLetter letter;
  const Result result = reader.Read(bytes.view(), /*has_newline=*/true, &letter);
  const bool says_why = result == Result::kUnfit || result == Result::kOther;
  Require(reader.why().empty() != says_why, "a reason is given if there is one");
  Require(result != Result::kCut, "a line with its newline is not cut");
  if (result == Result::kEvent) CheckEvent(letter, bytes.view().text());

  DeadLetterReader fresh;
  const PaddedBytes other_padding(text, '"');
  DeadLetter again;
  Require(fresh.Read(other_padding.view(), /*has_newline=*/true, &again) == result &&
              again.sink == letter.sink && again.document == letter.document,
          "neither past nor padding matter");
}

}  // namespace
}  // namespace sparktail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sparktail::fuzz::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
