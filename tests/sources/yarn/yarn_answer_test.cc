#include "ingest/sources/yarn/yarn_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::ReadFile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = YarnAnswer::Kind;
using Body = YarnAnswer::Body;

std::string Recorded(const std::string& name) {
  return ReadFile(DataPath("yarn/" + name + ".body"));
}

HttpResponse Response(int status, std::string type, std::string body = "") {
  HttpResponse response;
  response.status = status;
  response.content_type = std::move(type);
  response.body = std::move(body);
  return response;
}

TEST(YarnAnswerTest, ABodyOfTheKindThatWasAskedFor) {
  EXPECT_EQ(Classify(Response(200, "application/json;charset=utf-8"), Body::kJson).kind,
            Kind::kGood);
  EXPECT_EQ(Classify(Response(200, "text/html;charset=utf-8"), Body::kHtml).kind, Kind::kGood);
  EXPECT_EQ(Classify(Response(200, "Text/Plain"), Body::kText).kind, Kind::kGood);
}

TEST(YarnAnswerTest, AStandbyRedirectsWithAndWithoutAnAddress) {
  HttpResponse standby = Response(307, "text/plain;charset=utf-8", Recorded("rm2-apps-standby"));
  EXPECT_EQ(Classify(standby, Body::kJson).kind, Kind::kStandby);
  standby.location = "http://rm1:8088/ws/v1/cluster/apps";
  EXPECT_EQ(Classify(standby, Body::kJson).kind, Kind::kStandby);
  const HttpResponse none =
      Response(307, "text/plain", "Can not find any active RM. Will retry in next 6 seconds.");
  EXPECT_EQ(Classify(none, Body::kJson).kind, Kind::kStandby);
}

TEST(YarnAnswerTest, ANodeThatHasLetAnApplicationGoRedirects) {
  HttpResponse moved = Response(307, "text/plain;charset=utf-8", Recorded("fin-nm-html"));
  moved.location = "http://history:19888/jobhistory/logs/secret-path";
  const YarnAnswer answer = Classify(moved, Body::kHtml);
  EXPECT_EQ(answer.kind, Kind::kMoved);
  EXPECT_EQ(answer.why, "it redirects to history:19888");
  moved.location.clear();
  EXPECT_EQ(Classify(moved, Body::kHtml).why, "it redirects to nowhere");
}

TEST(YarnAnswerTest, APageToLogInIsNoAnswer) {
  const YarnAnswer answer = Classify(
      Response(200, "text/html", "<html><title>Company login</title></html>"), Body::kJson);
  EXPECT_EQ(answer.kind, Kind::kRefused);
  EXPECT_THAT(answer.why, HasSubstr("Company login"));
  EXPECT_EQ(Classify(Response(401, "text/html"), Body::kJson).kind, Kind::kRefused);
  EXPECT_EQ(Classify(Response(403, "application/json"), Body::kJson).kind, Kind::kRefused);
}

TEST(YarnAnswerTest, ErrorsHaveTheServersExplanation) {
  const YarnAnswer missing =
      Classify(Response(404, "application/json", Recorded("rm1-app-404")), Body::kJson);
  EXPECT_EQ(missing.kind, Kind::kMissing);
  EXPECT_THAT(missing.why, HasSubstr("application_1795275091581_9999 not found"));
  const YarnAnswer wrong =
      Classify(Response(500, "text/html", Recorded("nm-html-500")), Body::kHtml);
  EXPECT_EQ(wrong.kind, Kind::kWrong);
  EXPECT_THAT(wrong.why, HasSubstr("500"));
  EXPECT_EQ(Classify(Response(200, "image/png"), Body::kJson).kind, Kind::kWrong);
  EXPECT_EQ(Classify(Response(200, ""), Body::kJson).kind, Kind::kWrong);
}

TEST(YarnAnswerTest, NoAnswer) {
  HttpResponse none;
  none.failure = HttpFailure::kTimeout;
  none.error = "it took longer than 60s";
  const YarnAnswer answer = Classify(none, Body::kJson);
  EXPECT_EQ(answer.kind, Kind::kUnreachable);
  EXPECT_EQ(answer.why, "it took longer than 60s");
}

TEST(YarnAnswerTest, ARequestForJsonSaysSo) {
  const HttpRequest request = JsonRequest("http://rm1:8088/ws", absl::Seconds(7), 99);
  EXPECT_EQ(request.url, "http://rm1:8088/ws");
  EXPECT_EQ(request.timeout, absl::Seconds(7));
  EXPECT_EQ(request.most_bytes, 99U);
  EXPECT_THAT(request.headers, ElementsAre("Accept: application/json"));
}

absl::StatusOr<size_t> LengthOf(std::string_view json) {
  if (json.empty()) return absl::InvalidArgumentError("nothing");
  return json.size();
}

TEST(YarnAnswerTest, JsonIsReadOrSaidWhyNot) {
  EXPECT_EQ(*ReadJson(Response(200, "application/json", "{}"), LengthOf), 2U);
  EXPECT_TRUE(
      absl::IsInvalidArgument(ReadJson(Response(200, "application/json", ""), LengthOf).status()));
  EXPECT_TRUE(
      absl::IsNotFound(ReadJson(Response(404, "application/json", "{}"), LengthOf).status()));
  const absl::Status page = ReadJson(Response(200, "text/html", "{}"), LengthOf).status();
  EXPECT_TRUE(absl::IsUnavailable(page));
  EXPECT_THAT(std::string(page.message()), HasSubstr("check `auth`"));
}

}  // namespace
}  // namespace sparktail
