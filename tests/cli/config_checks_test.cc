#include "ingest/cli/config_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sinks/stdout/stdout_sink_kind.h"
#include "tests/support/config_fixture.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using testing::kSink;
using testing::kSource;

using ConfigChecksTest = testing::ConfigFixture;

TEST_F(ConfigChecksTest, NamesAreTheKindAndNumbered) {
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

TEST_F(ConfigChecksTest, AFileSinkMayBeStandardOutput) {
  const Configuration read = Read(std::string(kSource) + "sinks: [{kind: file, path: '-'}]\n");
  EXPECT_TRUE((read.sinks[0].options.Find<StdoutSinkOptions>() != nullptr));
  EXPECT_EQ(read.sinks[0].name, "file");
  EXPECT_THAT(
      ErrorOf(std::string(kSource) + "sinks:\n- {kind: file, path: '-',\n   keep_files: 2}"),
      HasSubstr("f.yaml:4: sinks[0].keep_files: standard output"));
}

TEST_F(ConfigChecksTest, MistakesInSources) {
  struct Case {
    std::string text;
    std::string error;
  };
  for (const Case& c : {
           Case{"sources: [{kind: file, paths: [/a], sinks: [stdot]}]",
                "f.yaml:2: sources[0].sinks: there is no sink 'stdot'; did you mean stdout?"},
           Case{"sources:\n- {kind: file, paths: [/a], name: x}\n- {kind: file, paths: [/b], name: "
                "x}",
                "f.yaml:4: sources[1].name: 'x' is the name of sources[0] (line 3) too"},
           Case{"sources:\n- {kind: file, paths: [/a], name: file}\n- {kind: file, paths: [/b]}",
                "f.yaml:4: sources[1].name: 'file' is the name of sources[0] (line 3) too"},
       }) {
    EXPECT_THAT(ErrorOf(kSink + c.text), HasSubstr(c.error)) << c.text;
  }
}

TEST_F(ConfigChecksTest, MistakesInSinks) {
  struct Case {
    std::string text;
    std::string error;
  };
  for (const Case& c : {
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

TEST_F(ConfigChecksTest, TheOwnLogIsNotWrittenElsewhere) {
  EXPECT_THAT(ErrorOf(std::string(kSource) + kSink +
                      "log: {path: /home/me/.local/state/sparktail/offsets.db}"),
              HasSubstr("f.yaml:3: log.path: '/home/me/.local/state/sparktail/offsets.db' is "
                        "written by sparktail itself"));
}

TEST_F(ConfigChecksTest, NoSourceReadsWhatIsWritten) {
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

}  // namespace
}  // namespace sparktail
