#include "sinks/opensearch/index_setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sinks/opensearch/index_template.h"
#include "tests/support/fake_search.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using testing::FakeSearch;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RecordingLog;
using Done = TemplateOutcome::What;
using Kind = FakeSearch::Kind;
using Verdict = Finding::Verdict;

TemplateOutcome Install(const OpenSearchOptions& options, FakeSearch* server,
                        ServerKind kind = ServerKind::kOpenSearch) {
  const absl::StatusOr<TemplateOutcome> outcome =
      InstallIndexTemplate(options, kind, server->Cluster());
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return outcome.ok() ? *outcome : TemplateOutcome();
}

// A template with a mark, as a server returns it: in its own order, and with its own types.
std::string Marked(int version, const std::string& pattern = "monitor-yarn-*-*") {
  return R"({"index_patterns":[")" + pattern +
         R"("],"template":{"settings":{"index":{"number_of_shards":"1"}}},"composed_of":[],)"
         R"("priority":550,"_meta":{"sparktail":{"version":)" +
         std::to_string(version) + R"(,"digest":"00"}}})";
}

TEST(IndexSetupTest, IsCreatedOnce) {
  const OpenSearchOptions options;
  FakeSearch server(Kind::kOpenSearch);
  const TemplateOutcome made = Install(options, &server);
  EXPECT_EQ(made.what, Done::kCreated);
  EXPECT_EQ(made.text, "created the index template sparktail, for the indices monitor-yarn-*-*");
  EXPECT_EQ(server.templates["sparktail"], IndexTemplateJson(options, ServerKind::kOpenSearch));
  EXPECT_EQ(Install(options, &server).what, Done::kUnchanged);
  EXPECT_THAT(server.changes(), ElementsAre("PUT /_index_template/sparktail"));
}

TEST(IndexSetupTest, AnOlderOneAndOneOfOtherOptionsAreReplaced) {
  OpenSearchOptions options;
  FakeSearch server(Kind::kOpenSearch);
  for (const int version : {0, 1}) {
    server.templates["sparktail"] = Marked(version);
    const TemplateOutcome outcome = Install(options, &server);
    EXPECT_EQ(outcome.what, Done::kReplaced);
    EXPECT_THAT(outcome.text, HasSubstr("replaced the index template sparktail"));
  }
  options.replicas = 2;
  EXPECT_EQ(Install(options, &server).what, Done::kReplaced);
  EXPECT_EQ(Install(options, &server).what, Done::kUnchanged);
}

TEST(IndexSetupTest, ANewerOneIsLeft) {
  FakeSearch server(Kind::kOpenSearch);
  server.templates["sparktail"] = Marked(TemplateMark::kVersion + 1);
  const TemplateOutcome outcome = Install({}, &server);
  EXPECT_EQ(outcome.what, Done::kLeft);
  EXPECT_THAT(outcome.text, HasSubstr("newer sparktail"));
  EXPECT_THAT(server.changes(), IsEmpty());
}

TEST(IndexSetupTest, ATemplateOfAUserIsNotChanged) {
  FakeSearch server(Kind::kOpenSearch);
  for (const char* theirs :
       {R"({"index_patterns":["monitor-*"]})", R"({"index_patterns":["m"],"_meta":{"by":"me"}})",
        R"({"index_patterns":["m"],"_meta":{"sparktail":"mine"}})",
        R"({"index_patterns":["m"],"_meta":{"sparktail":{"version":"x","digest":"y"}}})"}) {
    server.templates["sparktail"] = theirs;
    const TemplateOutcome outcome = Install({}, &server);
    EXPECT_EQ(outcome.what, Done::kLeft) << theirs;
    EXPECT_THAT(outcome.text, HasSubstr("it is yours"));
  }
  EXPECT_THAT(server.changes(), IsEmpty());
}

