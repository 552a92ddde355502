#include "ingest/http/http_client.h"

#include <absl/synchronization/mutex.h>
#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ingest/http/aws_signature.h"
#include "tests/support/eventually.h"
#include "tests/support/http_client_fixture.h"
#include "tests/support/raw_http_server.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using testing::Eventually;
using testing::Gzip;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawAnswer;
using testing::RawHttpServer;
using testing::RawPeer;
using testing::RawRequest;
using ::testing::StartsWith;
using testing::TempDir;
using testing::WriteBytes;

// Records each request and responds with 200.
class Recorder {
 public:
  RawHttpServer::Script script() {
    return RawHttpServer::Answering([this](const RawRequest& request) {
      const absl::MutexLock lock(&mutex_);
      requests_.push_back(request);
      return RawAnswer(200, "");
    });
  }
  std::vector<RawRequest> requests() {
    const absl::MutexLock lock(&mutex_);
    return requests_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<RawRequest> requests_;
};

class HttpClientTest : public testing::HttpClientFixture {};

// ---------------------------------------------------------------- one exchange

TEST_F(HttpClientTest, SendsMethodHeadersAndBody) {
  Recorder recorder;
  RawHttpServer server(recorder.script());
  const auto client = Make();
  const std::string packed = Gzip("{\"create\":{}}\n");
  HttpRequest request = Post(server.url() + "/_bulk?filter_path=errors", packed);
  request.gzip_body = true;
  request.headers = {"Content-Type: application/x-ndjson", "X-Other: 1"};
  ASSERT_TRUE(client->Send(request).is_success());
  request.method = HttpMethod::kPut;
  request.gzip_body = false;
  request.body = "";
  request.headers = {};
  ASSERT_TRUE(client->Send(request).is_success());
  for (const HttpMethod method : {HttpMethod::kGet, HttpMethod::kHead, HttpMethod::kDelete}) {
    request = Get(server.url() + "/a%2Fb/../c");
    request.method = method;
    ASSERT_TRUE(client->Send(request).is_success());
  }
  const std::vector<RawRequest> seen = recorder.requests();
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].target, "/_bulk?filter_path=errors");
  EXPECT_EQ(seen[0].body, packed);
  EXPECT_EQ(seen[0].Header("content-encoding"), "gzip");
  EXPECT_EQ(seen[0].Header("content-type"), "application/x-ndjson");
  EXPECT_EQ(seen[0].Header("x-other"), "1");
  EXPECT_EQ(seen[1].method, "PUT");
  EXPECT_EQ(seen[1].Header("content-length"), "0");
  EXPECT_EQ(seen[2].method, "GET");
  EXPECT_EQ(seen[3].method, "HEAD");
  EXPECT_EQ(seen[4].method, "DELETE");
  EXPECT_EQ(seen[4].target, "/a%2Fb/../c");
  for (const RawRequest& one : seen) {
    EXPECT_EQ(one.Header("accept-encoding"), "gzip");
    EXPECT_EQ(one.Header("accept"), "*/*");
    EXPECT_EQ(one.Header("user-agent"), "sparktail");
    for (const char* name : {"expect", "authorization", "cookie", "transfer-encoding"}) {
      EXPECT_FALSE(one.headers.contains(name)) << name;
    }
    if (&one == seen.data()) continue;
    EXPECT_FALSE(one.headers.contains("content-type"));
    EXPECT_FALSE(one.headers.contains("content-encoding"));
  }
}

