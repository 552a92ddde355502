#include "ingest/cli/config_file.h"

#include <absl/strings/str_cat.h>

#include <optional>
#include <utility>

#include "ingest/base/printable.h"
#include "ingest/cli/config_checks.h"
#include "ingest/cli/config_options.h"
#include "ingest/streams/file_reader.h"

namespace sparktail {
namespace {

constexpr size_t kMostPath = 1024;  // that an error shows

class Builder {
 public:
  Builder(const ConfigNode& root, std::string_view file, const Surroundings& surroundings)
      : root_(root), surroundings_(surroundings), options_(file, surroundings) {}

  absl::StatusOr<Configuration> Build() {
    options_.Read(root_, "", ConfigurationOptionTable(), {"log", "sources", "sinks"},
                  &configuration_);
    ReadLog();
    ReadList("sources", surroundings_.kinds.sources, &configuration_.sources);
    ReadList("sinks", surroundings_.kinds.sinks, &configuration_.sinks);
    FindStateDirectory();
    CheckConfiguration(root_, &configuration_, &options_);
    if (absl::Status status = options_.ToStatus(); !status.ok()) return status;
    for (SourceConfiguration& source : configuration_.sources) {
      if (source.environment.empty()) source.environment = configuration_.environment;
    }
    return std::move(configuration_);
  }

 private:
  void ReadLog() {
    const ConfigNode* log = root_.Find("log");
    if (log == nullptr) return;
    if (log->kind != ConfigNode::Kind::kMap) {
      return options_.Complain(*log, "log", "lines such as `level: info` are expected below it");
    }
    options_.Read(*log, "log.", LogOptionTable(), {}, &configuration_.log);
  }

  template <typename S, typename Kind>
  void ReadList(const std::string& key, const std::vector<const Kind*>& kinds,
                std::vector<S>* values) {
    const ConfigNode* list = root_.Find(key);
    if (list == nullptr || list->kind != ConfigNode::Kind::kList || list->items.empty()) {
      return options_.Complain(
          root_.FindOr(key), key,
          absl::StrCat(list == nullptr ? "it is missing: " : "",
                       "give a list of at least one, such as `- kind: ", kinds.front()->name, "`"));
    }
    for (size_t i = 0; i < list->items.size(); ++i) {
      values->push_back(ReadOne<S>(list->items[i], absl::StrCat(key, "[", i, "]"), kinds));
    }
  }

  template <typename S, typename Kind>
  S ReadOne(const ConfigNode& node, const std::string& key, const std::vector<const Kind*>& kinds) {
    S one;
    one.kind = FindKind(node, key, kinds);
    if (one.kind != nullptr) {
      one.options = one.kind->defaults;
      options_.Read(node, key + ".", one.kind->options, {"kind"}, &one);
    } else if (const ConfigNode& name = node.FindOr("name");
               name.kind == ConfigNode::Kind::kScalar) {
      one.name = name.text;  // so that sources may name it
    }
    return one;
  }

  // Returns null after a complaint.
  template <typename Kind>
  const Kind* FindKind(const ConfigNode& node, const std::string& key,
                       const std::vector<const Kind*>& kinds) {
    OptionInfo info;
    info.type = OptionType::kChoice;
    for (const Kind* kind : kinds) info.words.push_back({kind->name, kind->name});
    if (node.kind != ConfigNode::Kind::kMap) {
      options_.Complain(node, key, "lines of `key: value` are expected, `kind` among them");
      return nullptr;
    }
    const ConfigNode* word = node.Find("kind");
    if (word == nullptr) {
      options_.Complain(node, key + ".kind", "it is missing: give " + Expected(info));
      return nullptr;
    }
    for (const Kind* kind : kinds) {
      if (kind->name == word->text) return kind;
    }
    ConfigNode literal = *word;  // references are not replaced in it
    literal.style = ConfigNode::Style::kGiven;
    if (options_.Scalar(literal, key + ".kind", info)) {
      options_.Complain(
          literal, key + ".kind",
          absl::StrCat("unknown kind: ", ReadOption(info, literal.text).status().message()));
    }
    return nullptr;
  }

  void FindStateDirectory() {
    if (root_.Find("state_dir") != nullptr) return;
    if (std::optional<std::string> directory = DefaultStateDirectory(surroundings_)) {
      configuration_.state_dir = std::move(*directory);
    } else {
      options_.Complain(root_, "state_dir",
                        "it is missing, and the environment has no HOME: give a directory");
    }
  }

  const ConfigNode& root_;
  const Surroundings& surroundings_;
  ConfigOptions options_;
  Configuration configuration_;
};

}  // namespace

absl::StatusOr<Configuration> ReadConfiguration(std::string_view text, std::string_view file,
                                                const Surroundings& surroundings) {
  const absl::StatusOr<ConfigNode> root = ParseYaml(text, file);
  if (!root.ok()) return root.status();
  return ReadConfigurationTree(*root, file, surroundings);
}

absl::StatusOr<Configuration> ReadConfigurationFile(const std::string& path,
                                                    const Surroundings& surroundings) {
  // One byte too many is enough for the parser to reject it.
  const absl::StatusOr<std::string> text = ReadFile(surroundings.os, path, kMostConfigBytes + 1);
  if (!text.ok()) {
    return absl::Status(text.status().code(), Printable(path, kMostPath) + ": cannot read it: " +
                                                  std::string(text.status().message()));
  }
  return ReadConfiguration(*text, path, surroundings);
}

absl::StatusOr<Configuration> ReadConfigurationTree(const ConfigNode& root, std::string_view file,
                                                    const Surroundings& surroundings) {
  return Builder(root, file, surroundings).Build();
}

}  // namespace sparktail
