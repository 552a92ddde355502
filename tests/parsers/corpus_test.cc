// Real logs of Spark against Spark's own account of their events.
#include "tests/support/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace sparktail {
namespace {

namespace dom = simdjson::dom;
using ::sparktail::testing::DataPath;
using ::sparktail::testing::MetricsOf;
using ::sparktail::testing::Outcome;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

constexpr std::string_view kListener = "org.apache.spark.sql.streaming.StreamingQueryListener$";

std::string Text(const dom::element& element, std::string_view key) {
  std::string_view text;
  if (element[key].get(text)) return {};
  return std::string(text);
}

class RealLog : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    outcome_ = testing::Parse(testing::ReadFile(DataPath(GetParam() + ".log")));
  }

  std::vector<std::string> DocumentsOf(std::string_view kind) const {
    std::vector<std::string> found;
    const std::string mark = "\"kind\":\"" + std::string(kind) + "\"";
    for (const std::string& document : outcome_.documents) {
      if (document.find(mark) != std::string::npos) found.push_back(document);
    }
    return found;
  }

  // Returns "id runId name" of the query events of a phase.
  std::vector<std::string> Phase(std::string_view phase) const {
    std::vector<std::string> found;
    dom::parser parser;
    for (const std::string& document : DocumentsOf("query")) {
      const dom::element query = parser.parse(document)["query"];
      if (Text(query, "phase") != phase) continue;
      found.push_back(Text(query, "id") + " " + Text(query, "runId") + " " + Text(query, "name"));
    }
    return found;
  }

  // Calls visit(event, class) for the listener's events, if they were recorded.
  template <typename Visit>
  void ForEachListenerEvent(Visit visit) const {
    const std::string path = DataPath(GetParam() + ".events.ndjson");
    if (!std::filesystem::exists(path)) return;
    dom::parser parser;
    for (const std::string& line : testing::ReadLines(path)) {
      const dom::element event = parser.parse(line);
      const std::string name = Text(event, "Event");
      if (name.starts_with(kListener)) visit(event, name.substr(kListener.size()));
    }
  }

  Outcome outcome_;
};

std::string TestName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Corpus, RealLog, ::testing::ValuesIn(testing::PlainLogs()), TestName);

// Values and the order of keys are those of Spark; no event is lost or doubled. (Python wrote the
// truth, so the comparison ignores white space.)
TEST_P(RealLog, ProgressIsSparksOwn) {
  const std::string path = DataPath(GetParam() + ".truth.ndjson");
  if (!std::filesystem::exists(path) || testing::ReadLines(path).empty()) {
    // The text has another form than the progress that the listener got: compared by number.
    size_t told = 0;
    ForEachListenerEvent([&](const dom::element&, const std::string& name) {
      told += name == "QueryProgressEvent";
    });
    EXPECT_EQ(DocumentsOf("progress").size(), told);
    return;
  }
  dom::parser parser;
  std::vector<std::string> expected;
  for (const std::string& line : testing::ReadLines(path)) {
    expected.push_back(simdjson::minify(parser.parse(line).value()));
  }
  std::vector<std::string> found;
  for (const std::string& document : DocumentsOf("progress")) {
    found.push_back(simdjson::minify(parser.parse(MetricsOf(document)).value()));
  }
  EXPECT_THAT(found, UnorderedElementsAreArray(expected));
}

TEST_P(RealLog, MetricsAreSparksBytesWithoutWhiteSpace) {
  std::string log = testing::ReadFile(DataPath(GetParam() + ".log"));
  // Naive: removes white space outside of strings.
  for (const std::string& document : DocumentsOf("progress")) {
    dom::parser parser;
    uint64_t offset = 0;
    ASSERT_FALSE(parser.parse(document)["source"]["offset"].get(offset));
    const size_t begin = log.find('{', offset);
    std::string naive;
    bool in_string = false;
    for (size_t i = begin; i == begin || log.compare(i - 2, 3, "\n}\n") != 0; ++i) {
      if (!in_string && std::isspace(static_cast<unsigned char>(log[i])) != 0) continue;
      if (log[i] == '"' && log[i - 1] != '\\') in_string = !in_string;
      naive += log[i];
      if (in_string && log[i] == '\\') naive += log[++i];
    }
    EXPECT_EQ(MetricsOf(document), naive);
  }
}

TEST_P(RealLog, StartsAreSparksOwn) {
  std::vector<std::string> expected;
  ForEachListenerEvent([&](const dom::element& event, const std::string& name) {
    if (name != "QueryStartedEvent") return;
    expected.push_back(Text(event, "id") + " " + Text(event, "runId") + " " + Text(event, "name"));
  });
  EXPECT_THAT(Phase("started"), UnorderedElementsAreArray(expected));
}

TEST_P(RealLog, IdleEventsAreAsManyAsSparksOwn) {
  size_t expected = 0;
  ForEachListenerEvent(
      [&](const dom::element&, const std::string& name) { expected += name == "QueryIdleEvent"; });
  EXPECT_EQ(Phase("idle").size(), expected);
}

// The log of `oom` has one more death: the listener was dead by then.
TEST_P(RealLog, EndsAreSparksOwn) {
  std::vector<std::string> failed;
  std::vector<std::string> stopped;
  ForEachListenerEvent([&](const dom::element& event, const std::string& name) {
    if (name != "QueryTerminatedEvent") return;
    (Text(event, "exception").empty() ? stopped : failed).push_back(Text(event, "runId"));
  });
  const auto runs = [&](std::string_view phase) {
    std::vector<std::string> ids;
    for (const std::string& names : Phase(phase)) ids.push_back(names.substr(37, 36));
    return ids;
  };
  EXPECT_THAT(runs("stopped"), UnorderedElementsAreArray(stopped));
  if (GetParam().ends_with("oom.default")) {
    EXPECT_THAT(runs("terminated"), ::testing::IsSupersetOf(failed));
  } else {
    EXPECT_THAT(runs("terminated"), UnorderedElementsAreArray(failed));
  }
}

TEST_P(RealLog, NothingIsSkipped) {
  EXPECT_EQ(outcome_.stats.not_progress, 0U);
  EXPECT_EQ(outcome_.stats.malformed + outcome_.stats.incomplete + outcome_.stats.over_long, 0U);
  EXPECT_THAT(DocumentsOf("signal"), IsEmpty());
}

TEST_P(RealLog, DocumentsNameTheApplication) {
  dom::parser parser;
  for (const std::string& line : outcome_.documents) {
    const dom::element document = parser.parse(line);
    // pymode logs begin at WARN: the banner is not in them.
    if (GetParam().find("pymode") != std::string::npos) continue;
    EXPECT_THAT(Text(document, "appName"), ::testing::StartsWith("cap-"));
    EXPECT_EQ(Text(document, "sparkVersion"), GetParam().substr(0, 5));
    EXPECT_THAT(Text(document, "appId"), ::testing::AnyOf(::testing::StartsWith("local-"),
                                                          "application_1700000000000_0042"));
  }
}

TEST_P(RealLog, IdsAreUnique) {
  std::map<std::string, int> ids;
  dom::parser parser;
  for (const std::string& line : outcome_.documents) ++ids[Text(parser.parse(line), "id")];
  for (const auto& [id, count] : ids) EXPECT_EQ(count, 1) << id;
}

}  // namespace
}  // namespace sparktail
