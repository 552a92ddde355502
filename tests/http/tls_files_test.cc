#include "ingest/http/tls_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <string>

#include "tests/support/temp_dir.h"
#include "tests/support/test_certificates.h"

namespace sparktail {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::TempDir;
using testing::TestCertificates;
using testing::WriteBytes;

class TlsFilesTest : public ::testing::Test {
 protected:
  // Empty if all is well.
  static std::string Check(const HttpOptions& options) {
    const absl::Status status = CheckTlsFiles(options);
    EXPECT_EQ(ERR_peek_error(), 0U);
    if (status.ok()) return "";
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  }
  HttpOptions Pair(const std::string& certificate, const std::string& key) const {
    HttpOptions options;
    options.ssl_certificate = certificate;
    options.ssl_key = key;
    return options;
  }

  const TestCertificates certificates_;
  const TempDir folder_;
};

TEST_F(TlsFilesTest, FilesThatFit) {
  EXPECT_EQ(Check({}), "");
  HttpOptions options = Pair(certificates_.certificate("client"), certificates_.key("client"));
  options.ssl_ca = certificates_.ca();
  EXPECT_EQ(Check(options), "");
  options.ssl_key = certificates_.locked_key("client");
  options.ssl_key_password = Secret(std::string(TestCertificates::kPassword));
  EXPECT_EQ(Check(options), "");
}

TEST_F(TlsFilesTest, MissingFiles) {
  const std::string missing = folder_ / "missing.pem";
  HttpOptions options;
  options.ssl_ca = missing;
  EXPECT_EQ(Check(options), "ssl_ca: " + missing + ": cannot read it: No such file or directory");
  EXPECT_THAT(Check(Pair(missing, certificates_.key("client"))),
              StartsWith("ssl_certificate: " + missing));
  EXPECT_THAT(Check(Pair(certificates_.certificate("client"), missing)),
              StartsWith("ssl_key: " + missing));
}

TEST_F(TlsFilesTest, FilesOfAnotherFormat) {
  const std::string text = folder_ / "text.pem";
  WriteBytes(text, "no certificate");
  HttpOptions options;
  options.ssl_ca = text;
  EXPECT_THAT(Check(options), HasSubstr("use a file in PEM format"));
  EXPECT_THAT(Check(Pair(text, certificates_.key("client"))),
              AllOf(StartsWith("ssl_certificate"), HasSubstr("use a file in PEM format")));
  EXPECT_THAT(Check(Pair(certificates_.certificate("client"), text)),
              AllOf(StartsWith("ssl_key"), HasSubstr("use a file in PEM format")));
}

TEST_F(TlsFilesTest, AKeyOfAnotherCertificate) {
  EXPECT_THAT(Check(Pair(certificates_.certificate("client"), certificates_.key("server"))),
              AllOf(StartsWith("ssl_key"), HasSubstr("it is not the key of ssl_certificate")));
  HttpOptions options =
      Pair(certificates_.certificate("client"), certificates_.locked_key("client"));
  for (const char* password : {"", "wrong"}) {
    options.ssl_key_password = Secret(password);
    EXPECT_THAT(Check(options), HasSubstr("ssl_key_password"));
  }
  options.ssl_key_password = Secret(std::string(5000, 'x'));
  EXPECT_NE(Check(options), "");
}

}  // namespace
}  // namespace sparktail