TEST_F(HttpClientTest, ReturnsStatusHeadersAndBody) {
  RawHttpServer server(RawHttpServer::Answering([](const RawRequest& request) {
    return RawAnswer(std::stoi(request.target.substr(1)), "said " + request.target,
                     "Content-Type: text/html; charset=x\r\n");
  }));
  const auto client = Make();
  for (const int status : {200, 201, 400, 401, 404, 413, 429, 500, 503}) {
    const std::string target = "/" + std::to_string(status);
    const HttpResponse response = client->Send(Get(server.url() + target));
    EXPECT_EQ(response.failure, HttpFailure::kNone) << status;
    EXPECT_EQ(response.error, "");
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.body, "said " + target);
    EXPECT_EQ(response.content_type, "text/html; charset=x");
    EXPECT_EQ(response.location, "");
    EXPECT_EQ(response.retry_after, std::nullopt);
    EXPECT_EQ(response.is_success(), status < 300) << status;
  }
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(HttpClientTest, AHeadHasNoBody) {
  RawHttpServer server(RawHttpServer::Answering(
      [](const RawRequest&) { return "HTTP/1.1 200 OK\r\nContent-Length: 4711\r\n\r\n"; }));
  HttpRequest request = Get(server.url());
  request.method = HttpMethod::kHead;
  const HttpResponse response = Make()->Send(request);
  EXPECT_TRUE(response.is_success()) << response.error;
  EXPECT_EQ(response.body, "");
}

TEST_F(HttpClientTest, ARedirectIsReturnedAndNotFollowed) {
  Recorder elsewhere;
  RawHttpServer other(elsewhere.script());
  RawHttpServer server(RawHttpServer::Answering([&](const RawRequest& request) {
    const std::string where = request.target == "/far" ? other.url() + "/x" : "/near?a=b";
    return RawAnswer(307, "moved", "Location: " + where + "\r\n");
  }));
  const auto client = Make();
  const HttpResponse far = client->Send(Get(server.url() + "/far"));
  EXPECT_EQ(far.failure, HttpFailure::kNone);
  EXPECT_EQ(far.status, 307);
  EXPECT_EQ(far.body, "moved");
  EXPECT_EQ(far.location, other.url() + "/x");
  EXPECT_FALSE(far.is_success());
  EXPECT_EQ(client->Send(Get(server.url() + "/a/b")).location, server.url() + "/near?a=b");
  EXPECT_EQ(other.connections(), 0U);
}

TEST_F(HttpClientTest, RetryAfter) {
  RawHttpServer server(RawHttpServer::Answering([](const RawRequest& request) {
    // The server's clock counts, not ours.
    const std::string when = request.target == "/date"
                                 ? "Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 "
                                   "08:48:37 GMT"
                                 : "7";
    return RawAnswer(503, "", "Retry-After: " + when + "\r\n");
  }));
  const auto client = Make();
  EXPECT_EQ(client->Send(Get(server.url() + "/seconds")).retry_after, absl::Seconds(7));
  EXPECT_EQ(client->Send(Get(server.url() + "/date")).retry_after, absl::Minutes(1));
}

