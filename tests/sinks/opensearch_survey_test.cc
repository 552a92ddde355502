#include "sinks/opensearch/opensearch_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/fake_search.h"
#include "tests/support/raw_http_server.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using testing::FakeSearch;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = FakeSearch::Kind;
using Verdict = Finding::Verdict;

OpenSearchOptions All() {
  OpenSearchOptions options;
  options.retention = absl::Hours(24 * 30);
  options.alias = "spark";
  options.dashboards_url = "http://dashboards:5601";
  return options;
}

auto IsOk() { return Field(&Finding::verdict, Verdict::kOk); }
auto Says(const std::string& text) { return Field(&Finding::text, HasSubstr(text)); }

TEST(OpenSearchSurveyTest, SetupMakesAllThenNothing) {
  for (const Kind kind : {Kind::kOpenSearch, Kind::kElasticsearch}) {
    FakeSearch server(kind);
    server.aliases = {{"monitor-yarn-pro-20261126", {}}};
    EXPECT_THAT(SetUpOpenSearch(All(), server.Cluster(), server.Dashboards()),
                ElementsAre(Says("responds"), Says("created the policy"),
                            Says("created the index template"), Says("added the alias"),
                            Says("created the dashboard")));
    const size_t changes = server.changes().size();
    EXPECT_EQ(changes, 4u);
    const auto again = SetUpOpenSearch(All(), server.Cluster(), server.Dashboards());
    EXPECT_THAT(again, Each(IsOk()));
    EXPECT_EQ(again.size(), 5u);
    EXPECT_EQ(server.changes().size(), changes);
    EXPECT_THAT(SurveyOpenSearch(All(), server.Cluster(), server.Dashboards()), Each(IsOk()));
  }
}

TEST(OpenSearchSurveyTest, WithoutOptionsThereIsTheTemplateAlone) {
  FakeSearch server(Kind::kStrippedElasticsearch8);
  EXPECT_THAT(
      SetUpOpenSearch({}, server.Cluster(), server.Dashboards()),
      ElementsAre(Says("Elasticsearch 8.17.0 responds"), Says("created the index template")));
  EXPECT_THAT(server.changes(), ElementsAre("PUT /_index_template/sparktail"));
}

TEST(OpenSearchSurveyTest, AMissingFunctionDoesNotStopTheRest) {
  FakeSearch server(Kind::kStrippedOpenSearch);
  EXPECT_THAT(SetUpOpenSearch(All(), server.Cluster(), server.Dashboards()),
              ElementsAre(IsOk(), Says("retention has no effect"), IsOk(), IsOk(), IsOk()));
}

TEST(OpenSearchSurveyTest, IfNobodyLetsUsInThatIsAll) {
  FakeSearch server(Kind::kOpenSearch);
  server.Refuse("GET /", 401, R"({"error":{"type":"security_exception"},"status":401})");
  OpenSearchOptions options = All();
  options.dashboards_url.clear();
  for (const auto& findings : {SetUpOpenSearch(options, server.Cluster(), server.Dashboards()),
                               SurveyOpenSearch(options, server.Cluster(), server.Dashboards())}) {
    EXPECT_THAT(findings, ElementsAre(Says("HTTP 401, security_exception")));
    EXPECT_EQ(findings.front().verdict, Verdict::kBroken);
  }
}

TEST(OpenSearchSurveyTest, CheckChangesNothing) {
  FakeSearch server(Kind::kOpenSearch);
  OpenSearchOptions options = All();
  options.http.insecure_skip_verify = true;
  EXPECT_THAT(SurveyOpenSearch(options, server.Cluster(), server.Dashboards()),
              ElementsAre(Says("OpenSearch 2.19.4 responds"), Says("will be created"),
                          Says("setup creates it"), Says("certificates are not verified"),
                          Says("setup creates it")));
  EXPECT_THAT(server.changes(), IsEmpty());
}

TEST(OpenSearchSurveyTest, AServerOfUnknownKindIsUsed) {
  FakeSearch server(Kind::kElasticsearch);
  server.Refuse("GET /", 403, "{}");
  server.refusals["GET /_index_template"] = server.MakeAnswer(404, "{}");
  EXPECT_THAT(SetUpOpenSearch({}, server.Cluster(), server.Dashboards()),
              ElementsAre(Says("does not report whether"), Says("created the index template")));
}

TEST(OpenSearchSurveyTest, AClientIsCreatedFromTheOptions) {
  const testing::RawHttpServer server(
      testing::RawHttpServer::Answering([](const testing::RawRequest& request) {
        const bool is_known = request.Header("authorization") == "ApiKey a2V5";
        return is_known ? testing::RawAnswer(503, "{}") : testing::RawAnswer(401, "{}");
      }));
  testing::RecordingLog log;
  OpenSearchOptions options;
  options.urls = {server.url()};
  options.http.auth = HttpOptions::Auth::kApiKey;
  options.http.api_key = Secret("a2V5");
  EXPECT_THAT(SurveyOpenSearch(options, &log), ElementsAre(Says("HTTP 503")));
  EXPECT_THAT(SetUpOpenSearch(options, &log), ElementsAre(Says("HTTP 503")));
  options.http.ssl_ca = "/nowhere/ca.pem";
  EXPECT_THAT(SurveyOpenSearch(options, &log), ElementsAre(Says("/nowhere/ca.pem")));
}

}  // namespace
}  // namespace sparktail
