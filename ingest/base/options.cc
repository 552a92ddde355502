#include "ingest/base/options.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "ingest/base/nearest.h"

namespace sparktail {
namespace {

constexpr size_t kLongestText = 4096;
constexpr size_t kQuotedBytes = 64;

struct SizeUnit {
  std::string_view name;
  unsigned shift;
};
constexpr std::array<SizeUnit, 3> kSizeUnits = {{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}}};

struct TimeUnit {
  std::string_view name;
  int64_t milliseconds;
};
// The largest unit is first, so that WriteDuration() uses it where it can.
constexpr std::array<TimeUnit, 5> kTimeUnits = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr int64_t kLongestMs = int64_t{36500} * 86'400'000;

struct NumberAndUnit {
  uint64_t number;
  std::string_view unit;
};

std::optional<NumberAndUnit> SplitNumber(std::string_view text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc()) return std::nullopt;
  return NumberAndUnit{number, {unit, static_cast<size_t>(end - unit)}};
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameLetters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::vector<std::string> WordTexts(const OptionInfo& info) {
  std::vector<std::string> texts;
  for (const OptionWord& word : info.words) texts.push_back(word.text);
  return texts;
}

// Returns "a, b or c".
std::string JoinAlternatives(const std::vector<std::string>& texts) {
  std::string list;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) list += i + 1 < texts.size() ? ", " : " or ";
    list += texts[i];
  }
  return list;
}

std::string Range(const std::string& least, const std::string& most) {
  return (least.empty() ? "" : " from " + least) + (most.empty() ? "" : " to " + most);
}

std::string SizeRange(const OptionInfo& info, std::string (*format)(uint64_t)) {
  const bool open = info.most >= INT64_MAX;
  if (open && info.least == 0) return "";
  return Range(format(info.least), open ? "" : format(info.most));
}

std::string DurationRange(const OptionInfo& info) {
  const bool open = info.longest >= absl::Milliseconds(kLongestMs);
  if (open && info.shortest == absl::ZeroDuration()) return "";
  return Range(WriteDuration(info.shortest), open ? "" : WriteDuration(info.longest));
}

// Describes the values of the option's type; its words come on top of them.
std::string ExpectedOfType(const OptionInfo& info) {
  switch (info.type) {
    case OptionType::kText:
      return std::string(info.form->what);
    case OptionType::kTextList:
      return "a list, each item " + std::string(info.form->what);
    case OptionType::kInteger:
      return (info.unit.empty() ? "a number" : "a number of " + info.unit) +
             SizeRange(info, [](uint64_t number) { return std::to_string(number); });
    case OptionType::kBytes:
      return "a size" + SizeRange(info, WriteSize);
    case OptionType::kDuration:
      return "a duration" + DurationRange(info);
    case OptionType::kBoolean:
      return "true or false";
    case OptionType::kSecret:
      return "a secret text, best as ${file:/run/secrets/name}";
    case OptionType::kTextMap:
      return "names with their values, such as {a: 1, b: x}";
    case OptionType::kChoice:
      break;
  }
  return "";
}

std::string Examples(OptionType type) {
  if (type == OptionType::kBytes) return " (such as 65536, 64KiB or 32MiB)";
  if (type == OptionType::kDuration) return " (such as 500ms, 30s, 5m or 30d)";
  return "";
}

// A password inside a URL is a mistake of the user; it must not reach a log as well.
std::string WithoutCredentials(std::string_view text) {
  const size_t scheme = text.find("://");
  const size_t at = text.rfind('@');
  if (scheme == std::string_view::npos || at == std::string_view::npos || at < scheme) {
    return std::string(text);
  }
  return std::string(text.substr(0, scheme)) + "://…" + std::string(text.substr(at));
}

absl::Status InvalidValue(const OptionInfo& info, std::string_view text) {
  std::string message = "give " + Expected(info) + Examples(info.type);
  if (info.type != OptionType::kSecret) {
    const std::string given = WithoutCredentials(text);
    message +=
        ", not '" + given.substr(0, kQuotedBytes) + (given.size() > kQuotedBytes ? "…'" : "'");
  }
  const std::string nearest = Nearest(text.substr(0, kQuotedBytes), WordTexts(info));
  if (!nearest.empty()) message += "; did you mean " + nearest + "?";
  return absl::InvalidArgumentError(message);
}

template <typename T>
absl::StatusOr<OptionData> CheckRange(const OptionInfo& info, std::string_view text,
                                      const std::optional<T>& value, T least, T most) {
  if (!value || *value < least || *value > most) return InvalidValue(info, text);
  return OptionData(*value);
}

absl::Status CheckForm(const OptionInfo& info, std::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("it is empty: give " + Expected(info));
  if (!IsPlainText(text) || !info.form->accepts(text)) return InvalidValue(info, text);
  return absl::OkStatus();
}

absl::StatusOr<OptionData> ReadText(const OptionInfo& info, std::string_view text) {
  if (absl::Status status = CheckForm(info, text); !status.ok()) return status;
  if (info.type == OptionType::kSecret) return OptionData(Secret(std::string(text)));
  return OptionData(std::string(text));
}

}  // namespace

