#include "sinks/opensearch/server_info.h"

#include <gtest/gtest.h>

#include "tests/support/fake_search.h"

namespace sparktail {
namespace {

using testing::FakeSearch;

TEST(ServerInfoTest, ReadsKindAndVersion) {
  FakeSearch opensearch(FakeSearch::Kind::kOpenSearch);
  EXPECT_EQ(AskServerInfo(opensearch.Cluster()).value().Text(), "OpenSearch 2.19.4");
  EXPECT_EQ(opensearch.requests.size(), 1u);
  FakeSearch elasticsearch(FakeSearch::Kind::kElasticsearch);
  EXPECT_EQ(AskServerInfo(elasticsearch.Cluster()).value().Text(), "Elasticsearch 7.17.29");
}

TEST(ServerInfoTest, OrItsNodesDo) {
  FakeSearch elasticsearch(FakeSearch::Kind::kStrippedElasticsearch8);
  EXPECT_EQ(AskServerInfo(elasticsearch.Cluster()).value().Text(), "Elasticsearch 8.17.0");
  FakeSearch opensearch(FakeSearch::Kind::kOpenSearch);
  opensearch.Refuse("GET /", 403, "{}");
  opensearch.Refuse("GET /_nodes", 200,
                    R"({"nodes":{"a":{},"b":{"version":"3.3.2","build_type":"zip"}}})");
  EXPECT_EQ(AskServerInfo(opensearch.Cluster()).value().Text(), "OpenSearch 3.3.2");
}

TEST(ServerInfoTest, OneThatSaysNothingIsUnknownAndThatIsNoError) {
  for (const char* body :
       {"<html>log in</html>", "", "[]", "{}", "{\"version\":7}", "{\"version\":{\"number\":{}}}",
        "{\"nodes\":{}}", "{\"nodes\":[1]}", "{\"nodes\":{\"a\":3}}"}) {
    FakeSearch server(FakeSearch::Kind::kOpenSearch);
    server.Refuse("GET /", 200, body);
    const absl::StatusOr<ServerInfo> info = AskServerInfo(server.Cluster());
    ASSERT_TRUE(info.ok()) << body;
    EXPECT_EQ(info->kind, ServerKind::kUnknown) << body;
  }
  for (const int status : {403, 404, 405}) {
    FakeSearch server(FakeSearch::Kind::kOpenSearch);
    server.Refuse("GET /", status, "{}");
    EXPECT_EQ(AskServerInfo(server.Cluster()).value().Text(), "a server of unknown kind");
  }
}

TEST(ServerInfoTest, OneThatIsAwayOrLetsNobodyInIsAnError) {
  FakeSearch server(FakeSearch::Kind::kOpenSearch);
  server.Break("GET /");
  EXPECT_TRUE(absl::IsUnavailable(AskServerInfo(server.Cluster()).status()));
  server.Refuse("GET /", 503, "");
  EXPECT_TRUE(absl::IsUnavailable(AskServerInfo(server.Cluster()).status()));
  server.Refuse("GET /", 401, "Unauthorized");
  EXPECT_TRUE(absl::IsUnauthenticated(AskServerInfo(server.Cluster()).status()));
}

TEST(ServerInfoTest, AVersionIsNotBelievedToBeShort) {
  FakeSearch server(FakeSearch::Kind::kOpenSearch);
  server.Refuse("GET /", 200, R"({"version":{"number":")" + std::string(10000, '9') + R"("}})");
  EXPECT_LT(AskServerInfo(server.Cluster()).value().Text().size(), 100u);
}

}  // namespace
}  // namespace sparktail
