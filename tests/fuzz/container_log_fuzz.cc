// Logs in responses of a NodeManager: for any response, the place of a part of a log is what the
// response says, and framed text is read back unchanged, or not at all if the response is cut.

#include <algorithm>
#include <string>

#include "ingest/sources/yarn/container_log.h"
#include "tests/fuzz/fuzz_input.h"

namespace sparktail::fuzz {
namespace {

using Kind = LogPage::Kind;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr size_t kLongestMessage = 300;

void CheckText(std::string_view body, uint64_t asked) {
  const auto log = ReadLogText(body, "stderr", asked);
  if (!log) return;
  Require(log->begin <= log->length && log->bytes.size() == log->length - log->begin,
          "what is there are the last bytes of the log");
  Require(log->bytes.size() == std::min(asked, log->length), "as many as were asked for");
  Require(log->bytes.data() >= body.data() &&
              log->bytes.data() + log->bytes.size() <= body.data() + body.size(),
          "they are a part of the answer");
}

void CheckPage(std::string_view body) {
  const LogPage page = ReadLogPage(body);
  Require(page.exact <= page.bytes.size(), "the exact part is part of the page");
  Require(page.exact == page.bytes.size() ||
              std::string_view(page.bytes).substr(page.exact).starts_with(kReplacement),
          "all is exact up to what was replaced");
  Require(page.kind == Kind::kText || page.bytes.empty(), "only a text has bytes");
  Require((page.kind == Kind::kBeyond) == page.length.has_value(), "the length is that of kBeyond");
  Require(page.message.size() <= kLongestMessage, "a message is short");
}

void CheckTextRoundTrip(std::string_view content, uint64_t asked, size_t cut) {
  const size_t size = std::min<size_t>(asked, content.size());
  std::string body =
      "Container: c on n\nLogAggregationType: LOCAL\n=====\nLogType:stderr\n"
      "LogLastModifiedTime:now\nLogLength:" +
      std::to_string(content.size()) + "\nLogContents:\n";
  body += content.substr(content.size() - size);
  body += "\nEnd of LogType:stderr.This log file belongs to a running container (c)\n*****\n\n";
  const auto log = ReadLogText(body, "stderr", asked);
  Require(log.has_value(), "a whole response is read");
  Require(log->bytes == content.substr(content.size() - size), "text is read back unchanged");
  Require(log->length == content.size() && log->is_running, "length and state are read back");
  // It is also whole without its last newline.
  const std::string part = body.substr(0, cut % (body.size() - 1));
  Require(!ReadLogText(part, "stderr", asked), "every cut of text is noticed");
}

void CheckPageRoundTrip(std::string_view content, size_t cut) {
  std::string body = "<html>\n<link href=\"/static/yarn.css\">\n<td class=\"content\">\n<pre>";
  for (const char c : content) {
    switch (c) {
      case '<':
        body += "&lt;";
        break;
      case '>':
        body += "&gt;";
        break;
      case '&':
        body += "&amp;";
        break;
      case '"':
        body += "&quot;";
        break;
      default:
        body += c;
    }
  }
  body += "</pre>\n</td></html>\n";
  const LogPage page = ReadLogPage(body);
  Require(page.kind == Kind::kText && page.bytes == content, "a page is read back unchanged");
  const std::string part = body.substr(0, cut % (body.size() - 1));
  Require(ReadLogPage(part).kind != Kind::kText, "every cut of a page is noticed");
}

void Run(FuzzInput input) {
  const uint64_t asked = input.Number(size_t{1} << 16);
  const size_t cut = input.Number(size_t{1} << 16);
  const std::string_view text = input.rest();
  CheckText(text, asked);
  CheckText(text, UINT64_MAX);
  CheckPage(text);
  CheckTextRoundTrip(text, asked, cut);
  CheckPageRoundTrip(text, cut);
}

}  // namespace
}  // namespace sparktail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sparktail::fuzz::Run(sparktail::fuzz::FuzzInput(data, size));
  return 0;
}
