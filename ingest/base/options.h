#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace sparktail {

// A component declares each of its options once, next to its code, as a row of a table:
//
//   OptionTable<SqliteSinkOptions> SqliteSinkOptionTable() {
//     using O = SqliteSinkOptions;
//     return {
//         Declare("path", &O::path).Form(kPathForm).Required().Says("The database."),
//         Declare("retention", &O::retention).Word("forever", absl::InfiniteDuration())
//             .Default("forever").From(absl::Hours(1)).Says("Rows older than that are deleted."),
//     };
//   }
//
// The strict configuration reader, the command line, the reference and the JSON Schema all use
// these tables.

// A text that must stay hidden: nothing prints it, and only Reveal() returns it.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  const std::string& Reveal() const { return text_; }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

enum class OptionType : uint8_t {
  kText,
  kTextList,
  kInteger,
  kBytes,     // a size: 32MiB
  kDuration,  // 30s
  kBoolean,
  kChoice,  // one of the words
  kSecret,
  kTextMap,  // texts by name; the texts may be secret
};

using TextMap = std::map<std::string, Secret>;

// The value of an option of any struct. kInteger and kBytes are uint64_t; kChoice is a text, or
// an enum as uint64_t.
using OptionData = std::variant<std::string, std::vector<std::string>, uint64_t, absl::Duration,
                                bool, Secret, TextMap>;

// A word that stands for a value: one of the choices, or an addition to the type's own values
// (`never`).
struct OptionWord {
  std::string text;
  OptionData data;
};

// The form of a text, or of each text of a list.
struct TextForm {
  std::string_view what;     // completes "give …" in errors: "a path"
  std::string_view pattern;  // regular expression (ECMA 262) for editors; matches every good text
  bool (*accepts)(std::string_view text);
  bool is_path = false;  // a relative path is resolved against the working directory
};

// Every text must pass this: 1 to 4096 bytes without control characters.
bool IsPlainText(std::string_view text);

extern const TextForm kTextForm;  // IsPlainText() and no more
extern const TextForm kPathForm;  // must not begin with ~, because nothing expands it

// The declaration of an option, independent of its struct.
struct OptionInfo {
  std::string name;
  OptionType type = OptionType::kText;
  // The default as a user would write it; nullopt keeps the value that the struct has.
  std::optional<std::string> default_text;
  std::string default_note;  // explains a default that has no text: "that of the process"
  std::string unit;          // of an integer: "files"
  bool required = false;
  const TextForm* form = &kTextForm;
  std::vector<OptionWord> words;
  uint64_t least = 0;  // least and most: of kInteger and kBytes
  uint64_t most = INT64_MAX;
  absl::Duration shortest = absl::ZeroDuration();
  absl::Duration longest = absl::Hours(24 * 36500);
  std::string sentence;
};

// Describes the values that the option takes: "never, or a size from 1KiB to 1GiB".
std::string Expected(const OptionInfo& info);

// Reads a value. The error message is a sentence that says what is wrong and what to give. It
// quotes bytes of the value unescaped, so it must be escaped before it reaches a terminal.
absl::StatusOr<OptionData> ReadOption(const OptionInfo& info, std::string_view text);
absl::StatusOr<OptionData> ReadListOption(const OptionInfo& info,
                                          const std::vector<std::string>& texts);

// `texts` are the values by name. The error message quotes none of them.
absl::StatusOr<OptionData> ReadMapOption(const OptionInfo& info,
                                         const std::map<std::string, std::string>& texts);

// Returns the value as a user would write it: a list as [a, b]; a secret or a mapping as nothing.
std::string WriteOption(const OptionInfo& info, const OptionData& data);

// Reads a text that is all digits.
std::optional<uint64_t> ReadNumber(std::string_view text);

// Reads a number of bytes: "16777216", "16MiB", "4k". No fractions, no powers of ten.
std::optional<uint64_t> ReadSize(std::string_view text);
std::string WriteSize(uint64_t bytes);

// Reads "500ms", "30s", "5m", "2h", "30d", up to a hundred years. The unit is required.
std::optional<absl::Duration> ReadDuration(std::string_view text);
std::string WriteDuration(absl::Duration duration);

// An option of the struct S: its declaration, and access to its member.
template <typename S>
struct Option {
  OptionInfo info;
  std::function<void(const OptionData&, S*)> apply;
  std::function<OptionData(const S&)> fetch;

  absl::Status Set(std::string_view text, S* target) const {
    return Apply(ReadOption(info, text), target);
  }
  absl::Status SetList(const std::vector<std::string>& texts, S* target) const {
    return Apply(ReadListOption(info, texts), target);
  }
  absl::Status SetMap(const std::map<std::string, std::string>& texts, S* target) const {
    return Apply(ReadMapOption(info, texts), target);
  }
  std::string Text(const S& source) const { return WriteOption(info, fetch(source)); }

