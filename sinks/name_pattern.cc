#include "sinks/name_pattern.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sparktail {
namespace {

constexpr std::array<std::string_view, 4> kFieldNames = {"", "kind", "environment", "appName"};

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool IsLiteral(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsPlain(c) || (c >= 'A' && c <= 'Z') || c == '.'; });
}

void AppendReduced(std::string_view value, std::string* name) {
  if (value.empty()) value = "none";
  for (const char c : value.substr(0, NamePattern::kMostValueBytes)) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    *name += IsPlain(lower) ? lower : '_';
  }
}

absl::Status Wrong(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError("'" + std::string(text) + "': " + std::string(why));
}

}  // namespace

absl::StatusOr<NamePattern> NamePattern::Parse(std::string_view text) {
  NamePattern pattern;
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t open = std::min(rest.find('{'), rest.size());
    if (open > 0) pattern.parts_.push_back({Field::kNone, std::string(rest.substr(0, open))});
    if (!IsLiteral(rest.substr(0, open))) {
      return Wrong(text, "a name has letters, digits and . _ - only, and fields in {}");
    }
    rest.remove_prefix(open);
    if (rest.empty()) break;
    const size_t close = rest.find('}');
    if (close == std::string_view::npos) return Wrong(text, "a } is missing");
    const std::string_view name = rest.substr(1, close - 1);
    const auto field = std::find(kFieldNames.begin() + 1, kFieldNames.end(), name);
    if (field == kFieldNames.end()) {
      return Wrong(text, "fields are {kind}, {environment} and {appName}");
    }
    pattern.parts_.push_back({static_cast<Field>(field - kFieldNames.begin()), ""});
    rest.remove_prefix(close + 1);
  }
  if (pattern.parts_.empty() || pattern.parts_.front().field != Field::kNone) {
    return Wrong(text, "begin with a literal: a log must not choose any name it likes");
  }
  if (text == "." || text == "..") return Wrong(text, "that is no name");
  size_t literal = 0;
  for (const Part& part : pattern.parts_) literal += part.literal.size();
  const size_t most = pattern.is_literal() ? kMostBytes : kMostBytes / 2;
  if (literal > most) return Wrong(text, "it is too long");
  if (pattern.is_literal()) pattern.name_ = pattern.parts_.front().literal;
  return pattern;
}

const std::string& NamePattern::NameOf(const EventFields& fields) {
  if (is_literal()) return name_;
  Render(&fields);
  if (names_.contains(name_)) return name_;
  if (names_.size() < kMostNames) {
    names_.insert(name_);
  } else {
    Render(nullptr);
  }
  return name_;
}

// Null: the name of all for which there is no room.
void NamePattern::Render(const EventFields* fields) {
  name_.clear();
  for (const Part& part : parts_) {
    if (part.field == Field::kNone) {
      name_ += part.literal;
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

}  // namespace sparktail
