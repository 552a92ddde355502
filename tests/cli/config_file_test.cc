#include "ingest/cli/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "ingest/sources/file/file_source_options.h"
#include "ingest/sources/kafka/kafka_source_options.h"
#include "sinks/options.h"
#include "tests/support/fake_surroundings.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MakeSurroundings;

constexpr char kSource[] = "sources: [{kind: file, paths: [/logs/a]}]\n";
constexpr char kSink[] = "sinks: [{kind: stdout}]\n";

class ConfigFileTest : public ::testing::Test {
 protected:
  absl::StatusOr<Configuration> Result(const std::string& text) {
    return ReadConfiguration(text, "f.yaml", surroundings_);
  }
  Configuration Read(const std::string& text) {
    absl::StatusOr<Configuration> configuration = Result(text);
    EXPECT_TRUE(configuration.ok()) << configuration.status();
    return configuration.ok() ? *std::move(configuration) : Configuration();
  }
  std::vector<std::string> ErrorsOf(const std::string& text) {
    const absl::StatusOr<Configuration> configuration = Result(text);
    EXPECT_EQ(configuration.status().code(), absl::StatusCode::kInvalidArgument) << text;
    std::istringstream message{std::string(configuration.status().message())};
    std::vector<std::string> lines;
    for (std::string line; std::getline(message, line);) lines.push_back(line);
    return lines;
  }
  // The error of a configuration with one mistake.
  std::string ErrorOf(const std::string& text) {
    const std::vector<std::string> errors = ErrorsOf(text);
    EXPECT_EQ(errors.size(), 1U) << text << ::testing::PrintToString(errors);
    return errors.empty() ? "" : errors[0];
  }
  static FileSourceOptions Source(const Configuration& configuration, size_t i = 0) {
    return configuration.sources.at(i).options.Get<FileSourceOptions>();
  }

  PosixOs os_;
  Surroundings surroundings_ = MakeSurroundings(
      &os_, {{"ZONE", "Europe/Madrid"}, {"COUNT", "7"}, {"NAME", "x"}, {"EMPTY", ""}});
};

TEST_F(ConfigFileTest, LittleIsNeeded) {
  const Configuration read = Read(std::string(kSource) + kSink);
  EXPECT_EQ(read.instance, "sparktail");
  EXPECT_EQ(read.environment, "default");
  EXPECT_EQ(read.state_dir, "/home/me/.local/state/sparktail");
  EXPECT_EQ(read.http, "");
  EXPECT_EQ(read.log.level, "info");
  EXPECT_EQ(read.shutdown_timeout, absl::Seconds(25));
  ASSERT_EQ(read.sources.size(), 1U);
  EXPECT_EQ(read.sources[0].name, "file");
  EXPECT_EQ(read.sources[0].environment, "default");
  EXPECT_EQ(read.sources[0].timezone, "UTC");
  EXPECT_TRUE(read.sources[0].sinks.empty());
  EXPECT_THAT(Source(read).paths, ElementsAre("/logs/a"));
  ASSERT_EQ(read.sinks.size(), 1U);
  EXPECT_EQ(read.sinks[0].name, "stdout");
  EXPECT_TRUE((read.sinks[0].options.Find<StdoutSinkOptions>() != nullptr));
}

