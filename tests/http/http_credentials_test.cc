#include "ingest/http/http_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::RecordingLog;
using ::testing::StartsWith;
using testing::TempDir;
using testing::WriteBytes;
using Auth = HttpOptions::Auth;

class HttpCredentialsTest : public ::testing::Test {
 protected:
  std::vector<std::string> HeadersOf(const HttpOptions& options, const HttpRequest& request = {}) {
    HttpCredentials credentials(&log_, "sink test", options);
    EXPECT_TRUE(credentials.Check().ok());
    return credentials.HeadersOf(request, *ReadHttpUrl("https://search:9200/_bulk?a=b"));
  }

  RecordingLog log_;
  HttpOptions options_;
};

TEST_F(HttpCredentialsTest, None) {
  EXPECT_THAT(HeadersOf(options_), IsEmpty());
  options_.auth = Auth::kKerberos;  // which is libcurl's to say
  EXPECT_THAT(HeadersOf(options_), IsEmpty());
}

// The example of RFC 7617; bytes are sent unchanged.
TEST_F(HttpCredentialsTest, Basic) {
  options_.auth = Auth::kBasic;
  options_.username = "Aladdin";
  options_.password = Secret("open sesame");
  EXPECT_THAT(HeadersOf(options_),
              ElementsAre("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
  options_.username = "test";
  options_.password = Secret("123\xC2\xA3");
  EXPECT_THAT(HeadersOf(options_), ElementsAre("Authorization: Basic dGVzdDoxMjPCow=="));
}

TEST_F(HttpCredentialsTest, KeysAndTokens) {
  options_.auth = Auth::kApiKey;
  options_.api_key = Secret("aWQ6a2V5");
  EXPECT_THAT(HeadersOf(options_), ElementsAre("Authorization: ApiKey aWQ6a2V5"));
  options_.auth = Auth::kBearer;
  options_.token = Secret("t.o.k");
  EXPECT_THAT(HeadersOf(options_), ElementsAre("Authorization: Bearer t.o.k"));
  const TempDir folder;
  options_.token_file = folder / "token";
  options_.token = Secret();
  WriteBytes(options_.token_file, "of-a-file\n");
  EXPECT_THAT(HeadersOf(options_), ElementsAre("Authorization: Bearer of-a-file"));
}

TEST_F(HttpCredentialsTest, ATokenFileMustBeThereAtFirst) {
  options_.auth = Auth::kBearer;
  options_.token_file = "/no/such/file";
  HttpCredentials credentials(&log_, "sink test", options_);
  EXPECT_EQ(credentials.Check().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(HttpCredentialsTest, Signatures) {
  options_.auth = Auth::kSigV4;
  options_.aws_region = "eu-central-1";
  options_.aws_access_key = "AKID";
  options_.aws_secret_key = Secret("much-secret");
  HttpRequest request;
  request.method = HttpMethod::kPost;
  request.body = "body";
  const std::vector<std::string> headers = HeadersOf(options_, request);
  EXPECT_THAT(headers,
              ElementsAre("host: search:9200",
                          "x-amz-content-sha256: "
                          "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5",
                          StartsWith("x-amz-date: 20"),
                          StartsWith("Authorization: AWS4-HMAC-SHA256 Credential=AKID/20")));
  options_.aws_session_token = Secret("session");
  EXPECT_THAT(HeadersOf(options_, request), Contains("x-amz-security-token: session"));
  // A GET sends no body, even if `body` is set.
  request.method = HttpMethod::kGet;
  EXPECT_THAT(HeadersOf(options_, request),
              Contains("x-amz-content-sha256: "
                       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}

}  // namespace
}  // namespace sparktail
