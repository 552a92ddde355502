#include "sinks/opensearch/retention_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

#include "tests/support/fake_search.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using testing::FakeSearch;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = FakeSearch::Kind;
using Verdict = Finding::Verdict;

OpenSearchOptions Keeping(int days) {
  OpenSearchOptions options;
  options.retention = absl::Hours(24 * days);
  return options;
}

ServerKind KindOf(Kind kind) {
  return kind == Kind::kOpenSearch || kind == Kind::kStrippedOpenSearch
             ? ServerKind::kOpenSearch
             : ServerKind::kElasticsearch;
}

std::string At(const std::string& json, const std::string& pointer) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  simdjson::dom::element found;
  EXPECT_FALSE(parser.parse(json).get(document)) << json;
  if (document.at_pointer(pointer).get(found)) return "";
  return simdjson::minify(found);
}

TEST(RetentionPolicyTest, DeletesOlderIndices) {
  const std::string ism = IsmPolicyJson(Keeping(30));
  EXPECT_EQ(At(ism, "/policy/states/0/transitions/0/conditions"), R"({"min_index_age":"30d"})");
  EXPECT_EQ(At(ism, "/policy/states/0/actions"), "[]");
  EXPECT_EQ(At(ism, "/policy/states/1/actions"), R"([{"delete":{}}])");
  EXPECT_EQ(At(ism, "/policy/ism_template/0/index_patterns"), R"(["monitor-yarn-*-*"])");
  const std::string ilm = IlmPolicyJson(Keeping(30));
  EXPECT_EQ(At(ilm, "/policy/phases"), R"({"delete":{"min_age":"30d","actions":{"delete":{}}}})");
}

TEST(RetentionPolicyTest, ADataStreamIsRolledOver) {
  OpenSearchOptions options = Keeping(30);
  options.data_stream = true;
  const std::string ism = IsmPolicyJson(options);
  EXPECT_EQ(At(ism, "/policy/states/0/actions/0/rollover/min_index_age"), "\"7d\"");
  EXPECT_EQ(At(ism, "/policy/states/0/transitions/0/conditions"), R"({"min_rollover_age":"30d"})");
  EXPECT_EQ(At(IlmPolicyJson(options), "/policy/phases/hot/actions/rollover/max_age"), "\"7d\"");
  options.retention = absl::Hours(24);
  EXPECT_EQ(At(IlmPolicyJson(options), "/policy/phases/hot/actions/rollover/max_age"), "\"1d\"");
}

TEST(RetentionPolicyTest, IsCreatedOnceAndChangedWithItsOptions) {
  for (const Kind kind : {Kind::kOpenSearch, Kind::kElasticsearch}) {
    FakeSearch server(kind);
    const auto set_up = [&](int days) {
      return SetUpRetentionPolicy(Keeping(days), KindOf(kind), server.Cluster());
    };
    EXPECT_THAT(set_up(30).text, HasSubstr("created the policy sparktail: indices are deleted when "
                                           "they are older than 30d"));
    EXPECT_THAT(set_up(30).text, HasSubstr("found the policy"));
    EXPECT_EQ(server.changes().size(), 1u);
    EXPECT_THAT(set_up(7).text, HasSubstr("changed the policy"));
    EXPECT_THAT(set_up(7).text, HasSubstr("found the policy"));
    EXPECT_EQ(server.changes().size(), 2u);
    EXPECT_THAT(server.policies["sparktail"], HasSubstr("7d"));
  }
}

TEST(RetentionPolicyTest, AUsersIsLeft) {
  FakeSearch opensearch(Kind::kOpenSearch);
  opensearch.policies["sparktail"] = R"({"policy":{"description":"keep for ever","states":[]}})";
  FakeSearch elasticsearch(Kind::kElasticsearch);
  elasticsearch.policies["sparktail"] = R"({"policy":{"phases":{},"_meta":{"by":"me"}}})";
  for (FakeSearch* server : {&opensearch, &elasticsearch}) {
    const Finding finding =
        SetUpRetentionPolicy(Keeping(30), KindOf(server->kind), server->Cluster());
    EXPECT_EQ(finding.verdict, Verdict::kDoubt);
    EXPECT_THAT(finding.text, HasSubstr("it is yours"));
    EXPECT_THAT(server->changes(), IsEmpty());
  }
}

TEST(RetentionPolicyTest, AServerThatKnowsNoneIsNoError) {
  for (const Kind kind :
       {Kind::kStrippedOpenSearch, Kind::kStrippedElasticsearch7, Kind::kStrippedElasticsearch8}) {
    FakeSearch server(kind);
    for (const Finding& finding :
         {SetUpRetentionPolicy(Keeping(30), KindOf(kind), server.Cluster()),
          CheckRetentionPolicy(Keeping(30), KindOf(kind), server.Cluster())}) {
      EXPECT_EQ(finding.verdict, Verdict::kDoubt);
      EXPECT_THAT(finding.text, HasSubstr("retention has no effect"));
    }
    EXPECT_THAT(server.changes(), IsEmpty());
  }
}

TEST(RetentionPolicyTest, AServerOfUnknownKindIsTriedAsBoth) {
  FakeSearch opensearch(Kind::kOpenSearch);
  SetUpRetentionPolicy(Keeping(30), ServerKind::kUnknown, opensearch.Cluster());
  EXPECT_THAT(opensearch.changes(), ElementsAre("PUT /_plugins/_ism/policies/sparktail"));
  FakeSearch elasticsearch(Kind::kElasticsearch);
  SetUpRetentionPolicy(Keeping(30), ServerKind::kUnknown, elasticsearch.Cluster());
  EXPECT_THAT(elasticsearch.changes(), ElementsAre("PUT /_ilm/policy/sparktail"));
}

TEST(RetentionPolicyTest, ARejectionIsReported) {
  FakeSearch server(Kind::kOpenSearch);
  server.Refuse("PUT /_plugins", 400,
                R"({"error":{"type":"illegal_argument_exception","reason":"New policy sparktail )"
                R"(has an ISM template matching existing policies"},"status":400})");
  const Finding refused =
      SetUpRetentionPolicy(Keeping(30), ServerKind::kOpenSearch, server.Cluster());
  EXPECT_EQ(refused.verdict, Verdict::kBroken);
  EXPECT_THAT(refused.text, HasSubstr("matching existing policies"));
  server.Refuse("GET /_plugins", 403, "{}");
  EXPECT_EQ(SetUpRetentionPolicy(Keeping(30), ServerKind::kOpenSearch, server.Cluster()).verdict,
            Verdict::kBroken);
  // A user who only writes events may lack the right to see it.
  EXPECT_EQ(CheckRetentionPolicy(Keeping(30), ServerKind::kOpenSearch, server.Cluster()).verdict,
            Verdict::kDoubt);
}

TEST(RetentionPolicyTest, CheckLooksOnly) {
  for (const Kind kind : {Kind::kOpenSearch, Kind::kElasticsearch}) {
    FakeSearch server(kind);
    const auto check = [&](int days) {
      return CheckRetentionPolicy(Keeping(days), KindOf(kind), server.Cluster());
    };
    EXPECT_THAT(check(30).text, HasSubstr("is missing"));
    EXPECT_THAT(server.changes(), IsEmpty());
    SetUpRetentionPolicy(Keeping(30), KindOf(kind), server.Cluster());
    EXPECT_EQ(check(30).verdict, Verdict::kOk);
    EXPECT_THAT(check(7).text, HasSubstr("from other options"));
    EXPECT_EQ(server.changes().size(), 1u);
  }
}

}  // namespace
}  // namespace sparktail
