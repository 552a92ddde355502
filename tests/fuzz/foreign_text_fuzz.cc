// LiftForeignText: the input becomes a pretty-printed object with foreign lines between its pieces.
// They must be lifted out exactly, or not at all.

#include <string>
#include <vector>

#include "parsers/foreign_text.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/naive_json.h"

namespace sparktail::fuzz {
namespace {

constexpr std::string_view kHeader =
    "26/11/21 15:34:03 INFO MicroBatchExecution: Streaming query made progress: ";

// Pretty-prints an object of any content, as Spark does.
class PrettyPrinter {
 public:
  PrettyPrinter(FuzzInput* input, std::string_view newline, size_t longest_string)
      : input_(input), newline_(newline), longest_string_(longest_string) {}

  // At least `size` bytes, even if the input is used up.
  std::string Print(size_t size) {
    text_ = "{";
    while (text_.size() < size) Member(1);
    NewLine(0);
    return text_ + "}";
  }

 private:
  void NewLine(size_t depth) { text_.append(newline_).append(2 * depth, ' '); }

  void Member(size_t depth) {
    if (text_.back() != '{') text_ += ',';
    NewLine(depth);
    text_ += "\"field" + std::to_string(++fields_) + "\" : ";
    Value(depth);
  }

  void Value(size_t depth) {
    switch (input_->Number(8)) {
      case 1:
        text_ += "-1.0E-4";
        return;
      case 2:
        text_ += input_->Flag() ? "true" : "null";
        return;
      case 3:
        return String(input_->Number(40));
      case 4:
        return String(input_->Number(longest_string_));
      case 5:
        return Object(depth);
      case 6:
        if (depth > 4) return String(7);
        text_ += "[ ";
        Value(5);
        text_ += ", 17 ]";
        return;
      default:
        text_ += std::to_string(fields_ * 7919);
    }
  }

  void Object(size_t depth) {
    text_ += '{';
    const size_t members = depth < 4 ? input_->Number(4) : 0;
    for (size_t i = 0; i < members; ++i) Member(depth + 1);
    if (members > 0) NewLine(depth);
    text_ += '}';
  }

  void String(size_t size) {
    static constexpr std::string_view kPieces[] = {
        "a", "B", " ", "{", "}", "[", ":", ",", "7", "\\\"", "\\\\", "\\u00e9", "\xC3\xA9"};
    const size_t first = input_->Number(256);
    text_ += '"';
    const size_t end = text_.size() + size;
    for (size_t i = first; text_.size() < end; i += 5) text_ += kPieces[i % std::size(kPieces)];
    text_ += '"';
  }

  FuzzInput* input_;
  std::string_view newline_;
  size_t longest_string_;
  size_t fields_ = 0;
  std::string text_;
};

// A line of another writer that can't be taken for JSON, nor for the rest of a number.
std::string ForeignLine(FuzzInput* input) {
  std::string line(input->Take(input->Number(120)));
  std::replace(line.begin(), line.end(), '\n', ' ');
  if (IsJsonTokens(line) || std::string_view(".eE+").find(line[0]) != std::string_view::npos) {
    line.insert(0, "x");
  }
  return line + "\n";
}

struct Mixed {
  std::string text;
  size_t foreign_bytes = 0;
  bool plain = true;  // one line each, and none can be part of the object
};

// Returns `record` with foreign lines after some of log4j's pieces. The first piece has `first`
// bytes.
Mixed MixIn(FuzzInput* input, std::string_view record, size_t first) {
  Mixed mixed;
  mixed.text = record.substr(0, first);
  for (size_t at = first; at < record.size(); at += kLog4jPiece) {
    std::string foreign;
    if (input->Flag()) {
      foreign = "println of the application\n";
    } else {
      for (size_t lines = input->Number(4); lines > 0; --lines) {
        foreign += ForeignLine(input);
        mixed.plain = false;
      }
    }
    mixed.foreign_bytes += foreign.size();
    mixed.text.append(foreign).append(record.substr(at, kLog4jPiece));
  }
  return mixed;
}

void Run(FuzzInput input) {
  static constexpr size_t kLongestStrings[] = {100, 3000, 30000};
  const size_t longest_string = kLongestStrings[input.Number(3)];
  const std::string_view newline = input.Flag() ? "\r\n" : "\n";
  const size_t size = kLog4jPiece + input.Number(40000);
  const bool has_more = input.Flag();
  const size_t odd = input.Flag() ? 512 : 0;
  PrettyPrinter printer(&input, newline, longest_string);
  const std::string json = printer.Print(size);
  Require(NaiveJson(json).IsObject(), "the harness prints JSON");
  Mixed mixed = MixIn(&input, std::string(kHeader) + json, kLog4jPiece + odd);
  const size_t whole = mixed.text.size();
  if (has_more) mixed.text += "\nprintln behind the record\n";

  ByteBuffer out;
  out.Append("before");
  const auto lifted = LiftForeignText(mixed.text, kHeader.size(), &out);
  Require(out.view().starts_with("before"), "it only appends");
  const std::string_view restored = out.view().substr(6);
  if (!lifted) {
    Require(restored.empty(), "nothing is left in the buffer");
    const bool certain =
        mixed.plain && odd == 0 && longest_string == 100 && mixed.foreign_bytes > 0;
    Require(!certain, "a provable object is restored");
    return;
  }
  Require(lifted->json_size == restored.size(), "size of the object");
  Require(lifted->record_size <= whole, "the record ends where it does");
  if (!NaiveJson(restored).IsObject()) return;
  // A cut in a line end may leave white space.
  Require(NaiveMinify(restored) == NaiveMinify(json), "the restored object is the printed one");
  Require(lifted->record_size == whole, "the whole record is taken");
  Require(restored != json || lifted->foreign_bytes == mixed.foreign_bytes,
          "all foreign bytes are counted");
}

}  // namespace
}  // namespace sparktail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sparktail::fuzz::Run(sparktail::fuzz::FuzzInput(data, size));
  return 0;
}