TEST_F(HttpClientTest, ChunksAndGzipAreDecoded) {
  const std::string text(100'000, 'x');
  const auto chunked = [](const std::string& body, const std::string& headers) {
    std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + headers + "\r\n";
    for (size_t at = 0; at < body.size(); at += 7) {
      const std::string piece = body.substr(at, 7);
      answer += std::to_string(piece.size()) + ";extension=\"1\"\r\n" + piece + "\r\n";
    }
    return answer + "0\r\nTrailer: 1\r\n\r\n";
  };
  RawHttpServer server(RawHttpServer::Answering([&](const RawRequest& request) {
    const std::string encoding = "Content-Encoding: GZIP\r\n";
    if (request.target == "/chunks") return chunked(text, "");
    if (request.target == "/both") return chunked(Gzip(text), encoding);
    if (request.target == "/none") return RawAnswer(200, "", encoding);
    return RawAnswer(200, Gzip(text), encoding);
  }));
  const auto client = Make();
  for (const char* target : {"/chunks", "/gzip", "/both"}) {
    const HttpResponse response = client->Send(Get(server.url() + target));
    EXPECT_EQ(response.error, "") << target;
    EXPECT_EQ(response.body, text) << target;
  }
  EXPECT_TRUE(client->Send(Get(server.url() + "/none")).is_success());
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(HttpClientTest, ABodyIsBounded) {
  RawHttpServer server(RawHttpServer::Answering([](const RawRequest& request) {
    const std::string text(1000, 'x');
    return request.target == "/gzip" ? RawAnswer(200, Gzip(text), "Content-Encoding: gzip\r\n")
                                     : RawAnswer(200, text);
  }));
  const auto client = Make();
  for (const char* target : {"/plain", "/gzip"}) {
    HttpRequest request = Get(server.url() + target);
    request.most_bytes = 1000;
    EXPECT_TRUE(client->Send(request).is_success()) << target;
    request.most_bytes = 999;
    const HttpResponse response = client->Send(request);
    EXPECT_EQ(response.failure, HttpFailure::kTooLarge) << target;
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, std::string(999, 'x')) << target;
    EXPECT_THAT(response.error, HasSubstr("larger than 999 bytes"));
  }
}

// ---------------------------------------------------------------- many

TEST_F(HttpClientTest, ThousandsOfRequestsOnOneConnection) {
  RawHttpServer server(RawHttpServer::Answering(
      [](const RawRequest& request) { return RawAnswer(200, request.body); }));
  const auto client = Make();
  for (int i = 0; i < 3000; ++i) {
    const std::string body = std::to_string(i);
    const HttpResponse response = client->Send(Post(server.url(), body));
    ASSERT_EQ(response.error, "");
    ASSERT_EQ(response.body, body);
  }
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(HttpClientTest, ManyAtATime) {
  constexpr size_t kCount = 50;
  absl::Mutex mutex;
  size_t waiting = 0;
  // The server responds to none before all requests have arrived.
  RawHttpServer server(RawHttpServer::Answering([&](const RawRequest& request) {
    const absl::MutexLock lock(&mutex);
    ++waiting;
    const auto all_are_there = [&] { return waiting >= kCount; };
    mutex.Await(absl::Condition(&all_are_there));
    return RawAnswer(200, request.target);
  }));
  const auto client = Make();
  std::vector<std::string> bodies;
  for (size_t i = 0; i < kCount; ++i) {
    client->Start(Get(server.url() + "/" + std::to_string(i)), [&](const HttpResponse& response) {
      EXPECT_EQ(response.error, "");
      bodies.push_back(response.body);
    });
  }
  EXPECT_EQ(client->in_flight(), kCount);
  while (client->in_flight() > 0) client->Poll(absl::Seconds(10));
  std::sort(bodies.begin(), bodies.end());
  EXPECT_EQ(std::unique(bodies.begin(), bodies.end()) - bodies.begin(), kCount);
  EXPECT_EQ(server.connections(), kCount);
  // The client does not keep all connections.
  EXPECT_TRUE(Eventually([&] { return server.open_connections() <= 32; }));
}

TEST_F(HttpClientTest, OneThatIsDoneStartsAnother) {
  Recorder recorder;
  RawHttpServer server(recorder.script());
  const auto client = Make();
  int left = 5;
  std::function<void(HttpResponse)> next = [&](const HttpResponse& response) {
    EXPECT_TRUE(response.is_success()) << response.error;
    if (--left > 0) client->Start(Get(server.url()), next);
  };
  client->Start(Get(server.url()), next);
  EXPECT_EQ(left, 5);
  while (client->in_flight() > 0) client->Poll(absl::Seconds(10));
  EXPECT_EQ(left, 0);
  EXPECT_EQ(recorder.requests().size(), 5U);
}

TEST_F(HttpClientTest, OneThatCantBeStartedFailsWhenPolled) {
  const auto client = Make();
  std::vector<std::string> errors;
  HttpRequest wrong_header = Get("http://127.0.0.1:1");
  wrong_header.headers = {"X: 1\r\nY: 2"};
  for (const HttpRequest& request :
       {Get("ftp://host/"), Get("host"), Get(""), Get("http://user:much-secret@host/"),
        Get("http://host/\r\nX: y"), wrong_header}) {
    client->Start(request, [&](const HttpResponse& response) {
      EXPECT_EQ(response.failure, HttpFailure::kConnect);
      EXPECT_EQ(response.status, 0);
      errors.push_back(response.error);
    });
  }
  EXPECT_EQ(errors.size(), 0U);
  EXPECT_EQ(client->in_flight(), 6U);
  client->Poll(absl::ZeroDuration());
  EXPECT_EQ(errors.size(), 6U);
  for (const std::string& error : errors) {
    EXPECT_THAT(error, StartsWith("the request can't be sent: "));
    EXPECT_THAT(error, Not(HasSubstr("much-secret")));
  }
}

// A `done` that starts a request which fails at once does not keep Poll() from returning.
TEST_F(HttpClientTest, PollReturnsWhileRequestsKeepFailing) {
  const auto client = Make();
  int failed = 0;
  std::function<void(HttpResponse)> again = [&](const HttpResponse&) {
    ++failed;
    client->Start(Get("ftp://host/"), again);
  };
  client->Start(Get("ftp://host/"), again);
  client->Poll(absl::Seconds(60));
  EXPECT_EQ(failed, 1);
  client->Abandon();
  const absl::Time begin = absl::Now();
  client->Poll(absl::Milliseconds(20));
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(15));
}

TEST_F(HttpClientTest, SendServesTheOthers) {
  Recorder recorder;
  RawHttpServer server(recorder.script());
  const auto client = Make();
  int done = 0;
  client->Start(Get(server.url()), [&](const HttpResponse&) {
    ++done;
    // A Send() within a `done`.
    EXPECT_TRUE(client->Send(Get(server.url())).is_success());
  });
  while (done == 0) EXPECT_TRUE(client->Send(Get(server.url())).is_success());
  EXPECT_EQ(client->in_flight(), 0U);
}

// ---------------------------------------------------------------- leaving

TEST_F(HttpClientTest, AbandonedRequestsAreDropped) {
  RawHttpServer server([](RawPeer* peer) {
    while (const auto request = peer->Read()) {
      if (request->target == "/never") {
        peer->Read();
        return;
      }
      peer->Send(RawAnswer(200, ""));
    }
  });
  const auto client = Make();
  int called = 0;
  {
    const std::string body(1 << 20, 'x');
    for (int i = 0; i < 5; ++i) {
      client->Start(Post(server.url() + "/never", body), [&](const HttpResponse&) { ++called; });
    }
    client->Start(Get("no url"), [&](const HttpResponse&) { ++called; });
    ASSERT_TRUE(Eventually([&] {
      client->Poll(absl::ZeroDuration());
      return server.connections() == 5;
    }));
    client->Start(Get("no url"), [&](const HttpResponse&) { ++called; });
    client->Abandon();
  }
  EXPECT_EQ(client->in_flight(), 0U);
  EXPECT_EQ(called, 1);  // the wrong URL, when it was polled
  EXPECT_TRUE(Eventually([&] { return server.open_connections() == 0; }));
  EXPECT_TRUE(client->Send(Get(server.url())).is_success());
}

TEST_F(HttpClientTest, TheDestructorAbandonsAll) {
  RawHttpServer server([](RawPeer* peer) {
    peer->Read();
    peer->Read();
  });
  auto client = Make();
  for (int i = 0; i < 3; ++i) {
    client->Start(Get(server.url()), [](const HttpResponse&) { FAIL(); });
  }
  ASSERT_TRUE(Eventually([&] {
    client->Poll(absl::ZeroDuration());
    return server.connections() == 3;
  }));
  client = nullptr;
  EXPECT_TRUE(Eventually([&] { return server.open_connections() == 0; }));
}

TEST_F(HttpClientTest, OneThatIsDoneAbandonsTheOthers) {
  RawHttpServer server([](RawPeer* peer) {
    if (peer->Read()->target == "/never") peer->Read();
    peer->Send(RawAnswer(200, ""));
  });
  const auto client = Make();
  client->Start(Get(server.url()), [&](const HttpResponse&) { client->Abandon(); });
  const HttpResponse response = client->Send(Get(server.url() + "/never"));
  EXPECT_EQ(response.failure, HttpFailure::kBroken);
  EXPECT_THAT(response.error, HasSubstr("abandoned"));
}

// ---------------------------------------------------------------- credentials

HttpOptions Basic() {
  HttpOptions options;
  options.auth = HttpOptions::Auth::kBasic;
  options.username = "alice";
  options.password = Secret("much-secret");
  return options;
}

TEST_F(HttpClientTest, CredentialsGoWithEachRequest) {
  Recorder recorder;
  RawHttpServer server(recorder.script());
  const auto send = [&](HttpOptions options) {
    const auto client = Make(std::move(options));
    EXPECT_TRUE(client->Send(Get(server.url())).is_success());
    return recorder.requests().back().Header("authorization");
  };
  EXPECT_EQ(send(Basic()), "Basic YWxpY2U6bXVjaC1zZWNyZXQ=");
  HttpOptions options;
  options.auth = HttpOptions::Auth::kApiKey;
  options.api_key = Secret("a2V5");
  EXPECT_EQ(send(options), "ApiKey a2V5");
  options = {};
  options.auth = HttpOptions::Auth::kBearer;
  options.token = Secret("t.o.k");
  EXPECT_EQ(send(options), "Bearer t.o.k");
  EXPECT_THAT(log_.lines(), ElementsAre());  // on loopback nobody is on the way
}

TEST_F(HttpClientTest, ATokenFileIsReadAgain) {
  Recorder recorder;
  RawHttpServer server(recorder.script());
  const TempDir folder;
  HttpOptions options;
  options.auth = HttpOptions::Auth::kBearer;
  options.token_file = folder / "token";
  const auto missing = HttpClient::Make(&log_, "sink test", options);
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr(options.token_file));
  WriteBytes(options.token_file, "one\n");
  const auto client = Make(options);
  const auto send = [&] {
    EXPECT_TRUE(client->Send(Get(server.url())).is_success());
    return recorder.requests().back().Header("authorization");
  };
  EXPECT_EQ(send(), "Bearer one");
  WriteBytes(options.token_file, "two\n");
  EXPECT_EQ(send(), "Bearer two");
  EXPECT_THAT(log_.lines(), ElementsAre());
  std::filesystem::remove(options.token_file);
  EXPECT_EQ(send(), "Bearer two");
  EXPECT_TRUE(log_.Has("W sink test: token_file " + options.token_file));
  EXPECT_FALSE(log_.Has("two"));
  WriteBytes(options.token_file, "three");
  EXPECT_EQ(send(), "Bearer three");
}

