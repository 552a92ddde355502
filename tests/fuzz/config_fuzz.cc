// The configuration: any text gives a complete configuration, or a printable error.

#include <algorithm>
#include <set>
#include <string>
#include <variant>

#include "ingest/base/time_zone.h"
#include "ingest/cli/config_file.h"
#include "ingest/sources/file/file_source_options.h"
#include "ingest/sources/kafka/kafka_source_options.h"
#include "parsers/byte_buffer.h"
#include "parsers/json_text.h"
#include "sinks/file/file_sink_options.h"
#include "sinks/sqlite/sqlite_sink_options.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/no_files.h"

namespace sparktail::fuzz {
namespace {

// Reading a zone reads a file that stays in memory, so only a few names are allowed.
bool HasOtherZones(std::string_view text) {
  static constexpr std::string_view kKey = "timezone";
  for (size_t at = text.find(kKey); at != std::string_view::npos; at = text.find(kKey, at + 1)) {
    const std::string_view value = text.substr(at + kKey.size());
    if (!value.starts_with(": UTC\n") && !value.starts_with(": Nowhere\n")) return true;
  }
  return false;
}

bool IsPrintable(std::string_view text) {
  ByteBuffer valid;
  if (AppendValidUtf8(text, &valid) > 0) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  });
}

void CheckError(const absl::Status& status) {
  Require(status.code() == absl::StatusCode::kInvalidArgument,
          "every error is about the configuration");
  const std::string text(status.message());
  Require(IsPrintable(text), "an error is printable");
  Require(std::count(text.begin(), text.end(), '\n') <= 50, "errors are bounded");
  for (size_t begin = 0; begin < text.size();) {
    Require(text.compare(begin, 7, "f.yaml:") == 0, "each line names the file");
    begin = std::min(text.find('\n', begin), text.size() - 1) + 1;
  }
}

void CheckPath(const std::string& path) { Require(path.starts_with('/'), "paths are absolute"); }

template <typename S>
void CheckNames(const std::vector<S>& all) {
  std::set<std::string> names;
  Require(!all.empty(), "there is one at least");
  for (const S& one : all) {
    Require(!one.name.empty() && one.name.find('/') == std::string::npos, "each has a name");
    Require(names.insert(one.name).second, "names differ");
  }
}

void CheckConfiguration(const Configuration& configuration) {
  CheckPath(configuration.state_dir);
  CheckNames(configuration.sources);
  CheckNames(configuration.sinks);
  Require(configuration.max_event_bytes >= 1024, "least event size");
  for (const SourceConfiguration& source : configuration.sources) {
    Require(!source.environment.empty(), "there is an environment");
    Require(FindTimeZone(source.timezone).has_value(), "the zone is there");
    if (const auto* files = source.options.Find<FileSourceOptions>()) {
      Require(!files->paths.empty(), "there are paths");
      for (const std::string& path : files->paths) CheckPath(path);
    } else {
      Require(!source.options.Get<KafkaSourceOptions>().topics.empty(), "there are topics");
    }
    for (const std::string& name : source.sinks) {
      Require(std::any_of(configuration.sinks.begin(), configuration.sinks.end(),
                          [&](const SinkConfiguration& sink) { return sink.name == name; }),
              "its sinks are there");
    }
  }
  for (const SinkConfiguration& sink : configuration.sinks) {
    if (const auto* file = sink.options.Find<FileSinkOptions>()) CheckPath(file->path);
    if (const auto* sqlite = sink.options.Find<SqliteSinkOptions>()) {
      CheckPath(sqlite->path);
    }
  }
}

void Run(std::string_view text) {
  if (HasOtherZones(text)) return;
  NoFiles os;
  const absl::StatusOr<Configuration> configuration =
      ReadConfiguration(text, "f.yaml", SurroundingsWithoutFiles(&os));
  if (configuration.ok()) {
    CheckConfiguration(*configuration);
  } else {
    CheckError(configuration.status());
  }
}

}  // namespace
}  // namespace sparktail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sparktail::fuzz::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
