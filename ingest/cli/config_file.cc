#include "ingest/cli/config_file.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <sstream>

#include "ingest/base/nearest.h"
#include "ingest/base/printable.h"
#include "ingest/cli/references.h"
#include "ingest/streams/file_reader.h"

namespace sparktail {
namespace {

constexpr size_t kMostComplaints = 50;
constexpr size_t kMostComplaint = 1024;
constexpr size_t kMostKey = 64;

// ---------------------------------------------------------------- what is wrong, and where

class Complaints {
 public:
  explicit Complaints(std::string_view file) : file_(Printable(file, kMostComplaint)) {}

  void Add(const ConfigNode& node, const std::string& key, const std::string& what) {
    std::string where;
    if (!node.flag.empty()) {
      where = node.flag;
    } else if (file_.empty()) {
      where = key;
    } else {
      where = file_ + ":" + std::to_string(node.line) + ": " + key;
    }
    lines_.push_back({node.line, where + ": " + Printable(what, kMostComplaint)});
  }

  bool empty() const { return lines_.empty(); }

  absl::Status ToStatus() {
    if (lines_.empty()) return absl::OkStatus();
    std::stable_sort(lines_.begin(), lines_.end(),
                     [](const Line& a, const Line& b) { return a.number < b.number; });
    std::string text;
    for (size_t i = 0; i < std::min(lines_.size(), kMostComplaints); ++i) {
      text.append(text.empty() ? "" : "\n").append(lines_[i].text);
    }
    if (lines_.size() > kMostComplaints) {
      text += "\n" + file_ + ": and " + std::to_string(lines_.size() - kMostComplaints) +
              " errors more";
    }
    return absl::InvalidArgumentError(text);
  }

 private:
  struct Line {
    size_t number;
    std::string text;
  };
  std::string file_;
  std::vector<Line> lines_;
};

// ---------------------------------------------------------------- YAML's types

bool IsNumber(std::string_view text) {
  if (text == ".inf" || text == ".nan" || text == "-.inf") return true;
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with("0x") || text.starts_with("0o")) {
    return text.size() > 2 &&
           text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
  }
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  if (std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(digits), '.') > 1)
    return false;
  if (text.substr(0, digits).find_first_of("0123456789") == std::string_view::npos) return false;
  text.remove_prefix(digits);
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool IsBoolean(std::string_view text) {
  constexpr std::array<std::string_view, 6> kBooleans = {"true",  "True",  "TRUE",
                                                         "false", "False", "FALSE"};
  return std::find(kBooleans.begin(), kBooleans.end(), text) != kBooleans.end();
}

bool TakesText(OptionType type) {
  return type == OptionType::kText || type == OptionType::kTextList || type == OptionType::kSecret;
}

// Why the scalar has not the type that the option takes; empty if it has.
std::string WrongType(const OptionInfo& info, const ConfigNode& node) {
  if (node.style == ConfigNode::Style::kPlain && TakesText(info.type)) {
    if (IsBoolean(node.text))
      return "this is true or false in YAML; put it in quotes if it is text";
    if (IsNumber(node.text)) return "this is a number in YAML; put it in quotes if it is text";
  }
  if (node.style == ConfigNode::Style::kQuoted) {
    const bool is_text = info.type == OptionType::kBoolean ||
                         (info.type == OptionType::kInteger && IsNumber(node.text));
    if (is_text) return "in quotes this is text; leave them out";
  }
  return "";
}

const ConfigNode* Find(const ConfigNode& map, std::string_view key) {
  for (size_t i = 0; i < map.keys.size() && map.kind == ConfigNode::Kind::kMap; ++i) {
    if (map.keys[i].text == key) return &map.items[i];
  }
  return nullptr;
}

// The node of a key, or else the mapping in which it would be.
const ConfigNode& FindOr(const ConfigNode& map, std::string_view key) {
  const ConfigNode* found = Find(map, key);
  return found == nullptr ? map : *found;
}

std::string Element(std::string_view list, size_t i) {
  return std::string(list) + "[" + std::to_string(i) + "]";
}

// ---------------------------------------------------------------- options from a mapping

class MapReader {
 public:
  MapReader(const Surroundings& surroundings, Complaints* complaints)
      : surroundings_(surroundings), complaints_(complaints) {}

