#include "ingest/http/aws_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sparktail {
namespace {

using ::testing::EndsWith;

// From AWS's published test suite (aws-sig-v4-test-suite).
const absl::Time kNow =
    absl::FromCivil(absl::CivilSecond(2015, 8, 30, 12, 36, 0), absl::UTCTimeZone());
const AwsKeys kKeys = {"us-east-1", "service", "AKIDEXAMPLE",
                       "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};

AwsRequest Request(const std::string& method, const std::string& path, const std::string& query) {
  AwsRequest request;
  request.method = method;
  request.path = path;
  request.query = query;
  request.headers = {{"host", "example.amazonaws.com"}, {"x-amz-date", AwsDate(kNow)}};
  request.body_hash = Sha256Hex("");
  return request;
}

TEST(AwsSignatureTest, TheWholeHeader) {
  EXPECT_EQ(AwsAuthorization(Request("GET", "/", ""), kKeys, kNow),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(AwsSignatureTest, PublishedPathsAndQueries) {
  const struct {
    const char* name;
    const char* method;
    const char* path;
    const char* query;
    const char* signature;
  } kCases[] = {
      {"get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-vanilla-query-order-encoded", "GET", "/",
       "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
       "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
      {"get-vanilla-utf8-query", "GET", "/", "\xE1\x88\xB4=bar",
       "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
      {"get-vanilla-query-unreserved", "GET", "/",
       "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz="
       "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
       "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
      {"get-vanilla-empty-query-key", "GET", "/", "Param1=value1",
       "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
      {"post-vanilla-query", "POST", "/", "Param1=value1",
       "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
      {"get-utf8", "GET", "/\xE1\x88\xB4", "",
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-relative-normalized", "GET", "/example/..", "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-relative-relative-normalized", "GET", "/example1/example2/../..", "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slash-dot-slash-normalized", "GET", "/./", "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slash-normalized", "GET", "//", "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slash-pointless-dot-normalized", "GET", "/./example", "",
       "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
      {"get-slashes-normalized", "GET", "//example//", "",
       "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
      {"get-space-normalized", "GET", "/example space/", "",
       "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
      {"get-unreserved", "GET",
       "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "",
       "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
  };
  for (const auto& one : kCases) {
    EXPECT_THAT(AwsAuthorization(Request(one.method, one.path, one.query), kKeys, kNow),
                EndsWith(std::string("Signature=") + one.signature))
        << one.name;
  }
}

TEST(AwsSignatureTest, APublishedBody) {
  AwsRequest request = Request("POST", "/", "");
  request.body_hash = Sha256Hex("Param1=value1");
  request.headers["content-length"] = "13";
  request.headers["content-type"] = "application/x-www-form-urlencoded";
  request.headers["x-amz-content-sha256"] = request.body_hash;
  EXPECT_THAT(AwsAuthorization(request, kKeys, kNow),
              EndsWith("SignedHeaders=content-length;content-type;host;x-amz-content-sha256;"
                       "x-amz-date, Signature="
                       "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"));
}

TEST(AwsSignatureTest, APublishedSessionToken) {
  AwsRequest request = Request("GET", "/", "");
  request.headers["x-amz-security-token"] =
      "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
  EXPECT_THAT(AwsAuthorization(request, kKeys, kNow),
              EndsWith("SignedHeaders=host;x-amz-date;x-amz-security-token, Signature="
                       "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"));
}

// In a query, AWS treats an escaped character like a plain one, and a name alone like a name with
// an empty value.
TEST(AwsSignatureTest, OneQueryHasOneSignature) {
  const auto sign = [](const char* query) {
    return AwsAuthorization(Request("POST", "/_bulk", query), kKeys, kNow);
  };
  EXPECT_EQ(sign("filter_path=errors,items.*.status&pretty"),
            sign("pretty=&filter_path=errors%2Citems.%2a.status"));
  EXPECT_NE(sign("a=b"), sign("a=c"));
  EXPECT_EQ(sign("a=100%&b="), sign("a=100%25&b"));
}

// Escapes in a path are escaped once more.
TEST(AwsSignatureTest, AnEscapedPath) {
  const auto sign = [](const char* path) {
    return AwsAuthorization(Request("GET", path, ""), kKeys, kNow);
  };
  EXPECT_NE(sign("/a%2Cb"), sign("/a,b"));
  EXPECT_EQ(sign("/a/../b"), sign("//./b"));
}

TEST(AwsSignatureTest, HostAndDate) {
  const auto host = [](const char* url) { return AwsHost(*ReadHttpUrl(url)); };
  EXPECT_EQ(host("https://Search.es.amazonaws.com/x"), "search.es.amazonaws.com");
  EXPECT_EQ(host("https://search:443"), "search");
  EXPECT_EQ(host("https://search:9200"), "search:9200");
  EXPECT_EQ(AwsDate(kNow), "20150830T123600Z");
}

}  // namespace
}  // namespace sparktail
