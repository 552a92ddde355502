#include "sinks/name_pattern.h"

#include <absl/strings/str_format.h>
#include <absl/time/clock.h>
#include <absl/time/time.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace sparktail {
namespace {

// In the order of NamePattern::Field.
constexpr std::array<std::string_view, 4> kFieldNames = {"", "kind", "environment", "appName"};
constexpr std::string_view kDateLetters = "YmdH";
constexpr std::string_view kUndated = "undated";
// A forged event must not create an index for any day it likes.
constexpr absl::Duration kPast = absl::Hours(24 * 3653);
constexpr absl::Duration kFuture = absl::Hours(24);

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool IsLiteral(std::string_view text, NamePattern::Use use) {
  const bool is_topic = use == NamePattern::Use::kTopic;
  return std::all_of(text.begin(), text.end(), [is_topic](char c) {
    return IsPlain(c) || (is_topic && c >= 'A' && c <= 'Z') || c == '.';
  });
}

void AppendReduced(std::string_view value, std::string* name) {
  if (value.empty()) value = "none";
  for (const char c : value.substr(0, NamePattern::kMostValueBytes)) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    *name += IsPlain(lower) ? lower : '_';
  }
}

absl::Status Wrong(std::string_view why) { return absl::InvalidArgumentError(std::string(why)); }

absl::Status Wrong(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError("'" + std::string(text) + "': " + std::string(why));
}

std::optional<absl::CivilHour> HourOf(int64_t time_ms) {
  if (time_ms == kNoTime) return std::nullopt;
  const absl::Time time = absl::FromUnixMillis(time_ms);
  const absl::Time now = absl::Now();
  if (time < now - kPast || time > now + kFuture) return std::nullopt;
  return absl::ToCivilHour(time, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<NamePattern> NamePattern::Parse(std::string_view text, Use use) {
  NamePattern pattern;
  for (std::string_view rest = text; !rest.empty();) {
    const absl::Status status = pattern.Add(&rest, use);
    if (!status.ok()) return Wrong(text, std::string(status.message()));
  }
  if (pattern.parts_.empty() || pattern.parts_.front().field != Field::kNone) {
    return Wrong(text, "begin with a literal, so that a log can't choose any name");
  }
  if (text == "." || text == "..") return Wrong(text, "it is not a valid name");
  if (use == Use::kIndex && std::string_view("._-").find(text.front()) != std::string_view::npos) {
    return Wrong(text, "the name of an index must begin with a letter or a digit");
  }
  size_t literal = 0;
  for (const Part& part : pattern.parts_) literal += part.literal.size();
  const size_t most = pattern.is_literal() ? kMostBytes : kMostBytes / 2;
  if (literal > most) return Wrong(text, "it is too long");
  if (pattern.is_literal()) pattern.name_ = pattern.parts_.front().literal;
  return pattern;
}

// Parses the next part and removes it from `rest`.
absl::Status NamePattern::Add(std::string_view* rest, Use use) {
  const size_t literal = std::min(rest->find_first_of("{%"), rest->size());
  if (literal > 0) {
    if (!IsLiteral(rest->substr(0, literal), use)) {
      return Wrong(use == Use::kTopic
                       ? "use only letters, digits, . _ - and fields in {}"
                       : "use only lower-case letters, digits, . _ -, fields in {}, and "
                         "%Y %m %d %H");
    }
    parts_.push_back({Field::kNone, std::string(rest->substr(0, literal))});
    rest->remove_prefix(literal);
    return absl::OkStatus();
  }
  if (rest->front() == '{') {
    const size_t close = rest->find('}');
    if (close == std::string_view::npos) return Wrong("a } is missing");
    const auto field =
        std::find(kFieldNames.begin() + 1, kFieldNames.end(), rest->substr(1, close - 1));
    if (field == kFieldNames.end()) return Wrong("fields are {kind}, {environment} and {appName}");
    parts_.push_back({static_cast<Field>(field - kFieldNames.begin()), ""});
    rest->remove_prefix(close + 1);
    return absl::OkStatus();
  }
  const size_t letter =
      use == Use::kIndex && rest->size() > 1 ? kDateLetters.find((*rest)[1]) : kDateLetters.npos;
  if (letter == kDateLetters.npos) {
    return Wrong(use == Use::kIndex ? "for the time use %Y %m %d %H"
                                    : "the name of a topic can't contain %");
  }
  if (end_date_ == 0) first_date_ = parts_.size();
  parts_.push_back({static_cast<Field>(static_cast<size_t>(kFirstOfDate) + letter), ""});
  end_date_ = parts_.size();
  rest->remove_prefix(2);
  return absl::OkStatus();
}

std::string NamePattern::Wildcard() const {
  std::string text;
  for (size_t i = 0; i < parts_.size(); ++i) {
    const bool is_date = end_date_ > 0 && i >= first_date_ && i < end_date_;
    if (parts_[i].field == Field::kNone && !is_date) {
      text += parts_[i].literal;
    } else if (text.back() != '*') {
      text += '*';
    }
  }
  return text;
}

const std::string& NamePattern::NameOf(const EventFields& fields, int64_t time_ms) {
  if (is_literal()) return name_;
  Render(&fields, time_ms);
  if (names_.contains(name_)) return name_;
  if (names_.size() < kMostNames) {
    names_.insert(name_);
  } else {
    Render(nullptr, kNoTime);
  }
  return name_;
}

// Without `fields`, renders the name that all events share once there are kMostNames names.
void NamePattern::Render(const EventFields* fields, int64_t time_ms) {
  name_.clear();
  const std::optional<absl::CivilHour> hour = HourOf(time_ms);
  for (size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    if (i == first_date_ && end_date_ > 0 && !hour) {
      name_ += kUndated;
      i = end_date_ - 1;
    } else if (part.field == Field::kNone) {
      name_ += part.literal;
    } else if (part.field >= kFirstOfDate) {
      RenderDate(part.field, *hour);
    } else if (fields == nullptr) {
      AppendReduced("other", &name_);
    } else if (part.field == Field::kKind) {
      AppendReduced(fields->kind, &name_);
    } else {
      AppendReduced(part.field == Field::kEnvironment ? fields->environment : fields->app_name,
                    &name_);
    }
  }
  if (name_.size() > kMostBytes) name_.resize(kMostBytes);
}

void NamePattern::RenderDate(Field field, const absl::CivilHour& hour) {
  if (field == Field::kYear) {
    absl::StrAppendFormat(&name_, "%04d", hour.year());
    return;
  }
  const int value = field == Field::kMonth ? hour.month()
                    : field == Field::kDay ? hour.day()
                                           : hour.hour();
  absl::StrAppendFormat(&name_, "%02d", value);
}

}  // namespace sparktail
