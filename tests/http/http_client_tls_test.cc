// TLS: trusted servers, and the errors for others.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/http_client_fixture.h"
#include "tests/support/raw_http_server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificates.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using testing::RawAnswer;
using testing::RawHttpServer;
using testing::RawPeer;
using testing::RawRequest;
using testing::TestCertificates;

class HttpClientTlsTest : public testing::HttpClientFixture {
 protected:
  static RawHttpServer::Script Good() {
    return RawHttpServer::Answering([](const RawRequest&) { return RawAnswer(200, "good"); });
  }
  RawHttpServer::Tls Tls(const std::string& name) const {
    return {certificates_.certificate(name), certificates_.key(name), ""};
  }
  HttpOptions Trusting() const {
    HttpOptions options;
    options.ssl_ca = certificates_.ca();
    return options;
  }

  TestCertificates certificates_;
};

TEST_F(HttpClientTlsTest, TrustedServers) {
  RawHttpServer server(Good(), Tls("server"));
  const auto client = Make(Trusting());
  for (int i = 0; i < 100; ++i) {
    const HttpResponse response = client->Send(Get(server.url()));
    ASSERT_EQ(response.error, "");
    ASSERT_EQ(response.body, "good");
  }
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(HttpClientTlsTest, UntrustedServers) {
  HttpOptions foreign;
  foreign.ssl_ca = certificates_.foreign_ca();
  const struct {
    const char* server = nullptr;
    HttpOptions options;
    const char* advice = nullptr;
  } kCases[] = {
      {"server", foreign, "set ssl_ca to the certificate of its authority"},
      {"server", {}, "set ssl_ca to the certificate of its authority"},
      {"elsewhere", Trusting(), "use a URL with a name that is in it"},
      {"expired", Trusting(), "renew that certificate"},
  };
  for (const auto& one : kCases) {
    RawHttpServer server(Good(), Tls(one.server));
    const HttpResponse response = Make(one.options)->Send(Get(server.url()));
    EXPECT_EQ(response.failure, HttpFailure::kTls) << one.server;
    EXPECT_THAT(response.error, HasSubstr("localhost:" + std::to_string(server.port())));
    EXPECT_THAT(response.error, HasSubstr(one.advice));
  }
}

TEST_F(HttpClientTlsTest, SkippingVerificationShouts) {
  RawHttpServer server(Good(), Tls("elsewhere"));
  HttpOptions options;
  options.insecure_skip_verify = true;
  const HttpResponse response = Make(options)->Send(Get(server.url()));
  EXPECT_TRUE(response.is_success()) << response.error;
  EXPECT_TRUE(log_.Has("W sink test: insecure_skip_verify is set: ANY server is trusted"));
}

TEST_F(HttpClientTlsTest, AServerWithoutTls) {
  RawHttpServer server([](RawPeer* peer) {
    peer->Receive(1 << 16);
    peer->Send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  });
  const HttpResponse response = Make()->Send(Get("https" + server.url().substr(4)));
  EXPECT_EQ(response.failure, HttpFailure::kTls) << response.error;
  EXPECT_THAT(response.error, HasSubstr("is it http:// instead of https://?"));
}

TEST_F(HttpClientTlsTest, PlainHttpToATlsServer) {
  RawHttpServer server(Good(), Tls("server"));
  const HttpResponse response =
      Make()->Send(Get("http://localhost:" + std::to_string(server.port())));
  EXPECT_EQ(response.failure, HttpFailure::kBroken) << response.error;
}

TEST_F(HttpClientTlsTest, AClientCertificate) {
  RawHttpServer::Tls tls = Tls("server");
  tls.client_ca = certificates_.ca();
  RawHttpServer server(Good(), tls);
  const HttpResponse without = Make(Trusting())->Send(Get(server.url()));
  EXPECT_EQ(without.failure, HttpFailure::kTls) << without.error;
  EXPECT_THAT(without.error, HasSubstr("set ssl_certificate and ssl_key"));

  HttpOptions options = Trusting();
  options.ssl_certificate = certificates_.certificate("client");
  options.ssl_key = certificates_.key("client");
  EXPECT_EQ(Make(options)->Send(Get(server.url())).body, "good");

  options.ssl_key = certificates_.locked_key("client");
  options.ssl_key_password = Secret(std::string(TestCertificates::kPassword));
  EXPECT_EQ(Make(options)->Send(Get(server.url())).body, "good");

  options.ssl_certificate = certificates_.foreign_ca();
  options.ssl_key = certificates_.key("foreign-ca");
  options.ssl_key_password = Secret();
  const HttpResponse foreign = Make(options)->Send(Get(server.url()));
  EXPECT_EQ(foreign.failure, HttpFailure::kTls) << foreign.error;
  EXPECT_THAT(foreign.error, HasSubstr("set ssl_certificate and ssl_key"));
}

TEST_F(HttpClientTlsTest, AWrongFileIsReportedWhenAClientIsCreated) {
  HttpOptions options = Trusting();
  options.ssl_certificate = certificates_.certificate("client");
  options.ssl_key = certificates_.key("server");
  const auto client = HttpClient::Make(&log_, "sink test", options);
  EXPECT_EQ(client.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(client.status().message()),
              HasSubstr("it is not the key of ssl_certificate"));
}

// TLS is end to end with the server, through the proxy.
TEST_F(HttpClientTlsTest, ThroughAProxy) {
  RawHttpServer server(Good(), Tls("server"));
  const RawHttpServer::Script no_tunnel = [](RawPeer* peer) {
    if (peer->Read()) peer->Send("HTTP/1.1 200 Connected\r\n\r\nno TLS");
  };
  RawHttpServer proxy(no_tunnel);
  HttpOptions options = Trusting();
  options.proxy = proxy.url();
  const HttpResponse response = Make(options)->Send(Get(server.url()));
  EXPECT_EQ(response.failure, HttpFailure::kTls) << response.error;
  EXPECT_THAT(response.error, HasSubstr("through the proxy " + proxy.url()));
  EXPECT_EQ(server.connections(), 0U);
}

}  // namespace
}  // namespace sparktail