// F45: the signature is of the body as it is sent, compressed.
TEST_F(HttpClientTest, SignaturesAreOfTheCompressedBody) {
  Recorder recorder;
  RawHttpServer server(recorder.script());
  HttpOptions options;
  options.auth = HttpOptions::Auth::kSigV4;
  options.aws_region = "eu-central-1";
  options.aws_service = "aoss";
  options.aws_access_key = "AKID";
  options.aws_secret_key = Secret("much-secret");
  options.aws_session_token = Secret("session");
  const auto client = Make(options);
  const std::string packed = Gzip("{}");
  HttpRequest request = Post(server.url() + "/_bulk?filter_path=errors,items.*.status", packed);
  request.gzip_body = true;
  ASSERT_TRUE(client->Send(request).is_success());
  ASSERT_TRUE(client->Send(Get(server.url() + "/")).is_success());
  const std::vector<RawRequest> seen = recorder.requests();
  ASSERT_EQ(seen.size(), 2U);
  for (const RawRequest& one : seen) {
    // The server computes the signature of the bytes that arrived.
    const size_t question = std::min(one.target.find('?'), one.target.size());
    AwsRequest expected;
    expected.method = one.method;
    expected.path = one.target.substr(0, question);
    expected.query = one.target.substr(std::min(question + 1, one.target.size()));
    expected.body_hash = Sha256Hex(one.body);
    for (const char* name :
         {"host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"}) {
      EXPECT_NE(one.Header(name), "") << name;
      expected.headers[name] = one.Header(name);
    }
    EXPECT_EQ(one.Header("x-amz-content-sha256"), expected.body_hash);
    EXPECT_EQ(one.Header("host"), "127.0.0.1:" + std::to_string(server.port()));
    std::string date_text = one.Header("x-amz-date");
    date_text.insert(6, "-").insert(4, "-");
    absl::Time date;
    ASSERT_TRUE(absl::ParseTime("%Y-%m-%dT%H%M%SZ", date_text, &date, nullptr)) << date_text;
    EXPECT_LT(absl::AbsDuration(absl::Now() - date), absl::Minutes(5));
    EXPECT_EQ(one.Header("authorization"),
              AwsAuthorization(expected, {"eu-central-1", "aoss", "AKID", "much-secret"}, date));
  }
}

