#include "ingest/cli/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sinks/file/file_sink_options.h"
#include "sinks/sqlite/sqlite_sink_options.h"
#include "sinks/stdout/stdout_sink_kind.h"
#include "tests/support/config_fixture.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kSink;
using testing::kSource;
using testing::MakeSurroundings;

using ConfigFileTest = testing::ConfigFixture;

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
           Case{"sinks: [{kind: kafke}]",
                "unknown kind: give file, stdout, sqlite, kafka, opensearch, elasticsearch or "
                "solr, not 'kafke'"},
           Case{"sinks: [{kind: file}]", "f.yaml:2: sinks[0].path: it is missing"},
       }) {
    EXPECT_THAT(ErrorOf(kSource + c.text), HasSubstr(c.error)) << c.text;
  }
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
