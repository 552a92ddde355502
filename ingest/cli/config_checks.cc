#include "ingest/cli/config_checks.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ingest/base/nearest.h"

namespace sparktail {
namespace {

// A source or sink, and where it stands.
template <typename S>
struct Listed {
  S* value = nullptr;
  const ConfigNode* node = nullptr;
  std::string key;  // sinks[0]
};

template <typename S>
std::vector<Listed<S>> ListOf(const ConfigNode& root, std::string_view key,
                              std::vector<S>* values) {
  std::vector<Listed<S>> all;
  for (size_t i = 0; i < values->size(); ++i) {
    all.push_back(
        {&(*values)[i], &root.FindOr(key).items[i], absl::StrCat(std::string(key), "[", i, "]")});
  }
  return all;
}

template <typename S>
std::string Told(const Listed<S>& one) {
  return one.node->flag.empty() ? absl::StrCat(one.key, " (line ", one.node->line, ")")
                                : one.node->flag;
}

// The item of a list that is this text, or else the list.
const ConfigNode& ItemOr(const ConfigNode& list, const std::string& text) {
  const auto found = std::find_if(list.items.begin(), list.items.end(),
                                  [&](const ConfigNode& item) { return item.text == text; });
  return found == list.items.end() ? list : *found;
}

// "acks: it can't be set", as the option and the text.
std::pair<std::string, std::string> Split(absl::string_view problem) {
  return absl::StrSplit(problem, absl::MaxSplits(": ", 1));
}

class Checks {
 public:
  Checks(const ConfigNode& root, Configuration* configuration, ConfigOptions* options)
      : root_(root),
        configuration_(configuration),
        options_(options),
        sources_(ListOf(root, "sources", &configuration->sources)),
        sinks_(ListOf(root, "sinks", &configuration->sinks)) {}

  void Run() {
    GiveNames(sources_);
    GiveNames(sinks_);
    CheckSinkNames();
    for (const Listed<SinkConfiguration>& sink : sinks_) CheckSink(sink);
    for (const Listed<SourceConfiguration>& source : sources_) {
      const SourceKind* kind = source.value->kind;
      if (kind != nullptr && kind->problems != nullptr) {
        Complain(kind->problems(*source.value), source);
      }
    }
    CheckWrittenPaths();
  }

 private:
  // Gives the kind, then kind-2 …, to those that have none; then all must differ.
  template <typename S>
  void GiveNames(const std::vector<Listed<S>>& all) {
    std::map<std::string, size_t> nameless;
    std::map<std::string, const Listed<S>*> names;
    for (const Listed<S>& one : all) {
      std::string& name = one.value->name;
      if (name.empty() && one.node->Find("name") == nullptr && one.value->kind != nullptr) {
        name = one.value->kind->name;
        const size_t number = ++nameless[name];
        if (number > 1) absl::StrAppend(&name, "-", number);
      }
      if (name.empty()) continue;
      const auto [first, is_new] = names.emplace(name, &one);
      if (is_new) continue;
      options_->Complain(one.node->FindOr("name"), one.key + ".name",
                         absl::StrCat("'", name, "' is the name of ", Told(*first->second),
                                      " too; give it another"));
    }
  }

  void CheckSinkNames() {
    std::vector<std::string> names;
    for (const Listed<SinkConfiguration>& sink : sinks_) {
      if (sink.value->name.empty()) return;  // it might be this one
      names.push_back(sink.value->name);
    }
    for (const Listed<SourceConfiguration>& source : sources_) {
      for (const std::string& name : source.value->sinks) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        std::string what = "there is no sink '" + name + "'";
        const std::string nearest = Nearest(name, names);
        if (!nearest.empty()) what += "; did you mean " + nearest + "?";
        options_->Complain(ItemOr(source.node->FindOr("sinks"), name), source.key + ".sinks", what);
      }
    }
  }

  // The sink may turn out to be one of another kind.
  void CheckSink(const Listed<SinkConfiguration>& sink) {
    const SinkKind* kind = sink.value->kind;
    if (kind == nullptr) return;
    if (kind->problems != nullptr) Complain(kind->problems(*sink.value), sink);
    if (kind->why_instance != nullptr && root_.Find("instance") == nullptr) {
      AskForInstance(kind->why_instance(*sink.value), sink);
    }
    if (kind->complete == nullptr) return;
    std::set<std::string> given;
    for (const ConfigNode& key : sink.node->keys) given.insert(key.text);
    Complain(kind->complete(given, sink.value), sink);
  }

  void AskForInstance(const absl::Status& why, const Listed<SinkConfiguration>& sink) {
    if (why.ok()) return;
    const auto [option, text] = Split(why.message());
    options_->Complain(sink.node->FindOr(option), "instance",
                       "give it (--instance NAME): " + sink.key + " " + text);
  }

  // The lines begin with the option that is wrong: "sasl_password: …", "properties.acks: …".
  template <typename S>
  void Complain(const absl::Status& status, const Listed<S>& one) {
    for (const absl::string_view line : absl::StrSplit(status.message(), '\n', absl::SkipEmpty())) {
      const auto [option, text] = Split(line);
      options_->Complain(one.node->FindOr(option.substr(0, option.find('.'))),
                         one.key + "." + option, text);
    }
  }

  void CheckWrittenPaths() {
    if (const std::string& state_dir = configuration_->state_dir; !state_dir.empty()) {
      writers_[state_dir + "/offsets.db"] = "sparktail itself (state_dir)";
      writers_[state_dir + "/lock"] = "sparktail itself (state_dir)";
    }
    for (const Listed<SinkConfiguration>& sink : sinks_) {
      AddWriter(sink.node->FindOr("path"), sink.key + ".path", WrittenPath(*sink.value),
                Told(sink));
    }
    AddWriter(root_.FindOr("log").FindOr("path"), "log.path", configuration_->log.path, "log.path");
    for (const Listed<SourceConfiguration>& source : sources_) CheckReadPaths(source);
  }

  void AddWriter(const ConfigNode& node, const std::string& key, const std::string& path,
                 const std::string& writer) {
    if (path.empty()) return;
    const auto [first, is_new] = writers_.emplace(path, writer);
    if (is_new) return;
    options_->Complain(node, key,
                       (path == "-" ? "standard output" : "'" + path + "'") + " is written by " +
                           first->second + " too");
  }

  void CheckReadPaths(const Listed<SourceConfiguration>& source) {
    const SourceKind* kind = source.value->kind;
    if (kind == nullptr || kind->reading == nullptr) return;
    const ConfigNode& list = source.node->FindOr("paths");
    std::set<std::string> told;
    for (const auto& [written, writer] : writers_) {
      // The second is the name of such a file after its rotation.
      for (const std::string& path : {written, written + ".20010203T040506Z"}) {
        for (const std::string& pattern : kind->reading(*source.value, path)) {
          if (!told.insert(pattern).second) continue;
          options_->Complain(ItemOr(list, pattern), source.key + ".paths",
                             absl::StrCat("'", pattern, "' matches what ", writer, " writes, '",
                                          written, "': exclude that"));
        }
      }
    }
  }

  const ConfigNode& root_;
  Configuration* configuration_;
  ConfigOptions* options_;
  const std::vector<Listed<SourceConfiguration>> sources_;
  const std::vector<Listed<SinkConfiguration>> sinks_;
  std::map<std::string, std::string> writers_;  // of each path that is written
};

}  // namespace

void CheckConfiguration(const ConfigNode& root, Configuration* configuration,
                        ConfigOptions* options) {
  Checks(root, configuration, options).Run();
}

}  // namespace sparktail