TEST(IndexSetupTest, AnotherSinksIsNotTakenAway) {
  FakeSearch server(Kind::kOpenSearch);
  server.templates["sparktail"] = Marked(1, "other-*");
  const absl::Status status =
      InstallIndexTemplate({}, ServerKind::kOpenSearch, server.Cluster()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("give this sink a template_name of its own"));
  EXPECT_THAT(server.changes(), IsEmpty());
}

TEST(IndexSetupTest, ATemplateWithALongerNameIsAnother) {
  OpenSearchOptions options;
  FakeSearch server(Kind::kOpenSearch);
  server.Refuse(
      "GET /_index_template", 200,
      R"({"index_templates":[{"name":"sparktail-old","index_template":)" + Marked(9) + "}]}");
  EXPECT_EQ(LookForIndexTemplate(options, server.Cluster()).value().what,
            TemplateState::What::kMissing);
}

TEST(IndexSetupTest, OnAServerWithoutPoliciesItIsWithoutOne) {
  OpenSearchOptions options;
  options.retention = absl::Hours(48);
  FakeSearch server(Kind::kStrippedElasticsearch7);
  const TemplateOutcome outcome = Install(options, &server, ServerKind::kElasticsearch);
  EXPECT_EQ(outcome.what, Done::kCreated);
  EXPECT_TRUE(outcome.lacks_policy);
  EXPECT_THAT(outcome.text, HasSubstr("this server has none"));
  EXPECT_EQ(server.templates["sparktail"], IndexTemplateJsonWithoutPolicy(options));
  EXPECT_EQ(Install(options, &server, ServerKind::kElasticsearch).what, Done::kUnchanged);

  FakeSearch with(Kind::kElasticsearch);
  EXPECT_FALSE(Install(options, &with, ServerKind::kElasticsearch).lacks_policy);
  EXPECT_THAT(with.templates["sparktail"], HasSubstr("lifecycle"));
}

TEST(IndexSetupTest, ARejectionSaysWhatToDo) {
  OpenSearchOptions options;
  options.data_stream = true;
  FakeSearch server(Kind::kStrippedElasticsearch7);
  const absl::Status status =
      InstallIndexTemplate(options, ServerKind::kElasticsearch, server.Cluster()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("data_stream: false"));

  FakeSearch old(Kind::kOpenSearch);
  old.Refuse("GET /_index_template", 400,
             R"({"error":"no handler found for uri [/_index_template/x] and method [GET]"})");
  EXPECT_THAT(std::string(LookForIndexTemplate({}, old.Cluster()).status().message()),
              HasSubstr("Elasticsearch 7.8 or later"));

  FakeSearch login(Kind::kOpenSearch);
  login.Refuse("GET /_index_template", 200, "<html>log in</html>");
  EXPECT_THAT(std::string(LookForIndexTemplate({}, login.Cluster()).status().message()),
              HasSubstr("check `urls`"));
}

TEST(IndexSetupTest, ASinkPreparesItsIndices) {
  RecordingLog log;
  FakeSearch server(Kind::kOpenSearch);
  const absl::StatusOr<ServerInfo> info = PrepareIndices({}, server.Cluster(), "sink search", &log);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->kind, ServerKind::kOpenSearch);
  EXPECT_TRUE(log.Has("I sink search writes to OpenSearch 2.19.4"));
  EXPECT_TRUE(log.Has("I sink search: created the index template sparktail"));
  server.templates["sparktail"] = R"({"index_patterns":["m"]})";
  ASSERT_TRUE(PrepareIndices({}, server.Cluster(), "sink search", &log).ok());
  EXPECT_TRUE(log.Has("W sink search: the index template sparktail (m) has no mark"));
}

TEST(IndexSetupTest, UnlessSomebodyElseDoes) {
  RecordingLog log;
  OpenSearchOptions options;
  options.manage_template = false;
  FakeSearch server(Kind::kOpenSearch);
  server.Refuse("GET /_index_template", 403, "{}");
  EXPECT_TRUE(PrepareIndices(options, server.Cluster(), "sink search", &log).ok());
  EXPECT_THAT(server.changes(), IsEmpty());
}