  // Sets what the mapping says. `others` are keys that somebody else reads. `prefix` is that of
  // the keys' names in complaints: "", "log.", "sinks[0].".
  template <typename S>
  void Read(const ConfigNode& map, const std::string& prefix, const OptionTable<S>& table,
            const std::vector<std::string>& others, S* target) {
    std::map<std::string, size_t> lines;
    for (size_t i = 0; i < map.keys.size(); ++i) {
      const ConfigNode& key = map.keys[i];
      const std::string name = prefix + Printable(key.text, kMostKey);
      const auto [first, is_new] = lines.emplace(key.text, key.line);
      if (!is_new) {
        complaints_->Add(key, name,
                         "it is there twice, first in line " + std::to_string(first->second));
        continue;
      }
      if (std::find(others.begin(), others.end(), key.text) != others.end()) continue;
      const Option<S>* option = FindOption(table, key.text);
      if (option == nullptr) {
        UnknownKey(key, name, Infos(table), others);
      } else {
        Set(*option, map.items[i], name, target);
      }
    }
    for (const Option<S>& option : table) {
      if (option.info.required && !lines.contains(option.info.name)) {
        complaints_->Add(map, prefix + option.info.name, "it is missing: " + option.info.sentence);
      }
    }
  }

  // The text of a scalar with its references replaced; nothing after a complaint.
  std::optional<std::string> Scalar(const ConfigNode& node, const std::string& name,
                                    const OptionInfo& info) {
    if (node.kind != ConfigNode::Kind::kScalar) {
      complaints_->Add(node, name, "one value is expected here: give " + Expected(info));
      return std::nullopt;
    }
    if (node.is_null) {
      complaints_->Add(node, name, "a value is missing: give " + Expected(info));
      return std::nullopt;
    }
    if (node.style == ConfigNode::Style::kGiven) return Located(node, name, info, node.text);
    if (!HasReferences(node.text)) {
      const std::string wrong = WrongType(info, node);
      if (wrong.empty()) return Located(node, name, info, node.text);
      complaints_->Add(node, name, wrong);
      return std::nullopt;
    }
    absl::StatusOr<std::string> text = ReplaceReferences(node.text, surroundings_);
    if (text.ok()) return Located(node, name, info, *text);
    complaints_->Add(node, name, std::string(text.status().message()));
    return std::nullopt;
  }