  // These complete a declaration.
  Option Bytes() && { return With(&OptionInfo::type, OptionType::kBytes); }
  Option Default(std::string text) && { return With(&OptionInfo::default_text, std::move(text)); }
  Option Otherwise(std::string note) && { return With(&OptionInfo::default_note, std::move(note)); }
  Option Unit(std::string unit) && { return With(&OptionInfo::unit, std::move(unit)); }
  Option Required() && { return With(&OptionInfo::required, true); }
  Option Form(const TextForm& form) && { return With(&OptionInfo::form, &form); }
  Option From(uint64_t least) && { return With(&OptionInfo::least, least); }
  Option To(uint64_t most) && { return With(&OptionInfo::most, most); }
  Option From(absl::Duration shortest) && { return With(&OptionInfo::shortest, shortest); }
  Option To(absl::Duration longest) && { return With(&OptionInfo::longest, longest); }
  Option Says(std::string sentence) && { return With(&OptionInfo::sentence, std::move(sentence)); }
  template <typename V>
  Option Word(std::string text, V value) && {
    if constexpr (std::is_enum_v<V>) {
      info.words.push_back({std::move(text), static_cast<uint64_t>(value)});
    } else {
      info.words.push_back({std::move(text), std::move(value)});
    }
    return std::move(*this);
  }
  // Makes the option a text that must be one of `texts`.
  Option Choice(const std::vector<std::string>& texts) && {
    info.type = OptionType::kChoice;
    for (const std::string& text : texts) info.words.push_back({text, text});
    return std::move(*this);
  }

 private:
  absl::Status Apply(const absl::StatusOr<OptionData>& data, S* target) const {
    if (data.ok()) apply(*data, target);
    return data.status();
  }
  template <typename V>
  Option With(V OptionInfo::*member, V value) {
    info.*member = std::move(value);
    return std::move(*this);
  }
  Option With(std::optional<std::string> OptionInfo::*member, std::string value) {
    info.*member = std::move(value);
    return std::move(*this);
  }
};

template <typename S>
using OptionTable = std::vector<Option<S>>;

namespace options_internal {

template <typename V>
constexpr OptionType TypeOf() {
  if constexpr (std::is_same_v<V, std::string>) {
    return OptionType::kText;
  } else if constexpr (std::is_same_v<V, std::vector<std::string>>) {
    return OptionType::kTextList;
  } else if constexpr (std::is_same_v<V, absl::Duration>) {
    return OptionType::kDuration;
  } else if constexpr (std::is_same_v<V, bool>) {
    return OptionType::kBoolean;
  } else if constexpr (std::is_same_v<V, Secret>) {
    return OptionType::kSecret;
  } else if constexpr (std::is_same_v<V, TextMap>) {
    return OptionType::kTextMap;
  } else if constexpr (std::is_enum_v<V>) {
    return OptionType::kChoice;
  } else {
    static_assert(std::is_same_v<V, uint64_t>);
    return OptionType::kInteger;
  }
}

}  // namespace options_internal

// Declares the option that sets `member`. The member's type determines the option's type;
// .Bytes() turns an integer into a size.
template <typename S, typename V>
Option<S> Declare(std::string_view name, V S::*member) {
  Option<S> option;
  option.info.name = name;
  option.info.type = options_internal::TypeOf<V>();
  if constexpr (std::is_enum_v<V>) {
    option.apply = [member](const OptionData& data, S* target) {
      target->*member = static_cast<V>(std::get<uint64_t>(data));
    };
    option.fetch = [member](const S& source) {
      return OptionData(static_cast<uint64_t>(source.*member));
    };
  } else {
    option.apply = [member](const OptionData& data, S* target) {
      target->*member = std::get<V>(data);
    };
    option.fetch = [member](const S& source) { return OptionData(source.*member); };
  }
  return option;
}

// Turns the options of Part into options of S. part(s) returns the Part inside an S*.
template <typename S, typename Part, typename Find>
OptionTable<S> Within(const OptionTable<Part>& table, Find part) {
  OptionTable<S> outer;
  for (const Option<Part>& inner : table) {
    Option<S> option;
    option.info = inner.info;
    option.apply = [apply = inner.apply, part](const OptionData& data, S* target) {
      apply(data, part(target));
    };
    option.fetch = [fetch = inner.fetch, part](const S& source) {
      S copy = source;
      return fetch(*part(&copy));
    };
    outer.push_back(std::move(option));
  }
  return outer;
}

// Turns the options of a base class of S into options of S.
template <typename S, typename Base>
OptionTable<S> Within(const OptionTable<Base>& table) {
  return Within<S>(table, [](S* whole) -> Base* { return whole; });
}

template <typename S>
std::vector<OptionInfo> Infos(const OptionTable<S>& table) {
  std::vector<OptionInfo> infos;
  for (const Option<S>& option : table) infos.push_back(option.info);
  return infos;
}

template <typename T>
std::vector<T> Joined(std::vector<T> front, const std::vector<T>& back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

}  // namespace sparktail
