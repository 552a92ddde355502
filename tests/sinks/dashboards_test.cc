#include "sinks/opensearch/dashboards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sinks/opensearch/index_template.h"
#include "tests/support/fake_search.h"

namespace sparktail {
namespace {

namespace dom = simdjson::dom;
using testing::FakeSearch;
using ::testing::HasSubstr;
using Verdict = Finding::Verdict;

OpenSearchOptions Options() {
  OpenSearchOptions options;
  options.dashboards_url = "http://dashboards:5601";
  return options;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string Text(dom::element object, const std::string& pointer) {
  std::string_view text;
  return object.at_pointer(pointer).get(text) ? "" : std::string(text);
}

TEST(DashboardsTest, ObjectsReferToEachOther) {
  std::set<std::string> ids;
  std::set<std::string> wanted;
  dom::parser parser;
  for (const std::string& line : Lines(DashboardObjects(Options()))) {
    dom::element object;
    ASSERT_FALSE(parser.parse(line).get(object)) << line;
    EXPECT_TRUE(ids.insert(Text(object, "/type") + " " + Text(object, "/id")).second);
    dom::array references;
    ASSERT_FALSE(object["references"].get(references));
    for (const dom::element reference : references) {
      wanted.insert(Text(reference, "/type") + " " + Text(reference, "/id"));
      // The object uses the name.
      const std::string name = Text(reference, "/name");
      const std::string use = name.starts_with("panel_")
                                  ? R"(\"panelRefName\":\")" + name + R"(\")"
                                  : R"(\"indexRefName\":\")" + name + R"(\")";
      EXPECT_THAT(line, HasSubstr(use));
    }
  }
  EXPECT_EQ(ids.size(), 13u);
  for (const std::string& one : wanted) EXPECT_TRUE(ids.contains(one)) << one;
  // All are used except the dashboard itself, and the search for batches.
  EXPECT_EQ(wanted.size(), ids.size() - 2);
  EXPECT_TRUE(ids.contains("dashboard sparktail-overview"));
}

// JSON in a string is JSON, …
TEST(DashboardsTest, JsonInStringsIsValid) {
  dom::parser parser;
  dom::parser inner;
  size_t count = 0;
  for (const std::string& line : Lines(DashboardObjects(Options()))) {
    dom::element object;
    ASSERT_FALSE(parser.parse(line).get(object));
    for (const char* pointer :
         {"/attributes/visState", "/attributes/panelsJSON", "/attributes/optionsJSON",
          "/attributes/uiStateJSON", "/attributes/kibanaSavedObjectMeta/searchSourceJSON"}) {
      const std::string text = Text(object, pointer);
      if (text.empty()) continue;
      dom::element read;
      EXPECT_FALSE(inner.parse(text).get(read)) << pointer << line;
      ++count;
    }
  }
  EXPECT_GT(count, 25u);
}

// The fields that a saved search shows, or a visualization requests.
void CollectFields(dom::element object, std::set<std::string>* names) {
  std::string_view name;
  dom::array columns;
  if (!object.at_pointer("/attributes/columns").get(columns)) {
    for (const dom::element column : columns) {
      if (!column.get(name)) names->emplace(name);
    }
  }
  dom::parser parser;
  dom::element state;
  dom::array aggregations;
  if (parser.parse(Text(object, "/attributes/visState")).get(state) ||
      state["aggs"].get(aggregations)) {
    return;
  }
  for (const dom::element aggregation : aggregations) {
    if (!aggregation.at_pointer("/params/field").get(name)) names->emplace(name);
  }
}

// … and requests fields of the template only.
TEST(DashboardsTest, FieldsAreThoseOfTheTemplate) {
  dom::parser parser;
  std::set<std::string> names;
  for (const std::string& line : Lines(DashboardObjects(Options()))) {
    dom::element object;
    ASSERT_FALSE(parser.parse(line).get(object));
    CollectFields(object, &names);
  }
  EXPECT_GT(names.size(), 12u);
  dom::element mappings;
  ASSERT_FALSE(parser.parse(std::string(IndexMappings())).get(mappings));
  for (const std::string& name : names) {
    std::string pointer = "/properties/" + name;
    for (size_t dot = pointer.find('.'); dot != std::string::npos; dot = pointer.find('.')) {
      pointer.replace(dot, 1, "/properties/");
    }
    dom::element found;
    EXPECT_FALSE(mappings.at_pointer(pointer).get(found)) << name;
  }
}

TEST(DashboardsTest, HaveTheNamesOfTheSink) {
  OpenSearchOptions options = Options();
  const std::string usual = DashboardObjects(options);
  EXPECT_THAT(usual, HasSubstr(R"({"id":"sparktail-indices","type":"index-pattern")"));
  EXPECT_THAT(usual, HasSubstr(R"("title":"monitor-yarn-*-*")"));
  EXPECT_THAT(usual, HasSubstr(R"("title":"Spark streams")"));
  options.template_name = "etl";
  options.index = "etl-%Y";
  const std::string other = DashboardObjects(options);
  EXPECT_THAT(other, HasSubstr(R"({"id":"etl-indices","type":"index-pattern")"));
  EXPECT_THAT(other, HasSubstr(R"("title":"etl-*")"));
  EXPECT_THAT(other, HasSubstr(R"x("title":"Spark streams (etl)")x"));
  EXPECT_EQ(other.find("sparktail-"), std::string::npos);
  EXPECT_EQ(other.find("monitor-yarn"), std::string::npos);
}

TEST(DashboardsTest, AreImportedOnce) {
  FakeSearch server(FakeSearch::Kind::kOpenSearch);
  const Finding made = SetUpDashboards(Options(), server.Dashboards());
  EXPECT_EQ(made.verdict, Verdict::kOk);
  EXPECT_EQ(made.text,
            "created the dashboard sparktail-overview (http://dashboards:5601), with its index "
            "pattern and saved searches");
  EXPECT_EQ(server.objects, DashboardObjects(Options()));
  EXPECT_THAT(SetUpDashboards(Options(), server.Dashboards()).text, HasSubstr("found the"));
  EXPECT_EQ(server.changes().size(), 1u);
}

TEST(DashboardsTest, TheRequestIsAFormWithAFile) {
  ServerRequest sent;
  FakeSearch server(FakeSearch::Kind::kOpenSearch);
  const AskServer ask = server.Dashboards();
  SetUpDashboards(Options(), [&](const ServerRequest& request) {
    sent = request;
    return ask(request);
  });
  EXPECT_EQ(sent.path, "/api/saved_objects/_import?overwrite=true");
  EXPECT_THAT(sent.headers, ::testing::Contains("osd-xsrf: true"));
  EXPECT_THAT(sent.headers, ::testing::Contains("kbn-xsrf: true"));
  static constexpr std::string_view kType = "Content-Type: multipart/form-data; boundary=";
  ASSERT_TRUE(sent.headers.front().starts_with(kType));
  const std::string boundary = sent.headers.front().substr(kType.size());
  EXPECT_TRUE(sent.body.starts_with("--" + boundary + "\r\n"));
  EXPECT_TRUE(sent.body.ends_with("\r\n--" + boundary + "--\r\n"));
  EXPECT_EQ(DashboardObjects(Options()).find(boundary), std::string::npos);
}

TEST(DashboardsTest, AnOlderOneIsReplacedAUsersIsNot) {
  FakeSearch server(FakeSearch::Kind::kOpenSearch);
  const std::string begin =
      R"({"id":"sparktail-overview","type":"dashboard","attributes":{"description":")";
  for (const char* ours : {"[sparktail]", "Streams. [sparktail 0123]"}) {
    server.objects = begin + ours + "\"}}\n";
    EXPECT_THAT(CheckDashboards(Options(), server.Dashboards()).text, HasSubstr("is older"));
    EXPECT_THAT(SetUpDashboards(Options(), server.Dashboards()).text, HasSubstr("replaced the"));
    EXPECT_EQ(CheckDashboards(Options(), server.Dashboards()).verdict, Verdict::kOk);
  }
  server.objects = begin + "mine\"}}\n";
  const size_t changes = server.changes().size();
  for (const Finding& finding : {SetUpDashboards(Options(), server.Dashboards()),
                                 CheckDashboards(Options(), server.Dashboards())}) {
    EXPECT_EQ(finding.verdict, Verdict::kDoubt);
    EXPECT_THAT(finding.text, HasSubstr("it is yours"));
  }
  EXPECT_EQ(server.changes().size(), changes);
}

TEST(DashboardsTest, OptionsOfTheSinkMakeItOlder) {
  OpenSearchOptions options = Options();
  FakeSearch server(FakeSearch::Kind::kOpenSearch);
  SetUpDashboards(options, server.Dashboards());
  options.index = "monitor-%Y";
  EXPECT_THAT(SetUpDashboards(options, server.Dashboards()).text, HasSubstr("replaced the"));
}

TEST(DashboardsTest, HalfAnImportIsAnError) {
  FakeSearch server(FakeSearch::Kind::kOpenSearch);
  server.import_answer =
      R"({"successCount":12,"success":false,"errors":[{"id":"sparktail-rows","type":)"
      R"("visualization","error":{"type":"unsupported_type"}}]})";
  const Finding half = SetUpDashboards(Options(), server.Dashboards());
  EXPECT_EQ(half.verdict, Verdict::kBroken);
  EXPECT_THAT(half.text, HasSubstr("unsupported_type"));
}

TEST(DashboardsTest, AnotherServerIsReported) {
  for (const auto& [status, body] :
       {std::pair(404, "<html>"), std::pair(404, "{}"), std::pair(405, ""),
        std::pair(400, R"({"error":"no handler found for uri [/api] and method [POST]"})")}) {
    FakeSearch server(FakeSearch::Kind::kOpenSearch);
    server.Refuse("POST /api", status, body);
    const Finding finding = SetUpDashboards(Options(), server.Dashboards());
    EXPECT_EQ(finding.verdict, Verdict::kBroken);
    EXPECT_THAT(finding.text, HasSubstr("check `dashboards_url`")) << status << body;
    // Delivery does not depend on it.
    EXPECT_EQ(CheckDashboards(Options(), server.Dashboards()).verdict, Verdict::kDoubt);
  }
  FakeSearch login(FakeSearch::Kind::kOpenSearch);
  login.import_answer = "<html>log in</html>";
  EXPECT_THAT(SetUpDashboards(Options(), login.Dashboards()).text,
              HasSubstr("check `dashboards_url`"));
}

TEST(DashboardsTest, ARejectionIsReported) {
  FakeSearch server(FakeSearch::Kind::kOpenSearch);
  server.Refuse(
      "POST /api/saved_objects/_import", 403,
      R"({"statusCode":403,"error":"Forbidden","message":"Unable to create index-pattern"})");
  EXPECT_EQ(SetUpDashboards(Options(), server.Dashboards()).verdict, Verdict::kBroken);
  EXPECT_THAT(CheckDashboards(Options(), server.Dashboards()).text, HasSubstr("is missing"));
  server.Break("POST /api");
  EXPECT_THAT(SetUpDashboards(Options(), server.Dashboards()).text, HasSubstr("nobody listens"));
}

}  // namespace
}  // namespace sparktail