 private:
  template <typename S>
  static const Option<S>* FindOption(const OptionTable<S>& table, const std::string& name) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const Option<S>& option) {
      return option.info.name == name;
    });
    return found == table.end() ? nullptr : &*found;
  }

  void UnknownKey(const ConfigNode& key, const std::string& name,
                  const std::vector<OptionInfo>& known, std::vector<std::string> names) {
    for (const OptionInfo& info : known) names.push_back(info.name);
    const std::string nearest = Nearest(std::string_view(key.text).substr(0, kMostKey), names);
    std::string what = "unknown key; ";
    if (!nearest.empty()) {
      what += "did you mean " + nearest + "?";
    } else {
      what += "there are";
      for (const std::string& one : names) what += (one == names.front() ? " " : ", ") + one;
    }
    complaints_->Add(key, name, what);
  }

  template <typename S>
  void Set(const Option<S>& option, const ConfigNode& node, const std::string& name, S* target) {
    if (option.info.type == OptionType::kTextList) return SetList(option, node, name, target);
    if (option.info.type == OptionType::kTextMap) return SetMap(option, node, name, target);
    const std::optional<std::string> text = Scalar(node, name, option.info);
    if (!text) return;
    const absl::Status status = option.Set(*text, target);
    if (!status.ok()) complaints_->Add(node, name, std::string(status.message()));
  }

  template <typename S>
  void SetList(const Option<S>& option, const ConfigNode& node, const std::string& name,
               S* target) {
    if (node.kind != ConfigNode::Kind::kList) {
      complaints_->Add(node, name,
                       "a list is expected here, such as [a, b]: give " + Expected(option.info));
      return;
    }
    std::vector<std::string> texts;
    for (size_t i = 0; i < node.items.size(); ++i) {
      const std::string element = Element(name, i);
      const std::optional<std::string> text = Scalar(node.items[i], element, option.info);
      if (!text) continue;
      // One at a time, so that the right line is named.
      const absl::StatusOr<OptionData> good = ReadListOption(option.info, {*text});
      if (!good.ok()) {
        complaints_->Add(node.items[i], element, std::string(good.status().message()));
      } else if (std::find(texts.begin(), texts.end(), *text) != texts.end()) {
        complaints_->Add(node.items[i], element, "it is there twice");
      } else {
        texts.push_back(*text);
      }
    }
    if (texts.empty() && !node.items.empty()) return;
    const absl::Status status = option.SetList(texts, target);
    if (!status.ok()) complaints_->Add(node, name, std::string(status.message()));
  }

  template <typename S>
  void SetMap(const Option<S>& option, const ConfigNode& node, const std::string& name, S* target) {
    if (node.kind != ConfigNode::Kind::kMap) {
      complaints_->Add(node, name, "a mapping is expected here: give " + Expected(option.info));
      return;
    }
    // Of any type: what it means is not ours to say.
    OptionInfo any;
    any.type = OptionType::kTextMap;
    std::map<std::string, std::string> texts;
    for (size_t i = 0; i < node.keys.size(); ++i) {
      const std::string element = name + "." + Printable(node.keys[i].text, kMostKey);
      if (node.items[i].kind != ConfigNode::Kind::kScalar || node.items[i].is_null) {
        complaints_->Add(node.items[i], element, "one value is expected here");
        continue;
      }
      const std::optional<std::string> text = Scalar(node.items[i], element, any);
      if (!text) continue;
      if (!texts.emplace(node.keys[i].text, *text).second) {
        complaints_->Add(node.keys[i], element, "it is there twice");
      }
    }
    const absl::Status status = option.SetMap(texts, target);
    if (!status.ok()) complaints_->Add(node, name, std::string(status.message()));
  }

  // Makes paths absolute.
  std::optional<std::string> Located(const ConfigNode& node, const std::string& name,
                                     const OptionInfo& info, const std::string& text) {
    const bool is_word = std::any_of(info.words.begin(), info.words.end(),
                                     [&](const OptionWord& word) { return word.text == text; });
    const bool is_path = TakesText(info.type) && info.form->is_path && !is_word &&
                         IsPlainText(text) && info.form->accepts(text);
    if (!is_path) return text;
    if (!text.starts_with('/') && surroundings_.directory.empty()) {
      complaints_->Add(node, name, "give an absolute path: the working directory is gone");
      return std::nullopt;
    }
    return AbsolutePath(text, surroundings_.directory);
  }

  const Surroundings& surroundings_;
  Complaints* complaints_;
};

// ---------------------------------------------------------------- the configuration

// An element of `sources` or `sinks`, and where it stands.
template <typename S>
struct Listed {
  S value;
  std::string kind;  // empty if it is not known
  const ConfigNode* node = nullptr;
  std::string key;  // sinks[0]
};

class Builder {
 public:
  Builder(const ConfigNode& root, std::string_view file, const Surroundings& surroundings)
      : root_(root),
        surroundings_(surroundings),
        complaints_(file),
        reader_(surroundings, &complaints_) {}

  absl::StatusOr<Configuration> Build() {
    reader_.Read(root_, "", ConfigurationOptionTable(), {"log", "sources", "sinks"},
                 &configuration_);
    ReadLog();
    sources_ = ReadList<SourceConfiguration>("sources", surroundings_.kinds.sources);
    sinks_ = ReadList<SinkConfiguration>("sinks", surroundings_.kinds.sinks);
    FindStateDirectory();
    GiveNames(&sources_);
    GiveNames(&sinks_);
    CheckSinkNames();
    CheckKinds();
    CheckWrittenPaths();
    if (absl::Status status = complaints_.ToStatus(); !status.ok()) return status;
    for (Listed<SourceConfiguration>& source : sources_) {
      if (source.value.environment.empty()) source.value.environment = configuration_.environment;
      configuration_.sources.push_back(std::move(source.value));
    }
    for (Listed<SinkConfiguration>& sink : sinks_) {
      configuration_.sinks.push_back(std::move(sink.value));
    }
    return std::move(configuration_);
  }

