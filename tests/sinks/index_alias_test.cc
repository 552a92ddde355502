#include "sinks/opensearch/index_alias.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/fake_search.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using testing::FakeSearch;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Verdict = Finding::Verdict;

OpenSearchOptions Named() {
  OpenSearchOptions options;
  options.alias = "spark";
  return options;
}

TEST(IndexAliasTest, IsGivenToThoseThatLackIt) {
  FakeSearch server(FakeSearch::Kind::kOpenSearch);
  server.aliases = {{"m-1", {}}, {"m-2", {"spark", "x"}}, {"m-3", {"x"}}};
  EXPECT_EQ(SetUpIndexAlias(Named(), server.Cluster()).text,
            "added the alias spark to indices that lacked it: 2");
  EXPECT_THAT(server.aliases["m-1"], ElementsAre("spark"));
  EXPECT_THAT(server.aliases["m-2"], ElementsAre("spark", "x"));
  EXPECT_THAT(server.aliases["m-3"], ElementsAre("x", "spark"));
  EXPECT_EQ(server.requests.front().first, "GET /monitor-yarn-%2A-%2A/_alias");
  EXPECT_THAT(SetUpIndexAlias(Named(), server.Cluster()).text, HasSubstr("all indices have"));
  EXPECT_EQ(server.changes().size(), 1u);
}

TEST(IndexAliasTest, WithoutIndicesThereIsNothingToDo) {
  FakeSearch server(FakeSearch::Kind::kOpenSearch);
  EXPECT_EQ(SetUpIndexAlias(Named(), server.Cluster()).verdict, Verdict::kOk);
  server.Refuse("GET /", 404,
                R"({"error":{"type":"index_not_found_exception","reason":"no such index [m]"},)"
                R"("status":404})");
  EXPECT_EQ(SetUpIndexAlias(Named(), server.Cluster()).verdict, Verdict::kOk);
  EXPECT_THAT(server.changes(), IsEmpty());
}

TEST(IndexAliasTest, DataStreamsAreLeft) {
  OpenSearchOptions options = Named();
  options.data_stream = true;
  FakeSearch server(FakeSearch::Kind::kOpenSearch);
  server.aliases = {{".ds-m-1", {}}};
  EXPECT_EQ(SetUpIndexAlias(options, server.Cluster()).verdict, Verdict::kOk);
  EXPECT_THAT(server.requests, IsEmpty());
}

TEST(IndexAliasTest, ARejectionIsReported) {
  FakeSearch server(FakeSearch::Kind::kOpenSearch);
  server.aliases = {{"spark", {}}};
  server.Refuse("POST /_aliases", 400,
                R"({"error":{"type":"invalid_alias_name_exception","reason":"an index exists with )"
                R"(the same name as the alias"},"status":400})");
  const Finding refused = SetUpIndexAlias(Named(), server.Cluster());
  EXPECT_EQ(refused.verdict, Verdict::kBroken);
  EXPECT_THAT(refused.text, HasSubstr("with the same name as the alias"));
  for (const char* body : {"<html>", "[]", "{\"a\":1}"}) {
    server.Refuse("GET /", 200, body);
    EXPECT_EQ(SetUpIndexAlias(Named(), server.Cluster()).verdict, Verdict::kBroken) << body;
  }
  server.Refuse("GET /", 403, "{}");
  EXPECT_EQ(SetUpIndexAlias(Named(), server.Cluster()).verdict, Verdict::kBroken);
}

}  // namespace
}  // namespace sparktail
