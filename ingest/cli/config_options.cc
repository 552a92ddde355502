#include "ingest/cli/config_options.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <map>
#include <utility>

#include "ingest/base/nearest.h"
#include "ingest/base/printable.h"
#include "ingest/cli/references.h"

namespace sparktail {
namespace {

constexpr size_t kMostKey = 64;
constexpr size_t kMostComplaints = 50;
constexpr size_t kMostComplaint = 1024;

bool TakesText(OptionType type) {
  return type == OptionType::kText || type == OptionType::kTextList || type == OptionType::kSecret;
}

// Returns why a scalar, as YAML types it, does not have the type that the option takes; empty if it
// has.
absl::string_view WrongType(const OptionInfo& info, const ConfigNode& node) {
  if (node.style == ConfigNode::Style::kPlain && TakesText(info.type)) {
    if (node.IsBoolean()) return "this is true or false in YAML; put it in quotes if it is text";
    if (node.IsNumber()) return "this is a number in YAML; put it in quotes if it is text";
  }
  const bool is_quoted = node.style == ConfigNode::Style::kQuoted;
  const bool is_number = info.type == OptionType::kInteger && node.IsNumber();
  if (is_quoted && (is_number || info.type == OptionType::kBoolean)) {
    return "in quotes this is text; leave them out";
  }
  return "";
}

bool IsPath(const OptionInfo& info, const std::string& text) {
  const bool is_word = std::any_of(info.words.begin(), info.words.end(),
                                   [&](const OptionWord& word) { return word.text == text; });
  return TakesText(info.type) && info.form->is_path && !is_word && IsPlainText(text) &&
         info.form->accepts(text);
}

}  // namespace

ConfigOptions::ConfigOptions(std::string_view file, const Surroundings& surroundings)
    : file_(Printable(file, kMostComplaint)), surroundings_(surroundings) {}

void ConfigOptions::Complain(const ConfigNode& node, std::string_view key, absl::string_view what) {
  std::string text = node.flag;
  if (text.empty() && !file_.empty()) text = absl::StrCat(file_, ":", node.line, ": ");
  if (node.flag.empty()) text += key;
  complaints_.emplace(node.line,
                      text + ": " + Printable({what.data(), what.size()}, kMostComplaint));
}

absl::Status ConfigOptions::ToStatus() const {
  if (complaints_.empty()) return absl::OkStatus();
  std::vector<std::string> lines;
  for (const auto& [line, text] : complaints_) lines.push_back(text);
  if (lines.size() > kMostComplaints) {
    const size_t more = lines.size() - kMostComplaints;
    lines.resize(kMostComplaints);
    lines.push_back(absl::StrCat(file_, ": and ", more, " errors more"));
  }
  return absl::InvalidArgumentError(absl::StrJoin(lines, "\n"));
}

void ConfigOptions::ReadMap(const ConfigNode& map, const std::string& prefix,
                            const std::vector<OptionInfo>& infos, const Texts& others,
                            absl::FunctionRef<void(size_t, const OptionData&)> set) {
  std::map<std::string, size_t> lines;
  for (size_t i = 0; i < map.keys.size(); ++i) {
    const ConfigNode& key = map.keys[i];
    const std::string name = prefix + Printable(key.text, kMostKey);
    const auto [first, is_new] = lines.emplace(key.text, key.line);
    if (!is_new) {
      Complain(key, name, absl::StrCat("it is there twice, first in line ", first->second));
      continue;
    }
    if (std::find(others.begin(), others.end(), key.text) != others.end()) continue;
    const auto info = std::find_if(infos.begin(), infos.end(),
                                   [&](const OptionInfo& one) { return one.name == key.text; });
    if (info == infos.end()) {
      UnknownKey(key, name, infos, others);
    } else if (const auto data = Value(*info, map.items[i], name)) {
      set(static_cast<size_t>(info - infos.begin()), *data);
    }
  }
  for (const OptionInfo& info : infos) {
    if (!info.required || lines.contains(info.name)) continue;
    Complain(map, prefix + info.name, "it is missing: " + info.sentence);
  }
}

void ConfigOptions::UnknownKey(const ConfigNode& key, const std::string& name,
                               const std::vector<OptionInfo>& known, Texts names) {
  for (const OptionInfo& info : known) names.push_back(info.name);
  const std::string nearest = Nearest(std::string_view(key.text).substr(0, kMostKey), names);
  Complain(key, name,
           nearest.empty() ? absl::StrCat("unknown key; there are ", absl::StrJoin(names, ", "))
                           : absl::StrCat("unknown key; did you mean ", nearest, "?"));
}

std::optional<OptionData> ConfigOptions::Value(const OptionInfo& info, const ConfigNode& node,
                                               const std::string& name) {
  if (info.type == OptionType::kTextList) return List(info, node, name);
  if (info.type == OptionType::kTextMap) return Map(info, node, name);
  const std::optional<std::string> text = Scalar(node, name, info);
  return text ? Good(ReadOption(info, *text), node, name) : std::nullopt;
}

std::optional<OptionData> ConfigOptions::List(const OptionInfo& info, const ConfigNode& node,
                                              const std::string& name) {
  if (node.kind != ConfigNode::Kind::kList) {
    Complain(node, name, "a list is expected here, such as [a, b]: give " + Expected(info));
    return std::nullopt;
  }
  Texts texts;
  for (size_t i = 0; i < node.items.size(); ++i) {
    const std::string element = absl::StrCat(name, "[", i, "]");
    const std::optional<std::string> text = Scalar(node.items[i], element, info);
    // One at a time, so that the right line is named.
    if (!text || !Good(ReadListOption(info, {*text}), node.items[i], element)) continue;
    if (std::find(texts.begin(), texts.end(), *text) != texts.end()) {
      Complain(node.items[i], element, "it is there twice");
    } else {
      texts.push_back(*text);
    }
  }
  if (texts.empty() && !node.items.empty()) return std::nullopt;
  return Good(ReadListOption(info, texts), node, name);
}

std::optional<OptionData> ConfigOptions::Map(const OptionInfo& info, const ConfigNode& node,
                                             const std::string& name) {
  if (node.kind != ConfigNode::Kind::kMap) {
    Complain(node, name, "a mapping is expected here: give " + Expected(info));
    return std::nullopt;
  }
  OptionInfo any;
  any.type = OptionType::kTextMap;  // takes scalars of all types
  std::map<std::string, std::string> texts;
  for (size_t i = 0; i < node.keys.size(); ++i) {
    const std::string element = name + "." + Printable(node.keys[i].text, kMostKey);
    if (node.items[i].kind != ConfigNode::Kind::kScalar || node.items[i].is_null) {
      Complain(node.items[i], element, "one value is expected here");
      continue;
    }
    const std::optional<std::string> text = Scalar(node.items[i], element, any);
    if (text && !texts.emplace(node.keys[i].text, *text).second) {
      Complain(node.keys[i], element, "it is there twice");
    }
  }
  return Good(ReadMapOption(info, texts), node, name);
}

std::optional<OptionData> ConfigOptions::Good(absl::StatusOr<OptionData> data,
                                              const ConfigNode& node, const std::string& name) {
  if (data.ok()) return *std::move(data);
  Complain(node, name, data.status().message());
  return std::nullopt;
}

std::optional<std::string> ConfigOptions::Scalar(const ConfigNode& node, const std::string& name,
                                                 const OptionInfo& info) {
  const auto wrong = [&](absl::string_view what) {
    Complain(node, name, what);
    return std::nullopt;
  };
  if (node.kind != ConfigNode::Kind::kScalar) {
    return wrong("one value is expected here: give " + Expected(info));
  }
  if (node.is_null) return wrong("a value is missing: give " + Expected(info));
  std::string text = node.text;
  if (node.style != ConfigNode::Style::kGiven && HasReferences(text)) {
    absl::StatusOr<std::string> replaced = ReplaceReferences(text, surroundings_);
    if (!replaced.ok()) return wrong(replaced.status().message());
    text = *std::move(replaced);
  } else if (const absl::string_view why = WrongType(info, node); !why.empty()) {
    return wrong(why);
  }
  if (!IsPath(info, text)) return text;
  if (!text.starts_with('/') && surroundings_.directory.empty()) {
    return wrong("give an absolute path: the working directory is gone");
  }
  return AbsolutePath(text, surroundings_.directory);
}

}  // namespace sparktail