 private:
  void ReadLog() {
    const ConfigNode* log = Find(root_, "log");
    if (log == nullptr) return;
    if (log->kind != ConfigNode::Kind::kMap) {
      return complaints_.Add(*log, "log", "lines such as `level: info` are expected below it");
    }
    reader_.Read(*log, "log.", LogOptionTable(), {}, &configuration_.log);
  }

  template <typename S, typename Kind>
  std::vector<Listed<S>> ReadList(const std::string& key, const std::vector<const Kind*>& kinds) {
    std::vector<Listed<S>> all;
    const ConfigNode* list = Find(root_, key);
    if (list == nullptr) {
      complaints_.Add(root_, key,
                      "it is missing: give a list of at least one, such as `- kind: " +
                          kinds.front()->name + "`");
      return all;
    }
    if (list->kind != ConfigNode::Kind::kList || list->items.empty()) {
      complaints_.Add(*list, key,
                      "give a list of at least one, such as `- kind: " + kinds.front()->name + "`");
      return all;
    }
    for (size_t i = 0; i < list->items.size(); ++i) {
      all.push_back(ReadOne<S>(list->items[i], Element(key, i), kinds));
    }
    return all;
  }

  template <typename S, typename Kind>
  Listed<S> ReadOne(const ConfigNode& node, const std::string& key,
                    const std::vector<const Kind*>& kinds) {
    Listed<S> one{{}, "", &node, key};
    const Kind* kind = FindKind(node, key, kinds);
    if (kind == nullptr) {
      // So that it is not said to be missing as well.
      const ConfigNode& name = FindOr(node, "name");
      if (name.kind == ConfigNode::Kind::kScalar) one.value.name = name.text;
      return one;
    }
    one.kind = kind->name;
    one.value.kind = kind;
    one.value.options = kind->defaults;
    reader_.Read(node, key + ".", kind->options, {"kind"}, &one.value);
    return one;
  }

  template <typename Kind>
  const Kind* FindKind(const ConfigNode& node, const std::string& key,
                       const std::vector<const Kind*>& kinds) {
    OptionInfo info;
    info.type = OptionType::kChoice;
    for (const Kind* kind : kinds) info.words.push_back({kind->name, kind->name});
    if (node.kind != ConfigNode::Kind::kMap) {
      complaints_.Add(node, key, "lines of `key: value` are expected, `kind` among them");
      return nullptr;
    }
    const ConfigNode* word = Find(node, "kind");
    if (word == nullptr) {
      complaints_.Add(node, key + ".kind", "it is missing: give " + Expected(info));
      return nullptr;
    }
    ConfigNode literal = *word;  // references are not replaced in it
    literal.style = ConfigNode::Style::kGiven;
    const std::optional<std::string> text = reader_.Scalar(literal, key + ".kind", info);
    if (!text) return nullptr;
    const auto found = std::find_if(kinds.begin(), kinds.end(),
                                    [&](const Kind* kind) { return kind->name == *text; });
    if (found != kinds.end()) return *found;
    complaints_.Add(*word, key + ".kind",
                    "unknown kind: " + std::string(ReadOption(info, *text).status().message()));
    return nullptr;
  }

  void FindStateDirectory() {
    if (Find(root_, "state_dir") != nullptr) return;
    if (std::optional<std::string> directory = DefaultStateDirectory(surroundings_)) {
      configuration_.state_dir = std::move(*directory);
    } else {
      complaints_.Add(root_, "state_dir",
                      "it is missing, and the environment has no HOME: give a directory");
    }
  }

