#include "sinks/solr/solr_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/raw_http_server.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using Verdict = Finding::Verdict;

// The finding for that response.
Finding Found(int status, const std::string& body) {
  SolrOptions options;
  options.collection = "spark";
  const auto findings = SurveySolr(options, [&](const ServerRequest& request) {
    EXPECT_EQ(request.path, "/spark/schema/uniquekey?wt=json");
    EXPECT_EQ(request.method, HttpMethod::kGet);
    HttpResponse response;
    response.status = status;
    response.body = body;
    return response;
  });
  EXPECT_EQ(findings.size(), 1u);
  return findings.front();
}

TEST(SolrSurveyTest, EventsMustBeKnownByTheirIds) {
  const Finding good = Found(200, R"({"responseHeader":{"status":0},"uniqueKey":"id"})");
  EXPECT_EQ(good.verdict, Verdict::kOk);
  EXPECT_EQ(good.text, "found the collection spark, with id as its unique key");
  const Finding other = Found(200, R"({"uniqueKey":"url"})");
  EXPECT_EQ(other.verdict, Verdict::kBroken);
  EXPECT_THAT(other.text, HasSubstr("is url: it must be id"));
}

TEST(SolrSurveyTest, AMissingCollectionIsReported) {
  const Finding missing = Found(404, "<html>");
  EXPECT_EQ(missing.verdict, Verdict::kBroken);
  EXPECT_THAT(missing.text, HasSubstr("check `urls` (…/solr) and `collection`"));
  EXPECT_THAT(Found(401, "").text, HasSubstr("HTTP 401"));
  for (const char* body : {"<html>", "{}", R"({"uniqueKey":7})"}) {
    EXPECT_THAT(Found(200, body).text, HasSubstr("does not respond like Solr")) << body;
  }
}

TEST(SolrSurveyTest, AClientIsCreatedFromTheOptions) {
  const testing::RawHttpServer server(
      testing::RawHttpServer::Answering([](const testing::RawRequest& request) {
        return testing::RawAnswer(200, R"({"uniqueKey":")" + request.target + "\"}");
      }));
  testing::RecordingLog log;
  SolrOptions options;
  options.urls = {server.url() + "/solr/"};
  options.collection = "spark";
  EXPECT_THAT(SurveySolr(options, &log).front().text, HasSubstr("/solr/spark/schema/uniquekey"));
  options.http.ssl_ca = "/nowhere/ca.pem";
  EXPECT_THAT(SurveySolr(options, &log).front().text, HasSubstr("/nowhere/ca.pem"));
}

}  // namespace
}  // namespace sparktail