// ---------------------------------------------------------------- proxies

TEST_F(HttpClientTest, NoProxyOfTheEnvironment) {
  Recorder recorder;
  RawHttpServer server(recorder.script());
  ASSERT_EQ(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
  ASSERT_EQ(setenv("all_proxy", "http://127.0.0.1:1", 1), 0);
  const HttpResponse response = Make()->Send(Get(server.url()));
  unsetenv("http_proxy");
  unsetenv("all_proxy");
  EXPECT_TRUE(response.is_success()) << response.error;
}

// The proxy makes it possible to name a host that is not this machine.
TEST_F(HttpClientTest, WarnsOnceOfCredentialsInPlainText) {
  Recorder recorder;
  RawHttpServer proxy(recorder.script());
  HttpOptions options = Basic();
  options.proxy = proxy.url();
  // no_proxy in the environment is ignored.
  ASSERT_EQ(setenv("no_proxy", "*", 1), 0);
  const auto client = Make(options);
  ASSERT_TRUE(client->Send(Get("http://search.example:9200/x")).is_success());
  ASSERT_TRUE(client->Send(Get("http://search.example:9200/y")).is_success());
  unsetenv("no_proxy");
  EXPECT_EQ(recorder.requests()[0].target, "http://search.example:9200/x");
  EXPECT_EQ(recorder.requests()[0].Header("authorization"), "Basic YWxpY2U6bXVjaC1zZWNyZXQ=");
  EXPECT_THAT(log_.lines(), ElementsAre(HasSubstr("W sink test: credentials are sent to "
                                                  "search.example:9200 without TLS")));
}

TEST_F(HttpClientTest, AProxyThatRejectsConnect) {
  absl::Mutex mutex;
  std::vector<RawRequest> seen;
  RawHttpServer proxy([&](RawPeer* peer) {
    const auto request = peer->Read();
    const absl::MutexLock lock(&mutex);
    seen.push_back(*request);
    peer->Send(RawAnswer(407, "<html>", "Proxy-Authenticate: Basic realm=\"x\"\r\n"));
  });
  HttpOptions options = Basic();
  options.proxy = proxy.url();
  const HttpResponse response = Make(options)->Send(Get("https://search.example:9200/x"));
  EXPECT_EQ(response.failure, HttpFailure::kConnect);
  EXPECT_EQ(response.status, 0);
  EXPECT_THAT(response.error,
              HasSubstr("does not connect to search.example:9200: it responds with 407"));
  const absl::MutexLock lock(&mutex);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].method, "CONNECT");
  EXPECT_FALSE(seen[0].headers.contains("authorization"));
}

TEST_F(HttpClientTest, ASocksProxyLooksUpNames) {
  absl::Mutex mutex;
  std::string asked;
  RawHttpServer proxy([&](RawPeer* peer) {
    peer->Receive(64);
    peer->Send({"\x05\x00", 2});
    const std::string request = peer->Receive(64);
    {
      const absl::MutexLock lock(&mutex);
      asked = request;
    }
    peer->Send({"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50", 10});
    if (peer->Read()) peer->Send(RawAnswer(200, "through"));
  });
  HttpOptions options;
  options.proxy = "socks5h" + proxy.url().substr(4);
  const HttpResponse response = Make(options)->Send(Get("http://search.example:80/"));
  EXPECT_EQ(response.error, "");
  EXPECT_EQ(response.body, "through");
  const absl::MutexLock lock(&mutex);
  EXPECT_THAT(asked, HasSubstr("search.example"));
}

}  // namespace
}  // namespace sparktail
