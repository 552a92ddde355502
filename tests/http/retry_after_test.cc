#include "ingest/http/retry_after.h"

#include <gtest/gtest.h>

#include <string>

namespace sparktail {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(784'111'777);  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(RetryAfterTest, Seconds) {
  EXPECT_EQ(ReadRetryAfter("0", kNow), absl::ZeroDuration());
  EXPECT_EQ(ReadRetryAfter(" 120 ", kNow), absl::Seconds(120));
  EXPECT_EQ(ReadRetryAfter("000120", kNow), absl::Seconds(120));
  EXPECT_EQ(ReadRetryAfter("00", kNow), absl::ZeroDuration());
}

TEST(RetryAfterTest, ADate) {
  EXPECT_EQ(ReadRetryAfter("Sun, 06 Nov 1994 08:50:37 GMT", kNow), absl::Minutes(1));
  EXPECT_EQ(ReadRetryAfter("Sunday, 06-Nov-94 08:50:37 GMT", kNow), absl::Minutes(1));
  EXPECT_EQ(ReadRetryAfter("Sun Nov  6 08:50:37 1994", kNow), absl::Minutes(1));
  EXPECT_EQ(ReadRetryAfter("Sun, 06 Nov 1994 08:49:36 GMT", kNow), absl::ZeroDuration());
}

TEST(RetryAfterTest, AtMostADay) {
  for (const char* text : {"86400", "86401", "99999", "100000", "99999999999999999999999999",
                           "Sun, 06 Nov 2094 08:49:37 GMT"}) {
    EXPECT_EQ(ReadRetryAfter(text, kNow), absl::Hours(24)) << text;
  }
  EXPECT_EQ(ReadRetryAfter("86399", kNow), absl::Seconds(86399));
}

TEST(RetryAfterTest, InvalidValues) {
  for (const char* text : {"", " ", "-1", "1.5", "1e3", "soon", "5s", "0x10", "Sun, 06 Nov 1994",
                           "Sun, 99 Nov 1994 08:49:37 GMT", "tomorrow GMT"}) {
    EXPECT_EQ(ReadRetryAfter(text, kNow), std::nullopt) << text;
  }
  EXPECT_EQ(ReadRetryAfter(std::string("5\0", 2), kNow), std::nullopt);
}

TEST(RetryAfterTest, HttpDates) {
  EXPECT_EQ(ReadHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), kNow);
  EXPECT_EQ(ReadHttpDate("1994-11-06T08:49:37Z"), std::nullopt);
  EXPECT_EQ(ReadHttpDate(""), std::nullopt);
}

}  // namespace
}  // namespace sparktail