  // The kind, then kind-2 …, for those that have none; then all must differ.
  template <typename S>
  void GiveNames(std::vector<Listed<S>>* all) {
    std::map<std::string, size_t> nameless;
    std::map<std::string, const Listed<S>*> names;
    for (Listed<S>& one : *all) {
      std::string& name = one.value.name;
      if (name.empty() && Find(*one.node, "name") == nullptr && !one.kind.empty()) {
        const size_t number = ++nameless[one.kind];
        name = number == 1 ? one.kind : one.kind + "-" + std::to_string(number);
      }
      if (name.empty()) continue;
      const auto [first, is_new] = names.emplace(name, &one);
      if (is_new) continue;
      complaints_.Add(
          FindOr(*one.node, "name"), one.key + ".name",
          "'" + name + "' is the name of " + Told(*first->second) + " too; give it another");
    }
  }

  template <typename S>
  static std::string Told(const Listed<S>& one) {
    return one.node->flag.empty() ? one.key + " (line " + std::to_string(one.node->line) + ")"
                                  : one.node->flag;
  }

  // Sources name sinks that are there.
  void CheckSinkNames() {
    std::vector<std::string> names;
    for (const Listed<SinkConfiguration>& sink : sinks_) {
      // It might be this one.
      if (sink.value.name.empty()) return;
      names.push_back(sink.value.name);
    }
    for (const Listed<SourceConfiguration>& source : sources_) {
      for (const std::string& name : source.value.sinks) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        std::string what = "there is no sink '" + name + "'";
        const std::string nearest = Nearest(name, names);
        if (!nearest.empty()) what += "; did you mean " + nearest + "?";
        complaints_.Add(ItemOr(FindOr(*source.node, "sinks"), name), source.key + ".sinks", what);
      }
    }
  }

  // The item of a list that is this text, or else the list.
  static const ConfigNode& ItemOr(const ConfigNode& list, const std::string& text) {
    const auto found = std::find_if(list.items.begin(), list.items.end(),
                                    [&](const ConfigNode& item) { return item.text == text; });
    return found == list.items.end() ? list : *found;
  }

  // Kinds have their say: a sink may turn out to be one of another kind.
  void CheckKinds() {
    for (Listed<SinkConfiguration>& sink : sinks_) {
      const SinkKind* kind = sink.value.kind;
      if (kind == nullptr) continue;
      if (kind->problems != nullptr) ComplainOf(kind->problems(sink.value), sink);
      if (kind->why_instance != nullptr && Find(root_, "instance") == nullptr) {
        AskForInstance(kind->why_instance(sink.value), sink);
      }
      if (kind->complete == nullptr) continue;
      std::set<std::string> given;
      for (const ConfigNode& key : sink.node->keys) given.insert(key.text);
      ComplainOf(kind->complete(given, &sink.value), sink);
    }
    for (const Listed<SourceConfiguration>& source : sources_) {
      const SourceKind* kind = source.value.kind;
      if (kind != nullptr && kind->problems != nullptr) {
        ComplainOf(kind->problems(source.value), source);
      }
    }
  }

  void AskForInstance(const absl::Status& why, const Listed<SinkConfiguration>& sink) {
    if (why.ok()) return;
    const auto [option, text] = SplitProblem(why.message());
    complaints_.Add(FindOr(*sink.node, option), "instance",
                    "give it (--instance NAME): " + sink.key + " " + text);
  }

  // Nobody writes where somebody else does, and no source reads there.
  void CheckWrittenPaths() {
    if (!configuration_.state_dir.empty()) {
      writers_[configuration_.state_dir + "/offsets.db"] = "sparktail itself (state_dir)";
      writers_[configuration_.state_dir + "/lock"] = "sparktail itself (state_dir)";
    }
    for (const Listed<SinkConfiguration>& sink : sinks_) {
      AddWriter(FindOr(*sink.node, "path"), sink.key + ".path", WrittenPath(sink.value),
                Told(sink));
    }
    const ConfigNode& log = FindOr(root_, "log");
    AddWriter(FindOr(log, "path"), "log.path", configuration_.log.path, "log.path");
    for (const Listed<SourceConfiguration>& source : sources_) CheckReadPaths(source);
  }

  void AddWriter(const ConfigNode& node, const std::string& key, const std::string& path,
                 const std::string& writer) {
    if (path.empty()) return;
    const auto [first, is_new] = writers_.emplace(path, writer);
    if (is_new) return;
    complaints_.Add(node, key,
                    (path == "-" ? "standard output" : "'" + path + "'") + " is written by " +
                        first->second + " too");
  }

  void CheckReadPaths(const Listed<SourceConfiguration>& source) {
    const SourceKind* kind = source.value.kind;
    if (kind == nullptr || kind->reading == nullptr) return;
    const ConfigNode& list = FindOr(*source.node, "paths");
    std::set<std::string> told;
    for (const auto& [written, writer] : writers_) {
      // The second is the name of such a file after its rotation.
      for (const std::string& path : {written, written + ".20010203T040506Z"}) {
        for (const std::string& pattern : kind->reading(source.value, path)) {
          if (!told.insert(pattern).second) continue;
          std::string what = "'" + pattern + "' matches what ";
          what.append(writer).append(" writes, '").append(written).append("': exclude that");
          complaints_.Add(ItemOr(list, pattern), source.key + ".paths", what);
        }
      }
    }
  }

  // "acks: it can't be set", as the option and the text.
  static std::pair<std::string, std::string> SplitProblem(absl::string_view problem) {
    const std::string line(problem);
    const size_t colon = std::min(line.find(": "), line.size());
    return {line.substr(0, colon), line.substr(std::min(colon + 2, line.size()))};
  }

  // Its lines begin with the option that is wrong: "sasl_password: …", "properties.acks: …".
  template <typename S>
  void ComplainOf(const absl::Status& status, const Listed<S>& one) {
    if (status.ok()) return;
    std::istringstream lines{std::string(status.message())};
    for (std::string line; std::getline(lines, line);) {
      const auto [option, text] = SplitProblem(line);
      const ConfigNode& where = FindOr(*one.node, option.substr(0, option.find('.')));
      complaints_.Add(where, one.key + "." + option, text);
    }
  }

  const ConfigNode& root_;
  const Surroundings& surroundings_;
  Complaints complaints_;
  MapReader reader_;
  Configuration configuration_;
  std::vector<Listed<SourceConfiguration>> sources_;
  std::vector<Listed<SinkConfiguration>> sinks_;
  std::map<std::string, std::string> writers_;  // of each path that is written
};