TEST(IndexSetupTest, AfterAnyRejectionTheSinkPausesAndNamesSetup) {
  RecordingLog log;
  for (const auto& [request, status] :
       {std::pair("GET /", 401), std::pair("GET /", 503), std::pair("GET /_index_template", 403),
        std::pair("GET /_index_template", 500), std::pair("PUT /_index_template", 403),
        std::pair("PUT /_index_template", 400)}) {
    FakeSearch server(Kind::kOpenSearch);
    server.Refuse(request, status, R"({"error":{"type":"an_exception"},"status":400})");
    const absl::Status refused = PrepareIndices({}, server.Cluster(), "sink search", &log).status();
    EXPECT_TRUE(absl::IsUnavailable(refused)) << request << status;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("`sparktail setup -c FILE`"));
    EXPECT_THAT(std::string(refused.message()), HasSubstr(std::to_string(status)));
  }
  EXPECT_THAT(log.lines(), IsEmpty());
}

TEST(IndexSetupTest, SetupReportsItsActions) {
  FakeSearch server(Kind::kOpenSearch);
  const ServerKind kind = ServerKind::kOpenSearch;
  const Finding made = SetUpIndexTemplate({}, kind, server.Cluster());
  EXPECT_EQ(made.verdict, Verdict::kOk);
  EXPECT_THAT(made.text, HasSubstr("created the index template sparktail"));
  EXPECT_THAT(SetUpIndexTemplate({}, kind, server.Cluster()).text,
              HasSubstr("found the index template sparktail"));
  server.templates["sparktail"] = R"({"index_patterns":["m"]})";
  EXPECT_EQ(SetUpIndexTemplate({}, kind, server.Cluster()).verdict, Verdict::kDoubt);
  server.templates["sparktail"] = Marked(1, "other-*");
  EXPECT_EQ(SetUpIndexTemplate({}, kind, server.Cluster()).verdict, Verdict::kBroken);
}

TEST(IndexSetupTest, CheckLooksOnly) {
  OpenSearchOptions options;
  FakeSearch server(Kind::kOpenSearch);
  EXPECT_THAT(CheckIndexTemplate(options, server.Cluster()).text, HasSubstr("will be created"));
  server.templates["sparktail"] = Marked(1);
  EXPECT_THAT(CheckIndexTemplate(options, server.Cluster()).text, HasSubstr("will be replaced"));
  server.templates["sparktail"] = Marked(2);
  EXPECT_EQ(CheckIndexTemplate(options, server.Cluster()).verdict, Verdict::kDoubt);
  server.templates["sparktail"] = Marked(1, "other-*");
  EXPECT_EQ(CheckIndexTemplate(options, server.Cluster()).verdict, Verdict::kBroken);
  server.templates["sparktail"] = IndexTemplateJson(options, ServerKind::kOpenSearch);
  EXPECT_EQ(CheckIndexTemplate(options, server.Cluster()).verdict, Verdict::kOk);

  options.manage_template = false;
  EXPECT_EQ(CheckIndexTemplate(options, server.Cluster()).verdict, Verdict::kOk);
  server.templates["sparktail"] = Marked(1);
  EXPECT_EQ(CheckIndexTemplate(options, server.Cluster()).verdict, Verdict::kDoubt);
  server.templates.clear();
  EXPECT_THAT(CheckIndexTemplate(options, server.Cluster()).text,
              HasSubstr("sparktail setup creates it"));
  server.Refuse("GET /_index_template", 403, "{}");
  EXPECT_EQ(CheckIndexTemplate(options, server.Cluster()).verdict, Verdict::kDoubt);
  options.manage_template = true;
  EXPECT_EQ(CheckIndexTemplate(options, server.Cluster()).verdict, Verdict::kBroken);
  EXPECT_THAT(server.changes(), IsEmpty());
}

}  // namespace
}  // namespace sparktail