TEST_F(ConfigFileTest, EverythingReachesTheConfiguration) {
  const Configuration read = Read(R"(
instance: prod-1
environment: pro
state_dir: /state
http: 127.0.0.1:0
shutdown_timeout: 5s
max_event_bytes: 1MiB
log: {level: debug, format: json, path: run.log}
sources:
  - kind: file
    name: a
    environment: test
    timezone: Europe/Madrid
    sinks: [history]
    paths: ['/logs/*/stderr', rel/*.log]
    exclude: ['/logs/x/*']
    start_at: 2h
    watch: poll
    poll_interval: 200ms
    rotate_wait: 1s
    close_idle: 1m
    record_timeout: 2s
    deleted_bytes: 10MiB
    deleted_wait: 1m
  - {kind: file, paths: [/b], start_at: end}
sinks:
  - {kind: file, path: ./events.ndjson, rotate_bytes: 1MiB, rotate_age: 1d, keep_files: 3,
     commit_interval: 10ms, commit_bytes: 1MiB, queue_bytes: 2MiB, dead_letter_bytes: 3MiB}
  - {kind: sqlite, name: history, path: /h.db, retention: 30d}
)");
  EXPECT_EQ(read.instance, "prod-1");
  EXPECT_EQ(read.environment, "pro");
  EXPECT_EQ(read.state_dir, "/state");
  EXPECT_EQ(read.http, "127.0.0.1:0");
  EXPECT_EQ(read.shutdown_timeout, absl::Seconds(5));
  EXPECT_EQ(read.max_event_bytes, size_t{1} << 20);
  EXPECT_EQ(read.log.level, "debug");
  EXPECT_EQ(read.log.format, LogConfiguration::Format::kJson);
  EXPECT_EQ(read.log.path, "/work/run.log");
  ASSERT_EQ(read.sources.size(), 2U);
  EXPECT_EQ(read.sources[0].name, "a");
  EXPECT_EQ(read.sources[0].environment, "test");
  EXPECT_EQ(read.sources[0].timezone, "Europe/Madrid");
  EXPECT_THAT(read.sources[0].sinks, ElementsAre("history"));
  const FileSourceOptions source = Source(read);
  EXPECT_THAT(source.paths, ElementsAre("/logs/*/stderr", "/work/rel/*.log"));
  EXPECT_THAT(source.exclude, ElementsAre("/logs/x/*"));
  EXPECT_EQ(source.start_at.kind, StartAt::Kind::kAge);
  EXPECT_EQ(source.start_at.age, absl::Hours(2));
  EXPECT_EQ(source.watch, Watch::kPoll);
  EXPECT_EQ(source.poll_interval, absl::Milliseconds(200));
  EXPECT_EQ(source.rotate_wait, absl::Seconds(1));
  EXPECT_EQ(source.close_idle, absl::Minutes(1));
  EXPECT_EQ(source.record_timeout, absl::Seconds(2));
  EXPECT_EQ(source.deleted_bytes, uint64_t{10} << 20);
  EXPECT_EQ(source.deleted_wait, absl::Minutes(1));
  EXPECT_EQ(read.sources[1].name, "file");
  EXPECT_EQ(read.sources[1].environment, "pro");
  EXPECT_EQ(Source(read, 1).start_at.kind, StartAt::Kind::kEnd);
  ASSERT_EQ(read.sinks.size(), 2U);
  const auto& file = read.sinks[0].options.Get<FileSinkOptions>();
  EXPECT_EQ(read.sinks[0].name, "file");
  EXPECT_EQ(file.path, "/work/events.ndjson");
  EXPECT_EQ(file.rotate_bytes, uint64_t{1} << 20);
  EXPECT_EQ(file.rotate_age, absl::Hours(24));
  EXPECT_EQ(file.keep_files, 3U);
  EXPECT_EQ(read.sinks[0].delivery.commit_interval, absl::Milliseconds(10));
  EXPECT_EQ(read.sinks[0].delivery.commit_bytes, uint64_t{1} << 20);
  EXPECT_EQ(read.sinks[0].delivery.queue_bytes, uint64_t{2} << 20);
  EXPECT_EQ(read.sinks[0].delivery.dead_letter_bytes, uint64_t{3} << 20);
  const auto& sqlite = read.sinks[1].options.Get<SqliteSinkOptions>();
  EXPECT_EQ(sqlite.path, "/h.db");
  EXPECT_EQ(sqlite.retention, absl::Hours(24 * 30));
}

TEST_F(ConfigFileTest, NamesAreTheKindAndNumbered) {
  const Configuration read = Read(R"(
sources: [{kind: file, paths: [/a]}, {kind: file, name: x, paths: [/b]}, {kind: file, paths: [/c]}]
sinks:
  - {kind: sqlite, path: /1}
  - {kind: sqlite, path: /2}
  - {kind: file, path: /3}
  - {kind: sqlite, path: /4}
)");
  EXPECT_EQ(read.sources[0].name, "file");
  EXPECT_EQ(read.sources[1].name, "x");
  EXPECT_EQ(read.sources[2].name, "file-2");
  EXPECT_EQ(read.sinks[0].name, "sqlite");
  EXPECT_EQ(read.sinks[1].name, "sqlite-2");
  EXPECT_EQ(read.sinks[2].name, "file");
  EXPECT_EQ(read.sinks[3].name, "sqlite-3");
}

TEST_F(ConfigFileTest, AFileSinkMayBeStandardOutput) {
  const Configuration read = Read(std::string(kSource) + "sinks: [{kind: file, path: '-'}]\n");
  EXPECT_TRUE((read.sinks[0].options.Find<StdoutSinkOptions>() != nullptr));
  EXPECT_EQ(read.sinks[0].name, "file");
  EXPECT_THAT(
      ErrorOf(std::string(kSource) + "sinks:\n- {kind: file, path: '-',\n   keep_files: 2}"),
      HasSubstr("f.yaml:4: sinks[0].keep_files: standard output"));
}

TEST_F(ConfigFileTest, EachMistakeIsNamedWithItsPlace) {
  struct Case {
    std::string text;  // behind a good source and a good sink
    std::string error;
  };
  for (const Case& c : {
           Case{"instanec: x", "f.yaml:3: instanec: unknown key; did you mean instance?"},
           Case{"zzzzzzzz: x",
                "f.yaml:3: zzzzzzzz: unknown key; there are log, sources, sinks, "
                "instance, environment, state_dir, http, "},
           Case{"instance: a\ninstance: b",
                "f.yaml:4: instance: it is there twice, first in line 3"},
           Case{"sinks: []", "f.yaml:3: sinks: it is there twice, first in line 2"},
           Case{"instance: [a]", "f.yaml:3: instance: one value is expected here"},
           Case{"instance: {a: b}", "f.yaml:3: instance: one value is expected here"},
           Case{"instance:", "f.yaml:3: instance: a value is missing"},
           Case{"instance: ~", "f.yaml:3: instance: a value is missing"},
           Case{"instance: ''", "f.yaml:3: instance: it is empty"},
           Case{"instance: 5", "f.yaml:3: instance: this is a number in YAML"},
           Case{"instance: 1e5", "f.yaml:3: instance: this is a number in YAML"},
           Case{"environment: true", "f.yaml:3: environment: this is true or false in YAML"},
           Case{"instance: a/b", "f.yaml:3: instance: give a name"},
           Case{"http: '9464'", "f.yaml:3: http: give host:port"},
           Case{"shutdown_timeout: 5", "f.yaml:3: shutdown_timeout: give a duration"},
           Case{"max_event_bytes: 2GiB",
                "f.yaml:3: max_event_bytes: give a size from 1KiB to 1GiB"},
           Case{"state_dir: ~/x", "f.yaml:3: state_dir: give a path"},
           Case{"log: info", "f.yaml:3: log: lines such as `level: info`"},
           Case{"log: {level: warn}",
                "f.yaml:3: log.level: give debug, info, warning or error, not "
                "'warn'"},
           Case{"log: {lvel: info}", "f.yaml:3: log.lvel: unknown key; did you mean level?"},
           Case{"log: {level: info,\n  level: info}", "f.yaml:4: log.level: it is there twice"},
           Case{"environment: ${NOWHERE}",
                "f.yaml:3: environment: the environment has no variable NOWHERE"},
           Case{"environment: ${EMPTY}", "f.yaml:3: environment: it is empty"},
           Case{"log: {path: /home/me/.local/state/sparktail/offsets.db}",
                "f.yaml:3: log.path: '/home/me/.local/state/sparktail/offsets.db' is written by "
                "sparktail itself"},
       }) {
    EXPECT_THAT(ErrorOf(std::string(kSource) + kSink + c.text), HasSubstr(c.error)) << c.text;
  }
}

TEST_F(ConfigFileTest, MistakesInSources) {
  struct Case {
    std::string text;
    std::string error;
  };
  for (const Case& c : {
           Case{"", "f.yaml:1: sources: it is missing"},
           Case{"sources:",
                "f.yaml:2: sources: give a list of at least one, such as `- kind: file`"},
           Case{"sources: []", "f.yaml:2: sources: give a list"},
           Case{"sources: {kind: file}", "f.yaml:2: sources: give a list"},
           Case{"sources: [file]", "f.yaml:2: sources[0]: lines of `key: value` are expected"},
           Case{"sources: [{paths: [/a]}]", "f.yaml:2: sources[0].kind: it is missing: give file"},
           Case{"sources: [{kind: fil, x: y}]",
                "f.yaml:2: sources[0].kind: unknown kind: give file, kafka or yarn, not 'fil'; did "
                "you "
                "mean file?"},
           Case{"sources: [{kind: }]", "f.yaml:2: sources[0].kind: a value is missing"},
           Case{"sources: [{kind: '${NAME}'}]", "f.yaml:2: sources[0].kind: unknown kind"},
           Case{"sources: [{kind: file}]", "f.yaml:2: sources[0].paths: it is missing: "},
           Case{"sources:\n- kind: file\n  paths: /a",
                "f.yaml:4: sources[0].paths: a list is expected here"},
           Case{"sources:\n- kind: file\n  paths: []",
                "f.yaml:4: sources[0].paths: the list is empty"},
           Case{"sources:\n- kind: file\n  paths:",
                "f.yaml:4: sources[0].paths: a list is expected"},
           Case{"sources:\n- kind: file\n  paths:\n  - /a\n  - ''",
                "f.yaml:6: sources[0].paths[1]: it is empty"},
           Case{"sources:\n- kind: file\n  paths:\n  - /a\n  - [/b]",
                "f.yaml:6: sources[0].paths[1]: one value is expected"},
           Case{"sources:\n- kind: file\n  paths: [/a, /a]",
                "f.yaml:4: sources[0].paths[1]: it is there twice"},
           Case{"sources:\n- kind: file\n  paths: [/a]\n  pathes: [/b]",
                "f.yaml:5: sources[0].pathes: unknown key; did you mean paths?"},
           Case{"sources: [{kind: file, paths: [/a], timezone: Mars/Olympus}]",
                "sources[0].timezone: give an IANA name"},
           Case{"sources: [{kind: file, paths: [/a], start_at: now}]",
                "sources[0].start_at: give beginning or end, or a duration"},
           Case{"sources: [{kind: file, paths: [/a], watch: innotify}]", "did you mean inotify?"},
           Case{"sources: [{kind: file, paths: [/a], sinks: [stdot]}]",
                "f.yaml:2: sources[0].sinks: there is no sink 'stdot'; did you mean stdout?"},
           Case{"sources: [{kind: file, paths: [/a], sinks: []}]",
                "f.yaml:2: sources[0].sinks: the list is empty"},
           Case{"sources:\n- {kind: file, paths: [/a], name: x}\n- {kind: file, paths: [/b], name: "
                "x}",
                "f.yaml:4: sources[1].name: 'x' is the name of sources[0] (line 3) too"},
           Case{"sources:\n- {kind: file, paths: [/a], name: file}\n- {kind: file, paths: [/b]}",
                "f.yaml:4: sources[1].name: 'file' is the name of sources[0] (line 3) too"},
       }) {
    EXPECT_THAT(ErrorOf(kSink + c.text), HasSubstr(c.error)) << c.text;
  }
}

TEST_F(ConfigFileTest, MistakesInSinks) {
  struct Case {
    std::string text;
    std::string error;
  };
  for (const Case& c : {
           Case{"", "f.yaml:1: sinks: it is missing"},
           Case{"sinks: [{kind: sqllite}]", "did you mean sqlite?"},
           Case{"sinks: [{kind: kafka, brokers: [a:9092], topic: t}]",
                "instance: give it (--instance NAME): sinks[0] delivers exactly once"},
           Case{"instance: i\nsinks: [{kind: kafka, brokers: [a:9092], topic: '{kind}'}]",
                "sinks[0].topic: give a name that begins with a literal"},
           Case{"sinks: [{kind: kafka, brokers: [a:9092], topic: t, delivery: at_least_once, "
                "sasl_username: me}]",
                "sinks[0].security_protocol: set it to sasl_ssl or sasl_plaintext"},
           Case{"instance: i\nsinks: [{kind: kafka, brokers: [a:9092], topic: t, "
                "properties: {acks: 1}}]",
                "sinks[0].properties.acks: it can't be set: an event that is not on all replicas"},
           Case{"sinks: [{kind: kafke}]",
                "unknown kind: give file, stdout, sqlite, kafka, opensearch, elasticsearch or "
                "solr, not 'kafke'"},
           Case{"sinks: [{kind: file}]", "f.yaml:2: sinks[0].path: it is missing"},
           Case{"sinks: [{kind: sqlite, path: '-', retention: 30}]",
                "sinks[0].retention: give forever, or a duration from 1h"},
           Case{"sinks: [{kind: stdout, path: /a}]", "sinks[0].path: unknown key"},
           Case{"sinks: [{kind: file, path: /a, keep_files: '5'}]",
                "sinks[0].keep_files: in quotes this is text"},
           Case{"sinks: [{kind: file, path: /a, keep_files: 0}]",
                "sinks[0].keep_files: give all, or a number of files from 1"},
           Case{"sinks: [{kind: file, path: /a, rotate_bytes: 0}]",
                "sinks[0].rotate_bytes: give never, or a size from 1KiB"},
           Case{"sinks:\n- {kind: file, path: /a}\n- {kind: file, path: /./a}",
                "f.yaml:4: sinks[1].path: '/a' is written by sinks[0] (line 3) too"},
           Case{"sinks:\n- {kind: file, path: a}\n- {kind: sqlite, path: /work/a}",
                "f.yaml:4: sinks[1].path: '/work/a' is written by sinks[0] (line 3) too"},
           Case{"sinks:\n- {kind: stdout}\n- {kind: file, path: '-'}",
                "f.yaml:4: sinks[1].path: standard output is written by sinks[0] (line 3) too"},
           Case{"state_dir: /s\nsinks: [{kind: sqlite, path: /s/offsets.db}]",
                "'/s/offsets.db' is written by sparktail itself (state_dir) too"},
           Case{"sinks: [{kind: file, path: /logs/a}]",
                "f.yaml:1: sources[0].paths: '/logs/a' matches what sinks[0] (line 2) writes"},
           Case{"log: {path: /a}\nsinks: [{kind: file, path: /a}]",
                "f.yaml:2: log.path: '/a' is written by sinks[0] (line 3) too"},
       }) {
    EXPECT_THAT(ErrorOf(kSource + c.text), HasSubstr(c.error)) << c.text;
  }
}

TEST_F(ConfigFileTest, NoSourceReadsWhatIsWritten) {
  const std::string sinks = "sinks: [{kind: file, path: /logs/e.ndjson}]\nstate_dir: /var/s\n";
  for (const char* good : {"paths: ['/logs/*.log']", "paths: [/logs/d/*]",
                           "paths: ['/logs/*'], exclude: ['/logs/e.*']"}) {
    const std::string text = std::string("sources: [{kind: file, ") + good + "}]\n" + sinks;
    EXPECT_TRUE(Result(text).ok()) << text << Result(text).status();
  }
  for (const char* bad :
       {"'/logs/*'", "'/**/*.ndjson'", "/logs/e.ndjson", "'/logs/e.ndjson.*'", "'/var/s/*'"}) {
    EXPECT_THAT(ErrorOf(std::string("sources: [{kind: file, paths: [") + bad + "]}]\n" + sinks),
                HasSubstr("f.yaml:1: sources[0].paths: "))
        << bad;
  }
}

TEST_F(ConfigFileTest, AllMistakesAreToldInTheirOrder) {
  const std::vector<std::string> errors = ErrorsOf(R"(sinks:
  - {kind: file, pth: /a}
  - {kind: sqlite, path: 5}
sources:
  - kind: file
    paths: [/a]
    sinks: [fil]
    watch: never
http: x
)");
  EXPECT_THAT(errors, ElementsAre(HasSubstr("f.yaml:2: sinks[0].pth: unknown key"),
                                  HasSubstr("f.yaml:2: sinks[0].path: it is missing"),
                                  HasSubstr("f.yaml:3: sinks[1].path: this is a number"),
                                  HasSubstr("f.yaml:7: sources[0].sinks: there is no sink 'fil'"),
                                  HasSubstr("f.yaml:8: sources[0].watch: "),
                                  HasSubstr("f.yaml:9: http: ")));
}

TEST_F(ConfigFileTest, NotTooManyAreTold) {
  std::string text = std::string(kSource) + kSink;
  for (int i = 0; i < 1000; ++i) text += "k" + std::to_string(i) + ": x\n";
  const std::vector<std::string> errors = ErrorsOf(text);
  ASSERT_EQ(errors.size(), 51U);
  EXPECT_EQ(errors.back(), "f.yaml: and 950 errors more");
}

TEST_F(ConfigFileTest, ReferencesAreOfAnyType) {
  const Configuration read = Read(R"(
environment: '${COUNT}'
http: 127.0.0.1:${COUNT}
sources: [{kind: file, timezone: "${ZONE}", paths: ['/logs/${NAME}/$${NAME}'], sinks: ['${NAME}']}]
sinks: [{kind: file, name: '${NAME}', path: '${NAME}.ndjson', keep_files: '${COUNT}'}]
)");
  EXPECT_EQ(read.environment, "7");
  EXPECT_EQ(read.http, "127.0.0.1:7");
  EXPECT_EQ(read.sources[0].timezone, "Europe/Madrid");
  EXPECT_THAT(Source(read).paths, ElementsAre("/logs/x/${NAME}"));
  EXPECT_THAT(read.sources[0].sinks, ElementsAre("x"));
  EXPECT_EQ(read.sinks[0].name, "x");
  const auto& file = read.sinks[0].options.Get<FileSinkOptions>();
  EXPECT_EQ(file.path, "/work/x.ndjson");
  EXPECT_EQ(file.keep_files, 7U);
}

TEST_F(ConfigFileTest, KeysAreNotReplaced) {
  EXPECT_THAT(ErrorOf(std::string(kSource) + kSink + "${NAME}: y"),
              HasSubstr("f.yaml:3: ${NAME}: unknown key"));
}

TEST_F(ConfigFileTest, WithoutAWorkingDirectoryPathsMustBeAbsolute) {
  surroundings_.directory.clear();
  EXPECT_TRUE(Result(std::string(kSource) + kSink).ok());
  EXPECT_THAT(ErrorOf(std::string(kSource) + "sinks: [{kind: file, path: a}]"),
              HasSubstr("sinks[0].path: give an absolute path"));
}

TEST_F(ConfigFileTest, WithoutAHomeTheStateNeedsAPlace) {
  surroundings_ = MakeSurroundings(&os_, {{"HOME", ""}});
  EXPECT_THAT(ErrorOf(std::string(kSource) + kSink),
              HasSubstr("f.yaml:1: state_dir: it is missing"));
  EXPECT_TRUE(Result(std::string(kSource) + kSink + "state_dir: /x\n").ok());
}

TEST_F(ConfigFileTest, FilesAreRead) {
  const testing::TempDir folder;
  const std::string path = folder / "s.yaml";
  testing::WriteBytes(path, std::string(kSource) + kSink);
  EXPECT_TRUE(ReadConfigurationFile(path, surroundings_).ok());
  testing::WriteBytes(path, std::string(kSource) + kSink + "x: y\n");
  EXPECT_THAT(std::string(ReadConfigurationFile(path, surroundings_).status().message()),
              AllOf(HasSubstr(path + ":3: x: unknown key")));
  EXPECT_THAT(std::string(ReadConfigurationFile(folder / "none", surroundings_).status().message()),
              HasSubstr("/none: cannot read it: No such file"));
  EXPECT_FALSE(ReadConfigurationFile(folder.path(), surroundings_).ok());
  // The file has no end, but reading it stops.
  EXPECT_THAT(std::string(ReadConfigurationFile("/dev/zero", surroundings_).status().message()),
              HasSubstr("longer than 1 MiB"));
}

}  // namespace
}  // namespace sparktail