absl::StatusOr<std::string> ReadText(const std::string& path, Os* os) {
  absl::StatusOr<FileReader> reader = FileReader::Open(os, path);
  if (!reader.ok()) return reader.status();
  std::string text;
  std::array<char, 16384> buffer{};
  // One byte too many is enough for the parser to refuse it.
  while (text.size() <= kMostConfigBytes) {
    const absl::StatusOr<size_t> size = reader->Read(std::span<char>(buffer));
    if (!size.ok()) return size.status();
    if (*size == 0) break;
    text.append(buffer.data(), *size);
  }
  return text;
}

}  // namespace

absl::StatusOr<Configuration> ReadConfiguration(std::string_view text, std::string_view file,
                                                const Surroundings& surroundings) {
  const absl::StatusOr<ConfigNode> root = ParseYaml(text, file);
  if (!root.ok()) return root.status();
  return ReadConfigurationTree(*root, file, surroundings);
}

absl::StatusOr<Configuration> ReadConfigurationFile(const std::string& path,
                                                    const Surroundings& surroundings) {
  const absl::StatusOr<std::string> text = ReadText(path, surroundings.os);
  if (!text.ok()) {
    return absl::Status(text.status().code(),
                        Printable(path, kMostComplaint) +
                            ": cannot read it: " + std::string(text.status().message()));
  }
  return ReadConfiguration(*text, path, surroundings);
}

absl::StatusOr<Configuration> ReadConfigurationTree(const ConfigNode& root, std::string_view file,
                                                    const Surroundings& surroundings) {
  return Builder(root, file, surroundings).Build();
}

}  // namespace sparktail
