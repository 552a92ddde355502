#include "ingest/sources/yarn/container_log_reader.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ingest/base/utf8.h"
#include "ingest/sources/yarn/container_log.h"
#include "ingest/sources/yarn/yarn_answer.h"

namespace sparktail {
namespace {

using Kind = ContainerLogReader::Outcome::Kind;

constexpr uint64_t kLeastText = uint64_t{2} << 10;
constexpr uint64_t kMostText = uint64_t{4} << 20;
// The limit where text is needed for bytes that a page shows replaced.
constexpr uint64_t kMostExactText = uint64_t{64} << 20;
constexpr uint64_t kPageCharacters = uint64_t{512} << 10;
constexpr size_t kLongestEntity = 10;
constexpr size_t kFrame = size_t{64} << 10;  // what surrounds a log in a response
// Bytes that are compared to recognize the log.
constexpr size_t kMarker = 64;
constexpr size_t kLongestPart = 3 * kUtf8Replacement.size();
// A running writer completes its character within a few requests.
constexpr int kPartsBorne = 3;

size_t Characters(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// True if the text is at most one partial character, each of its bytes replaced.
bool IsReplacementsOnly(std::string_view text) {
  if (text.size() > kLongestPart) return false;
  for (; text.starts_with(kUtf8Replacement); text.remove_prefix(kUtf8Replacement.size())) continue;
  return text.empty();
}

ContainerLogReader::Outcome Problem(Kind kind, std::string why) {
  ContainerLogReader::Outcome outcome;
  outcome.kind = kind;
  outcome.why = std::move(why);
  return outcome;
}

// The outcome of a response that is not a log.
ContainerLogReader::Outcome NoLog(const YarnAnswer& answer) {
  const bool is_gone =
      answer.kind == YarnAnswer::Kind::kMoved || answer.kind == YarnAnswer::Kind::kMissing;
  return Problem(is_gone ? Kind::kGone : Kind::kWrong, answer.why);
}

}  // namespace

ContainerLogReader::Way ContainerLogReader::NextWay() const {
  if (!has_text_) return Way::kPage;
  if (length_ <= offset_) return Way::kText;
  const uint64_t missing = length_ - offset_;
  if (bad_at_ == offset_) return missing <= kMostExactText ? Way::kText : Way::kPage;
  return missing <= kMostText ? Way::kText : Way::kPage;
}

uint64_t ContainerLogReader::TextSize() const {
  const uint64_t missing = length_ > offset_ ? length_ - offset_ : 0;
  return missing + std::clamp(growth_, kLeastText, kMostText) + marker_.size();
}

HttpRequest ContainerLogReader::Next(Server server, const std::string& node, const LogName& log) {
  HttpRequest request;
  if (std::exchange(server_, server) != server) has_text_ = true;
  way_ = NextWay();
  file_ = log.file;
  const bool is_node = server == Server::kNode;
  if (way_ == Way::kText) {
    asked_ = TextSize();
    request.url = is_node ? LogTextUrl(node, log, asked_) : HistoryTextUrl(node, log, asked_);
    // Rolling aggregation returns the log once for each upload.
    request.most_bytes = (is_node ? 1 : 8) * asked_ + kMostText + kFrame;
  } else {
    asked_ = kPageCharacters;
    request.url = is_node ? LogPageUrl(node, log, offset_, asked_)
                          : HistoryPageUrl(node, log, offset_, asked_);
    request.most_bytes = kPageCharacters * kLongestEntity + kFrame;
  }
  return request;
}

ContainerLogReader::Outcome ContainerLogReader::Take(const HttpResponse& response) {
  return way_ == Way::kText ? TakeText(response) : TakePage(response);
}

ContainerLogReader::Outcome ContainerLogReader::TakeText(const HttpResponse& response) {
  const YarnAnswer answer = Classify(response, YarnAnswer::Body::kText);
  const bool is_too_large = response.failure == HttpFailure::kTooLarge;
  if (answer.kind == YarnAnswer::Kind::kMissing || is_too_large) {
    // Before Hadoop 2.9 there are only pages.
    has_text_ = false;
    return {};
  }
  if (answer.kind != YarnAnswer::Kind::kGood) return NoLog(answer);
  const std::optional<LogText> log = ReadLogText(response.body, file_, asked_);
  if (!log) return Problem(Kind::kWrong, "its response is cut off or is not a log");
  if (log->length < offset_) return Shrunk(log->length);
  length_ = log->length;
  if (log->begin > offset_) return {};  // more new bytes than requested: request more
  const size_t before = offset_ - log->begin;
  if (before >= marker_.size() &&
      log->bytes.substr(before - marker_.size(), marker_.size()) != marker_) {
    return Problem(Kind::kShrunk, "another log has replaced the log");
  }
  Outcome outcome;
  outcome.bytes = log->bytes.substr(before);
  outcome.at_end = true;
  outcome.is_running = log->is_running;
  growth_ = std::max<uint64_t>(outcome.bytes.size() + outcome.bytes.size() / 2, growth_ / 4 * 3);
  Advance(outcome.bytes);
  return outcome;
}

ContainerLogReader::Outcome ContainerLogReader::TakePage(const HttpResponse& response) {
  const YarnAnswer answer = Classify(response, YarnAnswer::Body::kHtml);
  if (answer.kind != YarnAnswer::Kind::kGood) return NoLog(answer);
  LogPage page = ReadLogPage(response.body);
  switch (page.kind) {
    case LogPage::Kind::kText: {
      const bool is_last = Characters(page.bytes) < asked_;
      if (page.exact < page.bytes.size()) {
        return TakeReplaced(std::move(page.bytes), page.exact, is_last);
      }
      same_part_ = 0;
      Outcome outcome;
      outcome.bytes = std::move(page.bytes);
      outcome.at_end = is_last;
      Advance(outcome.bytes);
      return outcome;
    }
    case LogPage::Kind::kBeyond:
      return Shrunk(*page.length);
    case LogPage::Kind::kMissing:
      has_text_ = true;  // text may be available later
      return Problem(Kind::kGone, page.message);
    case LogPage::Kind::kOther:
      return Problem(Kind::kWrong, "it reports: " + page.message);
    case LogPage::Kind::kForeign:
      return Problem(Kind::kWrong, "it returned a page that is not a log, perhaps a login page" +
                                       (page.message.empty() ? "" : ": " + page.message));
    case LogPage::Kind::kCut:
      return Problem(Kind::kWrong, "its response is cut off");
  }
  return {};
}

// The replaced bytes are a part of a character at the present end of the log, or bytes that are not
// UTF-8. The `exact` bytes before them are good.
ContainerLogReader::Outcome ContainerLogReader::TakeReplaced(std::string bytes, size_t exact,
                                                             bool is_last) {
  Outcome outcome;
  const bool may_be_part =
      is_last && !is_complete_ && IsReplacementsOnly(std::string_view(bytes).substr(exact));
  bytes.resize(exact);
  const bool has_news = exact > 0;
  outcome.bytes = std::move(bytes);
  Advance(outcome.bytes);
  if (has_news) same_part_ = 0;
  if (may_be_part && ++same_part_ <= kPartsBorne) {
    outcome.at_end = true;
    return outcome;
  }
  same_part_ = 0;
  const bool is_new = bad_at_ != offset_;
  bad_at_ = offset_;
  if (length_ <= offset_) length_ = offset_ + 1;
  if (is_new && has_text_) return outcome;  // the text form has the original bytes
  if (has_news) return outcome;
  // At least one byte is there; the bytes after it come with the next request.
  is_inexact_ = true;
  outcome.bytes = "\xFF";
  Advance(outcome.bytes);
  return outcome;
}

ContainerLogReader::Outcome ContainerLogReader::Shrunk(uint64_t length) const {
  return Problem(Kind::kShrunk, "the log has " + std::to_string(length) + " bytes, but " +
                                    std::to_string(offset_) + " bytes have been read");
}

void ContainerLogReader::Advance(const std::string& bytes) {
  offset_ += bytes.size();
  length_ = std::max(length_, offset_);
  marker_.append(bytes, bytes.size() - std::min(bytes.size(), kMarker));
  if (marker_.size() > kMarker) marker_.erase(0, marker_.size() - kMarker);
}

}  // namespace sparktail
