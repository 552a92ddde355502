// Unwrapper: a file gives the same at once and in pieces, Docker's lines mean the same as in JSON,
// and wrapped text is read back unchanged.

#include <simdjson.h>

#include <string>

#include "parsers/unwrapper.h"
#include "tests/fuzz/fuzz_input.h"

namespace sparktail::fuzz {
namespace {

namespace dom = simdjson::dom;

ParserScratch* Scratch() {
  static ParserScratch scratch;
  return &scratch;
}

struct Unwrapped {
  std::string standard_output;
  std::string standard_error;
  uint64_t foreign_lines = 0;
  bool operator==(const Unwrapped&) const = default;
};

Unwrapped Unwrap(std::string_view raw, Wrapping wrapping, size_t piece) {
  Unwrapper unwrapper(wrapping, Scratch());
  Unwrapped found;
  size_t read = 0;
  size_t done = 0;
  while (done < raw.size()) {
    read = std::min(raw.size(), read + piece);
    const bool last = read == raw.size();
    while (const auto line = unwrapper.Next(raw.substr(done, read - done), last)) {
      Require(line->size > 0 && line->size <= read - done, "a line is a part of the file");
      Require(line->content.size() <= line->size, "content is not longer than its line");
      (line->stream == StdStream::kStderr ? found.standard_error : found.standard_output) +=
          line->content;
      done += line->size;
    }
    Require(!last || done == raw.size(), "all is done at the end");
  }
  found.foreign_lines = unwrapper.foreign_lines();
  return found;
}

// Reads a line of Docker with a JSON reader; nullopt if that is ambiguous.
std::optional<Unwrapped> ByJson(std::string_view line) {
  // Keys may contain escapes, but Docker writes none.
  if (line.find("\\u00") != std::string_view::npos) return std::nullopt;
  static dom::parser parser;
  dom::object object;
  if (parser.parse(line.data(), line.size()).get(object)) return std::nullopt;
  std::string_view log;
  std::string_view stream;
  int logs = 0;
  int streams = 0;
  bool is_docker = true;
  for (const auto& [key, value] : object) {
    if (key == "log") is_docker &= ++logs == 1 && value.get(log) == simdjson::SUCCESS;
    if (key == "stream") is_docker &= ++streams == 1 && value.get(stream) == simdjson::SUCCESS;
    if (key == "time") is_docker &= value.is_string();
  }
  is_docker &= logs == 1 && (stream == "stdout" || stream == "stderr");
  if (!is_docker) return Unwrapped{.standard_output = "", .standard_error = "", .foreign_lines = 1};
  Unwrapped unwrapped;
  (stream == "stderr" ? unwrapped.standard_error : unwrapped.standard_output) = log;
  return unwrapped;
}

void CheckLinesOfDocker(std::string_view raw) {
  while (!raw.empty()) {
    const size_t newline = std::min(raw.find('\n'), raw.size());
    const std::string_view line = raw.substr(0, newline);
    raw.remove_prefix(std::min(newline + 1, raw.size()));
    const auto expected = ByJson(line);
    if (!expected || line.empty()) continue;
    Require(Unwrap(line, Wrapping::kDocker, line.size()) == *expected, "a line is read as JSON");
  }
}

void CheckRoundTrip(std::string_view text, size_t part) {
  std::string cri;
  std::string docker;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t line = std::min(rest.find('\n'), rest.size());
    const size_t size = line > part ? part : std::min(line + 1, rest.size());
    const std::string_view piece = rest.substr(0, size);
    rest.remove_prefix(size);
    const bool ends = piece.ends_with('\n');
    cri += "2026-01-01T00:00:00.1Z stderr ";
    cri += ends ? "F " : "P ";
    cri += piece;
    if (!ends) cri += '\n';
    docker += "{\"log\":\"";
    for (const char c : piece) {
      const bool is_special = c == '"' || c == '\\' || c == '\n';
      if (is_special) docker += '\\';
      docker += c == '\n' ? 'n' : c;
    }
    docker += "\",\"stream\":\"stderr\"}\n";
  }
  const Unwrapped expected{.standard_output = "", .standard_error = std::string(text)};
  Require(Unwrap(cri, Wrapping::kCri, cri.size()) == expected, "CRI is read back unchanged");
  Require(Unwrap(docker, Wrapping::kDocker, docker.size()) == expected,
          "Docker comes out as it went in");
}

void CheckRecognition(std::string_view raw) {
  const auto answer = RecognizeWrapping(raw, /*complete=*/true);
  Require(answer.has_value(), "a whole file is recognised");
  for (size_t size = 0; size < std::min<size_t>(raw.size(), 200); ++size) {
    const auto early = RecognizeWrapping(raw.substr(0, size), /*complete=*/false);
    Require(!early || early == answer, "a result stays");
  }
}

void Run(FuzzInput input) {
  const Wrapping wrapping = input.Flag() ? Wrapping::kDocker : Wrapping::kCri;
  const size_t piece = 1 + input.Number(256);
  const std::string_view raw = input.rest();
  CheckRecognition(raw);
  Require(Unwrap(raw, wrapping, piece) == Unwrap(raw, wrapping, raw.size() + 1),
          "pieces give what the whole gives");
  if (wrapping == Wrapping::kDocker) CheckLinesOfDocker(raw);
  CheckRoundTrip(raw, piece);
}

}  // namespace
}  // namespace sparktail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sparktail::fuzz::Run(sparktail::fuzz::FuzzInput(data, size));
  return 0;
}
