#include "ingest/base/tls_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/option_defaults.h"

namespace sparktail {
namespace {

using ::testing::StartsWith;

TEST(TlsOptionsTest, ASentenceNamesTheServers) {
  testing::ExpectDefaultsOf(TlsOptionTable("servers"));
  EXPECT_EQ(testing::OptionNamed(TlsOptionTable("brokers"), "ssl_ca").info.sentence,
            "File with the certificates (PEM) of the authorities that sign the brokers' "
            "certificates.");
}

TEST(TlsOptionsTest, ACertificateAndItsKeyNeedEachOther) {
  TlsOptions options;
  EXPECT_TRUE(CheckTlsPair(options).ok());
  options.ssl_certificate = "/c.pem";
  EXPECT_THAT(std::string(CheckTlsPair(options).message()), StartsWith("ssl_key: missing"));
  options.ssl_key = "/k.pem";
  EXPECT_TRUE(CheckTlsPair(options).ok());
  options.ssl_certificate.clear();
  EXPECT_THAT(std::string(CheckTlsPair(options).message()), StartsWith("ssl_certificate: missing"));
}

}  // namespace
}  // namespace sparktail
