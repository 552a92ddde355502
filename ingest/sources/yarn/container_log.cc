#include "ingest/sources/yarn/container_log.h"

#include <algorithm>

#include "ingest/base/options.h"
#include "ingest/base/utf8.h"
#include "ingest/sources/yarn/html_text.h"

namespace sparktail {
namespace {

constexpr size_t kLongestMessage = 300;

// Removes the next line and returns it without its newline; empty if no line is complete.
std::optional<std::string_view> TakeLine(std::string_view* text) {
  const size_t newline = text->find('\n');
  if (newline == std::string_view::npos) return std::nullopt;
  const std::string_view line = text->substr(0, newline);
  text->remove_prefix(newline + 1);
  return line;
}

// Removes the next line and returns what follows `name` in it, if the line starts with `name`.
std::optional<std::string_view> TakeField(std::string_view* text, std::string_view name) {
  std::string_view rest = *text;
  const auto line = TakeLine(&rest);
  if (!line || !line->starts_with(name)) return std::nullopt;
  *text = rest;
  return line->substr(name.size());
}

bool Skip(std::string_view* text, std::string_view what) {
  if (!text->starts_with(what)) return false;
  text->remove_prefix(what.size());
  return true;
}

// Removes one log from the body. The stated length decides where it ends, never its content.
std::optional<LogText> TakeLog(std::string_view* body, std::string_view file, uint64_t asked) {
  if (!TakeField(body, "Container: ")) return std::nullopt;
  if (!TakeField(body, "LogAggregationType: ")) return std::nullopt;
  if (!TakeField(body, "=====")) return std::nullopt;
  const auto type = TakeField(body, "LogType:");
  if (type != file || !TakeField(body, "LogLastModifiedTime:")) return std::nullopt;
  LogText log;
  const auto length = ReadNumber(TakeField(body, "LogLength:").value_or(""));
  if (!length) return std::nullopt;
  log.length = *length;
  if (TakeField(body, "LogContents:") != "") return std::nullopt;
  const uint64_t size = std::min(asked, log.length);
  if (size > body->size()) return std::nullopt;
  log.begin = log.length - size;
  log.bytes = body->substr(0, size);
  body->remove_prefix(size);
  Skip(body, "\n");
  if (!Skip(body, "End of LogType:") || !Skip(body, file)) return std::nullopt;
  Skip(body, ".");
  const auto state = TakeLine(body);
  if (!state || !TakeField(body, "*****")) return std::nullopt;
  log.is_running = state->find("running container") != std::string_view::npos;
  while (Skip(body, "\n")) continue;
  return log;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

std::string TextBetween(std::string_view html, std::string_view open, std::string_view close) {
  const size_t begin = html.rfind(open);
  if (begin == std::string_view::npos) return "";
  html.remove_prefix(begin + open.size());
  std::string text;
  AppendHtmlText(Trimmed(html.substr(0, html.find(close))).substr(0, kLongestMessage), &text);
  return text;
}

// "Invalid start and end values. Start: [99999999], end[18453]"
std::optional<uint64_t> LengthIn(std::string_view message) {
  constexpr std::string_view kEnd = "end[";
  if (!message.starts_with("Invalid start and end values")) return std::nullopt;
  const size_t begin = message.find(kEnd);
  if (begin == std::string_view::npos) return std::nullopt;
  message.remove_prefix(begin + kEnd.size());
  return ReadNumber(message.substr(0, message.find(']')));
}

bool IsMissing(std::string_view message) {
  return message.find("Cannot find this log") != std::string_view::npos ||
         message.find("Unable to locate") != std::string_view::npos ||
         message.find("Logs not available") != std::string_view::npos ||
         message.find("Unknown container") != std::string_view::npos;
}

}  // namespace

std::optional<LogText> ReadLogText(std::string_view body, std::string_view file, uint64_t asked) {
  std::optional<LogText> longest;
  while (!body.empty()) {
    const std::optional<LogText> log = TakeLog(&body, file, asked);
    if (!log) return std::nullopt;
    if (!longest || log->length > longest->length) longest = log;
  }
  return longest;
}

LogPage ReadLogPage(std::string_view body) {
  LogPage page;
  const size_t content = body.find("<td class=\"content\">");
  const bool is_whole = Trimmed(body).ends_with("</html>");
  if (content == std::string_view::npos || body.find("static/yarn.css") > content) {
    page.message = TextBetween(body, "<title>", "</title>");
    if (!is_whole && body.find("static/yarn.css") != std::string_view::npos) {
      page.kind = LogPage::Kind::kCut;
    }
    return page;
  }
  if (!is_whole) {
    page.kind = LogPage::Kind::kCut;
    return page;
  }
  body.remove_prefix(content);
  constexpr std::string_view kPre = "<pre>";
  const size_t begin = body.find(kPre);
  if (begin == std::string_view::npos) {
    page.message = TextBetween(body, "<h1>", "</h1>");
    page.length = LengthIn(page.message);
    page.kind = page.length               ? LogPage::Kind::kBeyond
                : IsMissing(page.message) ? LogPage::Kind::kMissing
                                          : LogPage::Kind::kOther;
    return page;
  }
  const size_t end = body.find("</pre>", begin);
  if (end == std::string_view::npos) {
    page.kind = LogPage::Kind::kCut;
    return page;
  }
  page.kind = LogPage::Kind::kText;
  AppendHtmlText(body.substr(begin + kPre.size(), end - begin - kPre.size()), &page.bytes);
  page.exact = std::min(page.bytes.find(kUtf8Replacement), page.bytes.size());
  return page;
}

}  // namespace sparktail
