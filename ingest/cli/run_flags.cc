#include "ingest/cli/run_flags.h"

#include <algorithm>
#include <utility>

#include "ingest/cli/kinds.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {
namespace {

using Place = RunFlag::Place;

// The flags; `help` holds only the text that HelpOf() appends to the option's sentence.
std::vector<RunFlag> Flags() {
  return {
      {"--file", "GLOB", Place::kSource, "paths", /*repeatable=*/true, " Repeatable."},
      {"--output", "PATH", Place::kOutput, "path", false,
       " (default: -, if there is no other sink)"},
      {"--sqlite", "PATH", Place::kSqlite, "path", false, ""},
      {"--kafka", "HOST:PORT[,HOST:PORT]/TOPIC", Place::kKafka, "topic", false,
       " The brokers come first. Delivery is exactly once, which needs --instance."},
      {"--state-dir", "DIR", Place::kTop, "state_dir", false, ""},
      {"--instance", "NAME", Place::kTop, "instance", false, ""},
      {"--environment", "NAME", Place::kTop, "environment", false, ""},
      {"--timezone", "ZONE", Place::kSource, "timezone", false, ""},
      {"--start-at", "beginning|end|DURATION", Place::kSource, "start_at", false, ""},
      {"--watch", "auto|inotify|poll", Place::kSource, "watch", false, ""},
      {"--http", "HOST:PORT", Place::kTop, "http", false, ""},
      {"--log-level", "LEVEL", Place::kLog, "level", false, ""},
      {"--log-format", "text|json", Place::kLog, "format", false, ""},
      {"--max-event-bytes", "SIZE", Place::kTop, "max_event_bytes", false, ""},
  };
}

const OptionInfo* Find(const std::vector<OptionInfo>& infos, const std::string& name) {
  const auto found = std::find_if(infos.begin(), infos.end(),
                                  [&](const OptionInfo& info) { return info.name == name; });
  return found == infos.end() ? nullptr : &*found;
}

template <typename Kind>
std::vector<OptionInfo> OfKind(const std::vector<const Kind*>& kinds, const std::string& name) {
  for (const Kind* kind : kinds) {
    if (kind->name == name) return Infos(kind->options);
  }
  return {};
}

std::vector<OptionInfo> OptionsOf(Place place) {
  switch (place) {
    case Place::kTop:
      return Infos(ConfigurationOptionTable());
    case Place::kLog:
      return Infos(LogOptionTable());
    case Place::kSource:
      return OfKind(AllKinds().sources, "file");
    case Place::kOutput:
      return OfKind(AllKinds().sinks, "file");
    case Place::kSqlite:
      return OfKind(AllKinds().sinks, "sqlite");
    case Place::kKafka:
      return OfKind(AllKinds().sinks, "kafka");
  }
  return {};
}

std::string HelpOf(const RunFlag& flag, const std::vector<OptionInfo>& infos) {
  const OptionInfo* info = Find(infos, flag.key);
  if (info == nullptr) return "";
  const std::string otherwise = info->default_text.value_or(info->default_note);
  return info->sentence + flag.help + (otherwise.empty() ? "" : " (default: " + otherwise + ")");
}

ConfigNode Scalar(const std::string& flag, const std::string& text) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kScalar;
  node.style = ConfigNode::Style::kGiven;
  node.flag = flag;
  node.text = text;
  return node;
}

ConfigNode List(const std::string& flag, std::vector<ConfigNode> items) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kList;
  node.flag = flag;
  node.items = std::move(items);
  return node;
}

ConfigNode Map(const std::string& flag) {
  ConfigNode node;
  node.flag = flag;
  return node;
}

void Put(ConfigNode* map, const std::string& key, ConfigNode value) {
  map->keys.push_back(Scalar(value.flag, key));
  map->items.push_back(std::move(value));
}

ConfigNode Value(const RunFlag& flag, const std::vector<std::string>& texts) {
  if (!flag.repeatable) return Scalar(flag.flag, texts.back());
  ConfigNode list = List(flag.flag, {});
  for (const std::string& text : texts) list.items.push_back(Scalar(flag.flag, text));
  return list;
}

// Builds the mapping of the flags for one place, with `kind` first if it is not empty.
ConfigNode MapOf(Place place, const std::string& kind, const std::string& flag_of_kind,
                 const std::map<std::string, std::vector<std::string>>& given) {
  ConfigNode map = Map(flag_of_kind);
  if (!kind.empty()) Put(&map, "kind", Scalar(flag_of_kind, kind));
  for (const RunFlag& flag : Flags()) {
    const auto found = given.find(flag.flag);
    if (flag.place == place && found != given.end())
      Put(&map, flag.key, Value(flag, found->second));
  }
  return map;
}

// Builds the sink for HOST:PORT,HOST:PORT/TOPIC.
ConfigNode Kafka(const std::string& text) {
  static const std::string kFlag = "--kafka";
  ConfigNode map = Map(kFlag);
  Put(&map, "kind", Scalar(kFlag, "kafka"));
  const size_t slash = std::min(text.find('/'), text.size());
  ConfigNode brokers = List(kFlag, {});
  for (size_t at = 0; at < slash;) {
    const size_t comma = std::min(text.find(',', at), slash);
    brokers.items.push_back(Scalar(kFlag, text.substr(at, comma - at)));
    at = comma + 1;
  }
  Put(&map, "brokers", std::move(brokers));
  if (slash < text.size()) Put(&map, "topic", Scalar(kFlag, text.substr(slash + 1)));
  return map;
}

std::vector<ConfigNode> Sinks(const std::map<std::string, std::vector<std::string>>& given) {
  std::vector<ConfigNode> sinks;
  const auto output = given.find("--output");
  const bool has_output = output != given.end();
  const bool has_sqlite = given.contains("--sqlite");
  const auto kafka = given.find("--kafka");
  const bool has_kafka = kafka != given.end();
  const bool to_stdout = has_output ? output->second.back() == "-" : !has_sqlite && !has_kafka;
  if (to_stdout) {
    sinks.push_back(MapOf(Place::kOutput, "stdout", "--output", {}));
  } else if (has_output) {
    sinks.push_back(MapOf(Place::kOutput, "file", "--output", given));
  }
  if (has_sqlite) sinks.push_back(MapOf(Place::kSqlite, "sqlite", "--sqlite", given));
  if (has_kafka) sinks.push_back(Kafka(kafka->second.back()));
  return sinks;
}

}  // namespace

std::vector<RunFlag> RunFlags() {
  std::vector<RunFlag> flags = Flags();
  std::map<Place, std::vector<OptionInfo>> infos;
  for (RunFlag& flag : flags) {
    const auto [its, is_new] = infos.try_emplace(flag.place);
    if (is_new) its->second = OptionsOf(flag.place);
    flag.help = HelpOf(flag, its->second);
  }
  return flags;
}

ConfigNode TreeOfFlags(const std::map<std::string, std::vector<std::string>>& given) {
  ConfigNode root = MapOf(Place::kTop, "", "", given);
  Put(&root, "log", MapOf(Place::kLog, "", "", given));
  Put(&root, "sources", List("--file", {MapOf(Place::kSource, "file", "--file", given)}));
  Put(&root, "sinks", List("--output", Sinks(given)));
  return root;
}

}  // namespace sparktail
