#include "ingest/cli/config_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sinks/file/file_sink_options.h"
#include "tests/support/config_fixture.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kSink;
using testing::kSource;

using ConfigOptionsTest = testing::ConfigFixture;

TEST_F(ConfigOptionsTest, EachMistakeIsNamedWithItsPlace) {
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
       }) {
    EXPECT_THAT(ErrorOf(std::string(kSource) + kSink + c.text), HasSubstr(c.error)) << c.text;
  }
}

TEST_F(ConfigOptionsTest, MistakesInSources) {
  struct Case {
    std::string text;
    std::string error;
  };
  for (const Case& c : {
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
           Case{"sources: [{kind: file, paths: [/a], sinks: []}]",
                "f.yaml:2: sources[0].sinks: the list is empty"},
       }) {
    EXPECT_THAT(ErrorOf(kSink + c.text), HasSubstr(c.error)) << c.text;
  }
}

TEST_F(ConfigOptionsTest, MistakesInSinks) {
  struct Case {
    std::string text;
    std::string error;
  };
  for (const Case& c : {
           Case{"sinks: [{kind: sqlite, path: '-', retention: 30}]",
                "sinks[0].retention: give forever, or a duration from 1h"},
           Case{"sinks: [{kind: stdout, path: /a}]", "sinks[0].path: unknown key"},
           Case{"sinks: [{kind: file, path: /a, keep_files: '5'}]",
                "sinks[0].keep_files: in quotes this is text"},
           Case{"sinks: [{kind: file, path: /a, keep_files: 0}]",
                "sinks[0].keep_files: give all, or a number of files from 1"},
           Case{"sinks: [{kind: file, path: /a, rotate_bytes: 0}]",
                "sinks[0].rotate_bytes: give never, or a size from 1KiB"},
       }) {
    EXPECT_THAT(ErrorOf(kSource + c.text), HasSubstr(c.error)) << c.text;
  }
}

TEST_F(ConfigOptionsTest, AllMistakesAreToldInTheirOrder) {
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

TEST_F(ConfigOptionsTest, NotTooManyAreTold) {
  std::string text = std::string(kSource) + kSink;
  for (int i = 0; i < 1000; ++i) text += "k" + std::to_string(i) + ": x\n";
  const std::vector<std::string> errors = ErrorsOf(text);
  ASSERT_EQ(errors.size(), 51U);
  EXPECT_EQ(errors.back(), "f.yaml: and 950 errors more");
}

TEST_F(ConfigOptionsTest, ReferencesAreOfAnyType) {
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

TEST_F(ConfigOptionsTest, KeysAreNotReplaced) {
  EXPECT_THAT(ErrorOf(std::string(kSource) + kSink + "${NAME}: y"),
              HasSubstr("f.yaml:3: ${NAME}: unknown key"));
}

TEST_F(ConfigOptionsTest, WithoutAWorkingDirectoryPathsMustBeAbsolute) {
  surroundings_.directory.clear();
  EXPECT_TRUE(Result(std::string(kSource) + kSink).ok());
  EXPECT_THAT(ErrorOf(std::string(kSource) + "sinks: [{kind: file, path: a}]"),
              HasSubstr("sinks[0].path: give an absolute path"));
}

}  // namespace
}  // namespace sparktail
