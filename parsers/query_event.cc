#include "parsers/query_event.h"

#include <algorithm>

#include "parsers/uuid.h"

namespace sparktail {
namespace {

constexpr std::string_view kId = "[id = ";
constexpr std::string_view kRunId = ", runId = ";
constexpr size_t kIdsSize = kId.size() + kUuidSize + kRunId.size() + kUuidSize + 1;

// Reads `NAME [id = UUID, runId = UUID]` or, if unnamed, `[id = UUID, runId = UUID]`.
std::optional<QueryIds> ParseIds(std::string_view text) {
  if (text.size() < kIdsSize) return std::nullopt;
  const std::string_view ids = text.substr(text.size() - kIdsSize);
  QueryIds parsed;
  parsed.id = ids.substr(kId.size(), kUuidSize);
  parsed.run_id = ids.substr(kIdsSize - 1 - kUuidSize, kUuidSize);
  if (!ids.starts_with(kId) || !ids.ends_with(']') || !IsUuid(parsed.id) ||
      !IsUuid(parsed.run_id) || !ids.substr(kId.size() + kUuidSize).starts_with(kRunId)) {
    return std::nullopt;
  }
  const std::string_view name = text.substr(0, text.size() - kIdsSize);
  if (name.empty()) return parsed;
  if (!name.ends_with(' ')) return std::nullopt;
  parsed.name = name.substr(0, name.size() - 1);
  return parsed;
}

bool TakePrefix(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

bool TakeSuffix(std::string_view suffix, std::string_view* text) {
  if (!text->ends_with(suffix)) return false;
  text->remove_suffix(suffix.size());
  return true;
}

bool IsClassByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '$';
}

// Returns the length of the class name at the beginning of a Throwable's text, 0 if there is none.
size_t ClassLength(std::string_view text) {
  size_t length = 0;
  while (length < text.size() && IsClassByte(text[length])) ++length;
  const std::string_view rest = text.substr(length);
  const bool ends = rest.empty() || rest[0] == ':' || rest[0] == '\n' || rest[0] == '\r';
  const std::string_view name = text.substr(0, length);
  const bool is_class = name.find('.') != std::string_view::npos || name.ends_with("Exception") ||
                        name.ends_with("Error");
  return ends && is_class ? length : 0;
}

// Returns the end of a Throwable's message: the first line of its stack.
size_t MessageEnd(std::string_view text) {
  size_t end = text.size();
  for (const std::string_view frame :
       {"\n\tat ", "\nCaused by: ", "\n\t... ", "\n\tSuppressed: "}) {
    end = std::min(end, text.find(frame));
  }
  return end;
}

std::string_view WithoutLineEnd(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<QueryIds> ParseQueryEnd(std::string_view message, std::string_view end) {
  if (!TakePrefix("Query ", &message) || !TakeSuffix(end, &message)) return std::nullopt;
  return ParseIds(message);
}

std::optional<QueryStart> ParseQueryStart(std::string_view message) {
  static constexpr std::string_view kUse = "]. Use ";
  if (!TakePrefix("Starting ", &message)) return std::nullopt;
  if (!TakeSuffix(" to store the query checkpoint.", &message)) return std::nullopt;
  // The name may contain the same words: the first place with valid ids is the right one.
  for (size_t use = message.find(kUse); use != std::string_view::npos;
       use = message.find(kUse, use + 1)) {
    if (const std::optional<QueryIds> ids = ParseIds(message.substr(0, use + 1))) {
      return QueryStart{*ids, message.substr(use + kUse.size())};
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> ParseBatchId(std::string_view text) {
  const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
  if (digits.empty() || digits.size() > 18) return std::nullopt;
  return digits;
}

QueryIds ParseStreamThread(std::string_view thread) {
  if (!TakePrefix("stream execution thread for ", &thread)) return {};
  return ParseIds(thread).value_or(QueryIds());
}

ErrorText ParseErrorText(std::string_view text) {
  ErrorText error;
  error.stack = WithoutLineEnd(text);
  const size_t length = ClassLength(error.stack);
  error.error_class = error.stack.substr(0, length);
  std::string_view message = error.stack.substr(0, MessageEnd(error.stack));
  if (length > 0) {
    message.remove_prefix(length);
    TakePrefix(":", &message);
    TakePrefix(" ", &message);
  }
  error.message = WithoutLineEnd(message);
  return error;
}

}  // namespace sparktail