bool IsPlainText(std::string_view text) {
  return !text.empty() && text.size() <= kLongestText &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

const TextForm kTextForm = {"a text", "^[^\\u0000-\\u001f\\u007f]+$", IsPlainText};

const TextForm kPathForm = {"a path without a leading ~", "^[^~]",
                            [](std::string_view text) { return !text.starts_with('~'); },
                            /*is_path=*/true};

std::string Expected(const OptionInfo& info) {
  const std::string of_type = ExpectedOfType(info);
  std::string words = JoinAlternatives(WordTexts(info));
  if (of_type.empty()) return words;
  return words.empty() ? of_type : words + ", or " + of_type;
}

absl::StatusOr<OptionData> ReadOption(const OptionInfo& info, std::string_view text) {
  for (const OptionWord& word : info.words) {
    if (word.text == text) return word.data;
  }
  switch (info.type) {
    case OptionType::kText:
    case OptionType::kSecret:
      return ReadText(info, text);
    case OptionType::kInteger:
      return CheckRange(info, text, ReadNumber(text), info.least, info.most);
    case OptionType::kBytes:
      return CheckRange(info, text, ReadSize(text), info.least, info.most);
    case OptionType::kDuration:
      return CheckRange(info, text, ReadDuration(text), info.shortest, info.longest);
    case OptionType::kBoolean:
      if (text == "true" || text == "false") return OptionData(text == "true");
      break;
    case OptionType::kTextList:
    case OptionType::kTextMap:
    case OptionType::kChoice:
      break;
  }
  return InvalidValue(info, text);
}

absl::StatusOr<OptionData> ReadListOption(const OptionInfo& info,
                                          const std::vector<std::string>& texts) {
  if (texts.empty()) return absl::InvalidArgumentError("the list is empty");
  for (const std::string& text : texts) {
    if (absl::Status status = CheckForm(info, text); !status.ok()) return status;
  }
  return OptionData(texts);
}

absl::StatusOr<OptionData> ReadMapOption(const OptionInfo& info,
                                         const std::map<std::string, std::string>& texts) {
  OptionData data;
  TextMap& map = data.emplace<TextMap>();
  for (const auto& [name, text] : texts) {
    // The value may be secret, so the message does not quote it.
    const bool is_good = IsPlainText(name) && text.size() <= kLongestText;
    if (!is_good) return absl::InvalidArgumentError("give " + Expected(info));
    map.emplace(name, text);
  }
  return data;
}

std::string WriteOption(const OptionInfo& info, const OptionData& data) {
  for (const OptionWord& word : info.words) {
    if (word.data == data) return word.text;
  }
  switch (info.type) {
    case OptionType::kInteger:
      return std::to_string(std::get<uint64_t>(data));
    case OptionType::kBytes:
      return WriteSize(std::get<uint64_t>(data));
    case OptionType::kDuration:
      return WriteDuration(std::get<absl::Duration>(data));
    case OptionType::kBoolean:
      return std::get<bool>(data) ? "true" : "false";
    case OptionType::kTextList: {
      std::string list;
      for (const std::string& text : std::get<std::vector<std::string>>(data)) {
        list += (list.empty() ? "" : ", ") + text;
      }
      return "[" + list + "]";
    }
    case OptionType::kText:
      return std::get<std::string>(data);
    case OptionType::kChoice:
    case OptionType::kSecret:
    case OptionType::kTextMap:
      break;
  }
  return "";
}

std::optional<uint64_t> ReadNumber(std::string_view text) {
  const std::optional<NumberAndUnit> parts = SplitNumber(text);
  if (!parts || !parts->unit.empty()) return std::nullopt;
  return parts->number;
}

std::optional<uint64_t> ReadSize(std::string_view text) {
  const std::optional<NumberAndUnit> parts = SplitNumber(text);
  if (!parts) return std::nullopt;
  if (parts->unit.empty()) return parts->number;
  for (const SizeUnit& unit : kSizeUnits) {
    if (!SameLetters(parts->unit, unit.name) && !SameLetters(parts->unit, unit.name.substr(0, 1))) {
      continue;
    }
    if (parts->number > UINT64_MAX >> unit.shift) return std::nullopt;
    return parts->number << unit.shift;
  }
  return std::nullopt;
}

std::string WriteSize(uint64_t bytes) {
  for (const SizeUnit& unit : kSizeUnits) {
    const uint64_t number = bytes >> unit.shift;
    if (number > 0 && number << unit.shift == bytes) {
      return std::to_string(number) + std::string(unit.name);
    }
  }
  return std::to_string(bytes);
}

std::optional<absl::Duration> ReadDuration(std::string_view text) {
  const std::optional<NumberAndUnit> parts = SplitNumber(text);
  if (!parts) return std::nullopt;
  for (const TimeUnit& unit : kTimeUnits) {
    if (unit.name != parts->unit) continue;
    if (parts->number > static_cast<uint64_t>(kLongestMs / unit.milliseconds)) return std::nullopt;
    return absl::Milliseconds(static_cast<int64_t>(parts->number) * unit.milliseconds);
  }
  return std::nullopt;
}

std::string WriteDuration(absl::Duration duration) {
  const int64_t milliseconds = absl::ToInt64Milliseconds(duration);
  if (milliseconds == 0) return "0s";
  for (const TimeUnit& unit : kTimeUnits) {
    if (milliseconds % unit.milliseconds == 0) {
      return std::to_string(milliseconds / unit.milliseconds) + std::string(unit.name);
    }
  }
  return "";
}

}  // namespace sparktail
