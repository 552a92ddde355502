#include "ingest/cli/config_reference.h"

#include <absl/functional/function_ref.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/pipeline/configuration.h"
#include "parsers/byte_buffer.h"
#include "parsers/json_writer.h"

namespace sparktail {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

`sparktail run -c sparktail.yaml` reads its sources and sinks from this file; `sparktail check -c sparktail.yaml` reads it and tries every source
and sink. `sparktail check --print-config-reference` prints this page.

```yaml
instance: prod-1
environment: pro
state_dir: /var/lib/sparktail
http: 127.0.0.1:9464
sources:
  - kind: file
    paths: ['/var/log/containers/*-driver-*.log']
    start_at: beginning
    timezone: Europe/Madrid
    sinks: [file, history]     # default: all
  - kind: file
    name: batch
    paths: ['/var/log/hadoop-yarn/containers/**/stderr']
    sinks: [history]
sinks:
  - {kind: file, path: /var/lib/sparktail/events.ndjson, rotate_bytes: 256MiB, keep_files: 10}
  - {kind: sqlite, name: history, path: /var/lib/sparktail/history.db, retention: 30d}
```

## How it is read

A configuration is YAML, UTF-8, at most 1 MiB, and read strictly: an unknown key, a wrong type, an impossible value or a duplicate key is an error.
All errors are reported at once, each with file, line and key. Anchors, aliases and tags are not supported.

- **References**: in values (not in keys, nor in `kind`) `${NAME}` is replaced by a variable of the environment and `${file:/run/secrets/name}` by the
  content of a file, without its last newline. A missing variable or file is an error. Replaced text is not searched again. `$$` is a dollar.
- **Sizes** are bytes, or a number with `KiB`, `MiB` or `GiB`: `65536`, `64KiB`.
- **Durations** are a number with `ms`, `s`, `m`, `h` or `d`: `500ms`, `30d`.
- **Paths**: a relative path is in the working directory. `~` is not replaced, `${HOME}` is. Two sinks may not write to one place, and no source may
  read a place that a sink or the own log writes to.
- **Text** that YAML would take for a number, a boolean or nothing, or that begins with `*`, `&`, `!` or `{`, needs quotes.

Editors complete and check the file with the JSON Schema [sparktail.schema.json](sparktail.schema.json) (`sparktail check --print-json-schema`). For the
YAML language server, put this in the first line: `# yaml-language-server: $schema=sparktail.schema.json`.
)";

// ---------------------------------------------------------------- Markdown

// Escapes any text for a cell of a table.
std::string Cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (std::string_view("*_|<>[]\\`").find(c) != std::string_view::npos) cell += '\\';
    cell += c;
  }
  return cell;
}

std::string Code(std::string_view text) { return "`" + std::string(text) + "`"; }

std::string DefaultCell(const OptionInfo& info) {
  if (info.required) return "**required**";
  return info.default_text ? Code(*info.default_text) : Cell(info.default_note);
}

std::string Table(const std::vector<OptionInfo>& infos) {
  std::string table = "\n| key | value | default | |\n|---|---|---|---|\n";
  for (const OptionInfo& info : infos) {
    table += "| " + Code(info.name) + " | " + Cell(Expected(info)) + " | " + DefaultCell(info) +
             " | " + Cell(info.sentence) + " |\n";
  }
  return table;
}

// Returns the options that are not in `common`.
std::vector<OptionInfo> Without(std::vector<OptionInfo> infos,
                                const std::vector<OptionInfo>& common) {
  std::erase_if(infos, [&](const OptionInfo& info) {
    return std::any_of(common.begin(), common.end(),
                       [&](const OptionInfo& other) { return other.name == info.name; });
  });
  return infos;
}

template <typename Kind>
std::string KindSections(const std::vector<const Kind*>& kinds,
                         const std::vector<OptionInfo>& common) {
  std::string text;
  for (const Kind* kind : kinds) {
    text += "\n### `kind: " + kind->name + "`\n\n" + kind->sentence + "\n";
    const std::vector<OptionInfo> own = Without(Infos(kind->options), common);
    if (!own.empty()) text += Table(own);
  }
  return text;
}

// ---------------------------------------------------------------- JSON

using Write = absl::FunctionRef<void()>;

// Writes an object: the value of a key, or an element of an array.
void Object(std::string_view key, JsonWriter* json, Write write_members) {
  json->Open(key);
  write_members();
  json->Close();
}
void Object(JsonWriter* json, Write write_members) {
  json->Open();
  write_members();
  json->Close();
}

void WritePattern(std::string_view pattern, JsonWriter* json) {
  json->Text("type", "string");
  json->Text("pattern", pattern);
}

void WriteRange(const OptionInfo& info, JsonWriter* json) {
  json->Text("type", "integer");
  json->Raw("minimum", std::to_string(info.least));
  if (info.most < INT64_MAX) json->Raw("maximum", std::to_string(info.most));
}

