#include "ingest/http/http_failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace sparktail {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

HttpEnd End(CURLcode code, bool was_sent = true) {
  HttpEnd end;
  end.code = code;
  end.detail = "what libcurl says";
  end.was_sent = was_sent;
  end.server = "search:9200";
  return end;
}

TEST(HttpFailureTest, Classification) {
  const struct {
    CURLcode code;
    HttpFailure failure;
  } kCases[] = {
      {CURLE_OK, HttpFailure::kNone},
      {CURLE_COULDNT_RESOLVE_HOST, HttpFailure::kConnect},
      {CURLE_COULDNT_RESOLVE_PROXY, HttpFailure::kConnect},
      {CURLE_COULDNT_CONNECT, HttpFailure::kConnect},
      {CURLE_PROXY, HttpFailure::kConnect},
      {CURLE_URL_MALFORMAT, HttpFailure::kConnect},
      {CURLE_PEER_FAILED_VERIFICATION, HttpFailure::kTls},
      {CURLE_SSL_CONNECT_ERROR, HttpFailure::kTls},
      {CURLE_SSL_CERTPROBLEM, HttpFailure::kTls},
      {CURLE_SSL_CACERT_BADFILE, HttpFailure::kTls},
      {CURLE_OPERATION_TIMEDOUT, HttpFailure::kTimeout},
      {CURLE_SEND_ERROR, HttpFailure::kBroken},
      {CURLE_RECV_ERROR, HttpFailure::kBroken},
      {CURLE_GOT_NOTHING, HttpFailure::kBroken},
      {CURLE_PARTIAL_FILE, HttpFailure::kBroken},
      {CURLE_UNSUPPORTED_PROTOCOL, HttpFailure::kBroken},
      {CURLE_WEIRD_SERVER_REPLY, HttpFailure::kBroken},
      {CURLE_OUT_OF_MEMORY, HttpFailure::kBroken},
      {CURLE_FILESIZE_EXCEEDED, HttpFailure::kTooLarge},
  };
  for (const auto& one : kCases) EXPECT_EQ(Classify(End(one.code)), one.failure) << one.code;
}

// Each code of libcurl has a failure and a sentence that names the server.
TEST(HttpFailureTest, EachCodeIsExplained) {
  for (int code = CURLE_UNSUPPORTED_PROTOCOL; code < CURL_LAST; ++code) {
    for (const bool was_sent : {false, true}) {
      const HttpEnd end = End(static_cast<CURLcode>(code), was_sent);
      EXPECT_NE(Classify(end), HttpFailure::kNone) << code;
      const bool is_of_url = code == CURLE_URL_MALFORMAT || code == CURLE_COULDNT_RESOLVE_PROXY ||
                             (code == CURLE_UNSUPPORTED_PROTOCOL && !was_sent);
      EXPECT_THAT(Explain(end), HasSubstr(is_of_url ? "" : "search:9200")) << code;
      EXPECT_NE(Explain(end), "") << code;
    }
  }
  EXPECT_EQ(Explain(End(CURLE_OK)), "");
}

TEST(HttpFailureTest, ATimeOutBeforeAnythingWasSentIsNoConnection) {
  EXPECT_EQ(Classify(End(CURLE_OPERATION_TIMEDOUT, false)), HttpFailure::kConnect);
  EXPECT_EQ(Classify(End(CURLE_UNSUPPORTED_PROTOCOL, false)), HttpFailure::kConnect);
  EXPECT_THAT(Explain(End(CURLE_OPERATION_TIMEDOUT, false)), HasSubstr("firewall"));
}

TEST(HttpFailureTest, ExplainsWhyItCannotConnect) {
  HttpEnd end = End(CURLE_COULDNT_CONNECT, false);
  EXPECT_EQ(Explain(end), "cannot connect to search:9200: what libcurl says");
  end.os_error = ECONNREFUSED;
  EXPECT_EQ(Explain(end),
            "cannot connect to search:9200: connection refused; is it up, and is the port right?");
  end.os_error = EHOSTUNREACH;
  EXPECT_EQ(Explain(end), "cannot connect to search:9200: No route to host");
  end.proxy = "http://proxy:3128";
  EXPECT_EQ(Explain(end),
            "cannot connect to search:9200 through the proxy http://proxy:3128: No route to host");
}

TEST(HttpFailureTest, AProxyThatRejectsConnect) {
  HttpEnd end = End(CURLE_RECV_ERROR, false);
  end.proxy = "http://proxy:3128";
  end.proxy_status = 200;
  EXPECT_EQ(Classify(end), HttpFailure::kBroken);
  end.proxy_status = 403;
  EXPECT_EQ(Classify(end), HttpFailure::kConnect);
  EXPECT_THAT(Explain(end), HasSubstr("the proxy http://proxy:3128 does not connect to "
                                      "search:9200: it responds with 403"));
}

// As OpenSSL 3 and libcurl 7.88 put it.
TEST(HttpFailureTest, AdviceForTls) {
  const struct {
    CURLcode code;
    const char* detail;
    const char* advice;
  } kCases[] = {
      {CURLE_PEER_FAILED_VERIFICATION,
       "SSL certificate problem: unable to get local issuer certificate", "set ssl_ca"},
      {CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: self-signed certificate",
       "set ssl_ca"},
      {CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: certificate has expired",
       "renew that certificate"},
      {CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: certificate is not yet valid",
       "this machine's clock"},
      {CURLE_PEER_FAILED_VERIFICATION,
       "SSL: no alternative certificate subject name matches target host name 'x'",
       "use a URL with a name"},
      {CURLE_SSL_CONNECT_ERROR, "error:0A00010B:SSL routines::wrong version number",
       "http:// instead of https://"},
      {CURLE_RECV_ERROR,
       "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0",
       "set ssl_certificate and ssl_key"},
      {CURLE_SSL_CONNECT_ERROR, "error:0A000410:SSL routines::sslv3 alert handshake failure",
       "set ssl_certificate"},
      {CURLE_SSL_CONNECT_ERROR, "something else", "check ssl_ca"},
  };
  for (const auto& one : kCases) {
    HttpEnd end = End(one.code);
    end.detail = one.detail;
    EXPECT_EQ(Classify(end), HttpFailure::kTls) << one.detail;
    EXPECT_THAT(Explain(end), AllOf(HasSubstr(one.detail), HasSubstr(one.advice)));
  }
}

TEST(HttpFailureTest, AServerThatClosesInsteadOfRequestingACertificate) {
  HttpEnd end = End(CURLE_RECV_ERROR);
  end.is_tls = true;
  EXPECT_EQ(Classify(end), HttpFailure::kBroken);
  EXPECT_THAT(Explain(end), HasSubstr("set ssl_certificate and ssl_key"));
  end.has_response = true;
  EXPECT_EQ(Explain(end), "the connection with search:9200 broke: what libcurl says");
}

}  // namespace
}  // namespace sparktail
