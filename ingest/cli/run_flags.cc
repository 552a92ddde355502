#include "ingest/cli/run_flags.h"

#include <absl/strings/str_split.h>

#include <algorithm>
#include <utility>

#include "ingest/cli/kinds.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {
namespace {

// The flags; `help` holds only the text that HelpOf() appends to the option's sentence.
std::vector<RunFlag> Flags() {
  return {
      {"--file", "GLOB", "sources", "file", "paths", /*repeatable=*/true, " Repeatable."},
      {"--output", "PATH", "sinks", "file", "path", false,
       " (default: -, if there is no other sink)"},
      {"--sqlite", "PATH", "sinks", "sqlite", "path"},
      {"--kafka", "HOST:PORT[,HOST:PORT]/TOPIC", "sinks", "kafka", "topic", false,
       " The brokers come first. Delivery is exactly once, which needs --instance."},
      {"--state-dir", "DIR", "", "", "state_dir"},
      {"--instance", "NAME", "", "", "instance"},
      {"--environment", "NAME", "", "", "environment"},
      {"--timezone", "ZONE", "sources", "file", "timezone"},
      {"--start-at", "beginning|end|DURATION", "sources", "file", "start_at"},
      {"--watch", "auto|inotify|poll", "sources", "file", "watch"},
      {"--http", "HOST:PORT", "", "", "http"},
      {"--log-level", "LEVEL", "log", "", "level"},
      {"--log-format", "text|json", "log", "", "format"},
      {"--max-event-bytes", "SIZE", "", "", "max_event_bytes"},
  };
}

template <typename Kind>
std::vector<OptionInfo> OptionsOf(const std::vector<const Kind*>& kinds, const std::string& name) {
  for (const Kind* kind : kinds) {
    if (kind->name == name) return Infos(kind->options);
  }
  return {};
}

std::vector<OptionInfo> OptionsFor(const RunFlag& flag) {
  if (flag.section.empty()) return Infos(ConfigurationOptionTable());
  if (flag.section == "log") return Infos(LogOptionTable());
  if (flag.section == "sources") return OptionsOf(AllKinds().sources, flag.kind);
  return OptionsOf(AllKinds().sinks, flag.kind);
}

std::string HelpOf(const RunFlag& flag) {
  for (const OptionInfo& info : OptionsFor(flag)) {
    if (info.name != flag.key) continue;
    const std::string otherwise = info.default_text.value_or(info.default_note);
    return info.sentence + flag.help + (otherwise.empty() ? "" : " (default: " + otherwise + ")");
  }
  return "";
}

using Given = std::map<std::string, std::vector<std::string>>;

ConfigNode Node(ConfigNode::Kind kind, const std::string& flag, const std::string& text = "") {
  ConfigNode node;
  node.kind = kind;
  node.style = ConfigNode::Style::kGiven;
  node.flag = flag;
  node.text = text;
  return node;
}

ConfigNode Scalar(const std::string& flag, const std::string& text) {
  return Node(ConfigNode::Kind::kScalar, flag, text);
}

ConfigNode List(const std::string& flag, std::vector<ConfigNode> items) {
  ConfigNode node = Node(ConfigNode::Kind::kList, flag);
  node.items = std::move(items);
  return node;
}

ConfigNode ListOf(const std::string& flag, const std::vector<std::string>& texts) {
  ConfigNode list = List(flag, {});
  for (const std::string& text : texts) list.items.push_back(Scalar(flag, text));
  return list;
}

void Put(ConfigNode* map, const std::string& key, ConfigNode value) {
  map->keys.push_back(Scalar(value.flag, key));
  map->items.push_back(std::move(value));
}

ConfigNode OneOfKind(const std::string& kind, const std::string& flag) {
  ConfigNode map = Node(ConfigNode::Kind::kMap, flag);
  Put(&map, "kind", Scalar(flag, kind));
  return map;
}

// Puts the options that flags give for a section, or for a source or sink of a kind in it.
ConfigNode WithFlags(ConfigNode map, const std::string& section, const std::string& kind,
                     const Given& given) {
  for (const RunFlag& flag : Flags()) {
    const auto found = given.find(flag.flag);
    if (flag.section != section || flag.kind != kind || found == given.end()) continue;
    Put(&map, flag.key,
        flag.repeatable ? ListOf(flag.flag, found->second)
                        : Scalar(flag.flag, found->second.back()));
  }
  return map;
}

// Returns the sink for HOST:PORT,HOST:PORT/TOPIC.
ConfigNode Kafka(const std::string& text) {
  ConfigNode sink = OneOfKind("kafka", "--kafka");
  const size_t slash = std::min(text.find('/'), text.size());
  std::vector<std::string> brokers = absl::StrSplit(text.substr(0, slash), ',');
  if (brokers.back().empty()) brokers.pop_back();
  Put(&sink, "brokers", ListOf("--kafka", brokers));
  if (slash < text.size()) Put(&sink, "topic", Scalar("--kafka", text.substr(slash + 1)));
  return sink;
}

std::vector<ConfigNode> Sinks(const Given& given) {
  std::vector<ConfigNode> sinks;
  const auto output = given.find("--output");
  const auto kafka = given.find("--kafka");
  const bool has_other = given.contains("--sqlite") || kafka != given.end();
  if (output == given.end() ? !has_other : output->second.back() == "-") {
    sinks.push_back(OneOfKind("stdout", "--output"));
  } else if (output != given.end()) {
    sinks.push_back(WithFlags(OneOfKind("file", "--output"), "sinks", "file", given));
  }
  if (given.contains("--sqlite")) {
    sinks.push_back(WithFlags(OneOfKind("sqlite", "--sqlite"), "sinks", "sqlite", given));
  }
  if (kafka != given.end()) sinks.push_back(Kafka(kafka->second.back()));
  return sinks;
}

}  // namespace

std::vector<RunFlag> RunFlags() {
  std::vector<RunFlag> flags = Flags();
  for (RunFlag& flag : flags) flag.help = HelpOf(flag);
  return flags;
}

ConfigNode TreeOfFlags(const Given& given) {
  const ConfigNode map = Node(ConfigNode::Kind::kMap, "");
  ConfigNode root = WithFlags(map, "", "", given);
  Put(&root, "log", WithFlags(map, "log", "", given));
  Put(&root, "sources",
      List("--file", {WithFlags(OneOfKind("file", "--file"), "sources", "file", given)}));
  Put(&root, "sinks", List("--output", Sinks(given)));
  return root;
}

}  // namespace sparktail