// Writes the alternatives of a scalar, an object each.
void WriteScalar(const OptionInfo& info, JsonWriter* json) {
  json->OpenArray("anyOf");
  if (!info.words.empty()) {
    std::vector<std::string> words;
    for (const OptionWord& word : info.words) words.push_back(word.text);
    Object(json, [&] { json->Texts("enum", words); });
  }
  switch (info.type) {
    case OptionType::kText:
    case OptionType::kTextList:
    case OptionType::kSecret:
      Object(json, [&] { WritePattern(info.form->pattern, json); });
      break;
    case OptionType::kInteger:
      Object(json, [&] { WriteRange(info, json); });
      break;
    case OptionType::kBytes:
      Object(json, [&] { WriteRange(info, json); });
      Object(json, [&] { WritePattern("^[0-9]+([kmgKMG]([iI][bB])?)?$", json); });
      break;
    case OptionType::kDuration:
      Object(json, [&] { WritePattern("^[0-9]+(ms|s|m|h|d)$", json); });
      break;
    case OptionType::kBoolean:
      Object(json, [&] { json->Text("type", "boolean"); });
      break;
    case OptionType::kChoice:
    case OptionType::kTextMap:
      break;
  }
  Object(json, [&] { json->Text("$ref", "#/$defs/reference"); });
  json->CloseArray();
}

void WriteDefault(const OptionInfo& info, JsonWriter* json) {
  if (!info.default_text) return;
  const bool is_plain = (info.type == OptionType::kInteger && ReadNumber(*info.default_text)) ||
                        info.type == OptionType::kBoolean;
  is_plain ? json->Raw("default", *info.default_text) : json->Text("default", *info.default_text);
}

void WriteOption(const OptionInfo& info, JsonWriter* json) {
  json->Text("description", info.sentence + " Give " + Expected(info) + ".");
  WriteDefault(info, json);
  if (info.type == OptionType::kTextList) {
    json->Text("type", "array");
    json->Raw("minItems", "1");
    json->Raw("uniqueItems", "true");
    Object("items", json, [&] { WriteScalar(info, json); });
  } else if (info.type == OptionType::kTextMap) {
    json->Text("type", "object");
    Object("additionalProperties", json, [&] {
      json->Texts("type", {"string", "number", "boolean"});
    });
  } else {
    WriteScalar(info, json);
  }
}

void WriteOptions(const std::vector<OptionInfo>& infos, JsonWriter* json) {
  for (const OptionInfo& info : infos) {
    Object(info.name, json, [&] { WriteOption(info, json); });
  }
}

template <typename Kind>
void WriteKind(const Kind& kind, JsonWriter* json) {
  const std::vector<OptionInfo> infos = Infos(kind.options);
  std::vector<std::string> required = {"kind"};
  for (const OptionInfo& info : infos) {
    if (info.required) required.push_back(info.name);
  }
  json->Text("title", kind.name);
  json->Text("description", kind.sentence);
  Object("properties", json, [&] {
    Object("kind", json, [&] { json->Text("const", kind.name); });
    WriteOptions(infos, json);
  });
  json->Texts("required", required);
  json->Raw("additionalProperties", "false");
}

template <typename Kind>
void WriteList(const std::string& description, const std::vector<const Kind*>& kinds,
               JsonWriter* json) {
  std::vector<std::string> names;
  names.reserve(kinds.size());
  for (const Kind* kind : kinds) names.push_back(kind->name);
  json->Text("description", description);
  json->Text("type", "array");
  json->Raw("minItems", "1");
  Object("items", json, [&] {
    json->Text("type", "object");
    Object("properties", json, [&] { Object("kind", json, [&] { json->Texts("enum", names); }); });
    json->Texts("required", {"kind"});
    json->OpenArray("oneOf");
    for (const Kind* kind : kinds) Object(json, [&] { WriteKind(*kind, json); });
    json->CloseArray();
  });
}

void WriteLog(JsonWriter* json) {
  json->Text("description", "sparktail's own log.");
  json->Text("type", "object");
  Object("properties", json, [&] { WriteOptions(Infos(LogOptionTable()), json); });
  json->Raw("additionalProperties", "false");
}

}  // namespace

std::string ConfigReference(const Kinds& kinds) {
  const std::vector<OptionInfo> of_sources = Infos(SourceOptionTable());
  const std::vector<OptionInfo> of_sinks = Infos(SinkOptionTable());
  return std::string(kIntroduction) + "\n## Top level\n" +
         Table(Infos(ConfigurationOptionTable())) +
         "\nThe top level also has `log`, `sources` and `sinks`; the last two are required.\n" +
         "\n## `log`\n\nsparktail's own log.\n" + Table(Infos(LogOptionTable())) +
         "\n## `sources`\n\nA list. Every source has a `kind` and may have these options:\n" +
         Table(of_sources) + KindSections(kinds.sources, of_sources) +
         "\n## `sinks`\n\nA list. Every sink has a `kind` and may have these options:\n" +
         Table(of_sinks) + KindSections(kinds.sinks, of_sinks);
}

std::string ConfigJsonSchema(const Kinds& kinds) {
  ByteBuffer out;
  JsonWriter json(&out, JsonWriter::Layout::kIndented);
  Object(&json, [&] {
    json.Text("$schema", "https://json-schema.org/draft/2020-12/schema");
    json.Text("title", "Configuration of sparktail run");
    json.Text("type", "object");
    Object("properties", &json, [&] {
      WriteOptions(Infos(ConfigurationOptionTable()), &json);
      Object("log", &json, [&] { WriteLog(&json); });
      Object("sources", &json, [&] { WriteList("Where logs come from.", kinds.sources, &json); });
      Object("sinks", &json, [&] { WriteList("Where events go.", kinds.sinks, &json); });
    });
    json.Texts("required", {"sources", "sinks"});
    json.Raw("additionalProperties", "false");
    Object("$defs", &json, [&] {
      Object("reference", &json, [&] {
        json.Text("description", "A text in which ${…} or $$ is replaced.");
        WritePattern("\\$\\{[^}]+\\}|\\$\\$", &json);
      });
    });
  });
  out.Append('\n');
  return std::string(out.view());
}

}  // namespace sparktail
