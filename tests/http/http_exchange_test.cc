#include "ingest/http/http_exchange.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

TEST(HttpExchangeTest, TimeOutsAreRoundedUpAndBounded) {
  EXPECT_EQ(ToCurlMs(absl::Microseconds(1)), 1);
  EXPECT_EQ(ToCurlMs(absl::Milliseconds(1500)), 1500);
  EXPECT_EQ(ToCurlMs(-absl::Seconds(1)), 0);
  EXPECT_EQ(ToCurlMs(absl::InfiniteDuration()), absl::ToInt64Milliseconds(kLongestWait));
}

TEST(HttpExchangeTest, NeedsAHandleOfLibcurl) {
  HttpExchange exchange;
  exchange.request.url = "http://127.0.0.1:1/";
  EXPECT_FALSE(exchange.SetUp({}, {}));
  exchange.easy.reset(curl_easy_init());
  EXPECT_TRUE(exchange.SetUp({}, {"Authorization: Basic x"}));
}

// An exchange that never reached its server has nothing but the reason.
TEST(HttpExchangeTest, AFailureIsExplained) {
  HttpExchange exchange;
  exchange.request.url = "http://127.0.0.1:1/";
  exchange.url = *ReadHttpUrl(exchange.request.url);
  exchange.deadline = HttpExchange::Clock::now() + std::chrono::seconds(5);
  exchange.easy.reset(curl_easy_init());
  ASSERT_TRUE(exchange.SetUp({}, {}));
  const CURLcode code = curl_easy_perform(exchange.easy.get());
  EXPECT_NE(code, CURLE_OK);
  EXPECT_FALSE(exchange.IsStale(code));
  const HttpResponse response = exchange.TakeResponse(code, {});
  EXPECT_EQ(response.failure, HttpFailure::kConnect);
  EXPECT_EQ(response.status, 0);
  EXPECT_NE(response.error.find("127.0.0.1:1"), std::string::npos) << response.error;
}

}  // namespace
}  // namespace sparktail
