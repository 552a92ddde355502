// Faulty servers, and how the client classifies their faults.

#include <absl/synchronization/mutex.h>
#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "tests/support/eventually.h"
#include "tests/support/http_client_fixture.h"
#include "tests/support/raw_http_server.h"

namespace sparktail {
namespace {

using ::testing::AnyOf;
using testing::Eventually;
using testing::Gzip;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawAnswer;
using testing::RawHttpServer;
using testing::RawPeer;

class HttpClientFaultsTest : public testing::HttpClientFixture {
 protected:
  // Returns the client's view of a response after which the connection is closed.
  HttpResponse Answered(const std::string& bytes) {
    RawHttpServer server([&](RawPeer* peer) {
      if (peer->Read()) peer->Send(bytes);
    });
    return Make()->Send(Get(server.url()));
  }
};

TEST_F(HttpClientFaultsTest, WhatIsCutIsBroken) {
  const std::string packed = Gzip(std::string(1000, 'x'));
  const std::string encoding = "Content-Encoding: gzip\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n";
  const struct {
    const char* what;
    std::string bytes;
  } kCases[] = {
      {"content", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"},
      {"chunks", chunked + "\r\n4\r\nhalf\r\n"},
      {"in a chunk", chunked + "\r\n5\r\nhalf"},
      {"before the trailer's end", chunked + "\r\n4\r\nhalf\r\n0\r\n"},
      {"gzip", RawAnswer(200, packed.substr(0, packed.size() - 1), encoding)},
      {"gzip without its sums", RawAnswer(200, packed.substr(0, packed.size() - 8), encoding)},
      {"headers", "HTTP/1.1 200 OK\r\nContent-Le"},
      {"the status line", "HTTP/1.1 20"},
      {"all", ""},
  };
  for (const auto& one : kCases) {
    const HttpResponse response = Answered(one.bytes);
    EXPECT_EQ(response.failure, HttpFailure::kBroken) << one.what;
    EXPECT_NE(response.error, "") << one.what;
    EXPECT_FALSE(response.is_success());
  }
  EXPECT_EQ(Answered(kCases[0].bytes).body, "half");
  EXPECT_EQ(Answered(kCases[0].bytes).status, 200);
  EXPECT_THAT(Answered(kCases[0].bytes).error, HasSubstr("was cut"));
}

TEST_F(HttpClientFaultsTest, WhatIsNoHttpIsBroken) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const struct {
    const char* what;
    std::string bytes;
  } kCases[] = {
      {"HTTP/0.9", "<html>hello</html>"},
      {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n"},
      {"zeros", std::string(1000, '\0')},
      {"a status", "HTTP/1.1 99999 OK\r\n\r\n"},
      {"a length", ok + "Content-Length: -5\r\n\r\nhello"},
      {"a length in words", ok + "Content-Length: five\r\n\r\nhello"},
      {"a chunk's length", ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n"},
      {"an endless chunk", ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"},
      {"gzip", RawAnswer(200, "no gzip", "Content-Encoding: gzip\r\n")},
      {"more than gzip", RawAnswer(200, Gzip("x") + "more", "Content-Encoding: gzip\r\n")},
      {"brotli", RawAnswer(200, "x", "Content-Encoding: br\r\n")},
      {"zstd", RawAnswer(200, "x", "Content-Encoding: zstd\r\n")},
      {"gzip twice", RawAnswer(200, Gzip(Gzip("x")), "Content-Encoding: gzip, gzip\r\n")},
      {"a transfer encoding", RawAnswer(200, Gzip("x"), "Transfer-Encoding: gzip\r\n")},
      {"transfer encodings", RawAnswer(200, "x", "transfer-encoding:  zstd, chunked\r\n")},
  };
  for (const auto& one : kCases) {
    const HttpResponse response = Answered(one.bytes);
    EXPECT_EQ(response.failure, HttpFailure::kBroken) << one.what;
    EXPECT_NE(response.error, "") << one.what;
    EXPECT_LE(response.body.size(), 10U) << one.what;
  }
}

TEST_F(HttpClientFaultsTest, AResetIsBroken) {
  for (const char* before : {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}) {
    RawHttpServer server([&](RawPeer* peer) {
      if (!peer->Read()) return;
      peer->Send(before);
      peer->Reset();
    });
    const HttpResponse response = Make()->Send(Get(server.url()));
    EXPECT_EQ(response.failure, HttpFailure::kBroken) << response.error;
    EXPECT_THAT(response.error, HasSubstr("127.0.0.1:" + std::to_string(server.port())));
  }
}

// A server may close an idle connection at any time.
TEST_F(HttpClientFaultsTest, AConnectionThatEndedMeanwhileIsMadeAnew) {
  RawHttpServer server([](RawPeer* peer) {
    if (peer->Read()) peer->Send(RawAnswer(200, ""));
  });
  const auto client = Make();
  const std::string body(1 << 20, 'x');
  for (int i = 0; i < 20; ++i) {
    const HttpResponse response = client->Send(Post(server.url(), body));
    ASSERT_TRUE(response.is_success()) << response.error;
    if (i % 2 == 0) continue;
    ASSERT_TRUE(Eventually([&] { return server.open_connections() == 0; }));
  }
}

// ---------------------------------------------------------------- too much

TEST_F(HttpClientFaultsTest, OfAHugeBodyOnlySomeIsTaken) {
  constexpr size_t kHuge = size_t{64} << 20;
  std::atomic<size_t> taken = 0;
  RawHttpServer server([&](RawPeer* peer) {
    const auto request = peer->Read();
    const bool is_chunked = request->target == "/chunks";
    const std::string piece(1 << 16, 'x');
    peer->Send(is_chunked
                   ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                   : "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kHuge) + "\r\n\r\n");
    for (size_t sent = 0; sent < kHuge; sent += piece.size()) {
      if (!peer->Send(is_chunked ? "10000\r\n" + piece + "\r\n" : piece)) return;
      taken += piece.size();
    }
  });
  const auto client = Make();
  for (const char* target : {"/content", "/chunks"}) {
    taken = 0;
    const HttpResponse response = client->Send(Get(server.url() + target));
    EXPECT_EQ(response.failure, HttpFailure::kTooLarge);
    EXPECT_EQ(response.body.size(), size_t{1} << 20);
    EXPECT_TRUE(Eventually([&] { return server.open_connections() == 0; }));
    // The sockets of the machine may buffer the rest.
    EXPECT_LT(taken, kHuge / 2) << target;
  }
}

TEST_F(HttpClientFaultsTest, AGzipBombDoesNotGoOff) {
  const std::string bomb = Gzip(std::string(size_t{64} << 20, '\0'));
  ASSERT_LT(bomb.size(), size_t{1} << 20);
  const HttpResponse response = Answered(RawAnswer(200, bomb, "Content-Encoding: gzip\r\n"));
  EXPECT_EQ(response.failure, HttpFailure::kTooLarge);
  EXPECT_EQ(response.body.size(), size_t{1} << 20);
  EXPECT_LE(response.body.capacity(), size_t{2} << 20);
}

TEST_F(HttpClientFaultsTest, HeadersAreBounded) {
  const std::string line = "X-Much: " + std::string(1000, 'x') + "\r\n";
  const auto flood = [&](const std::string& begin, const std::string& piece) {
    std::string pieces;
    while (pieces.size() < 4096) pieces += piece;
    RawHttpServer server([&](RawPeer* peer) {
      if (!peer->Read()) return;
      peer->Send(begin);
      while (peer->Send(pieces)) {
      }
    });
    return Make()->Send(Get(server.url()));
  };
  const struct {
    const char* what;
    std::string begin;
    std::string piece;
  } kCases[] = {
      {"headers", "HTTP/1.1 200 OK\r\n", line},
      {"short ones", "HTTP/1.1 200 OK\r\n", "a:\r\n"},
      {"one header", "HTTP/1.1 200 OK\r\nX: ", "xxxxxxxxxx"},
      {"folded", "HTTP/1.1 200 OK\r\nX: 1\r\n", " more\r\n"},
      {"a status line", "HTTP/1.1 200 ", "xxxxxxxxxx"},
      {"interim answers", "", "HTTP/1.1 100 Continue\r\nX: 1\r\n\r\n"},
      {"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", line},
  };
  for (const auto& one : kCases) {
    const HttpResponse response = flood(one.begin, one.piece);
    EXPECT_EQ(response.failure, HttpFailure::kBroken) << one.what;
    EXPECT_NE(response.error, "") << one.what;
  }
}

// A server may respond before it has read the whole request, and close the connection. In the
// middle of a bulk request this must not look like a broken connection, or it would be retried
// forever.
TEST_F(HttpClientFaultsTest, AnAnswerInTheMidstOfTheRequestCounts) {
  RawHttpServer server([](RawPeer* peer) {
    if (!peer->ReadHead()) return;
    peer->Send(RawAnswer(413, "", "Connection: close\r\n"));
    while (!peer->Receive(1 << 16).empty()) {
    }
  });
  const std::string body(size_t{64} << 20, 'x');
  const HttpResponse response = Make()->Send(Post(server.url(), body));
  EXPECT_EQ(response.error, "");
  EXPECT_EQ(response.status, 413);
}

// A server that does not read the rest resets the connection: its response may get lost, but not
// each time.
TEST_F(HttpClientFaultsTest, AnAnswerBeforeAResetCountsIfItComes) {
  RawHttpServer server([](RawPeer* peer) {
    if (peer->ReadHead()) peer->Send(RawAnswer(413, "", "Connection: close\r\n"));
  });
  const auto client = Make();
  const std::string body(size_t{16} << 20, 'x');
  EXPECT_TRUE(Eventually([&] {
    const HttpResponse response = client->Send(Post(server.url(), body));
    EXPECT_FALSE(response.is_success());
    return response.failure == HttpFailure::kNone && response.status == 413;
  }));
}

// ---------------------------------------------------------------- too slow

TEST_F(HttpClientFaultsTest, NoAnswerInTimeIsATimeOut) {
  RawHttpServer server([](RawPeer* peer) {
    peer->Read();
    peer->Read();
  });
  HttpRequest request = Get(server.url());
  request.timeout = absl::Milliseconds(50);
  const HttpResponse response = Make()->Send(request);
  EXPECT_EQ(response.failure, HttpFailure::kTimeout) << response.error;
  EXPECT_THAT(response.error, HasSubstr("too long"));
}

TEST_F(HttpClientFaultsTest, ASlowDripIsATimeOut) {
  RawHttpServer server([](RawPeer* peer) {
    const auto request = peer->Read();
    if (request->target == "/body") {
      peer->Send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    } else {
      peer->Send("HTTP/1.1 200 OK\r\nX: ");
    }
    while (peer->Send("x") && peer->Wait(absl::Milliseconds(2))) {
    }
  });
  for (const char* target : {"/body", "/headers"}) {
    HttpRequest request = Get(server.url() + target);
    request.timeout = absl::Milliseconds(100);
    const absl::Time begin = absl::Now();
    EXPECT_EQ(Make()->Send(request).failure, HttpFailure::kTimeout) << target;
    EXPECT_LT(absl::Now() - begin, absl::Seconds(30));
  }
}

// A server that listens but never completes a TLS handshake has not received a request.
TEST_F(HttpClientFaultsTest, NoConnectionInTimeIsNone) {
  RawHttpServer server([](RawPeer* peer) {
    while (!peer->Receive(1 << 16).empty()) {
    }
  });
  HttpOptions options;
  options.connect_timeout = absl::Milliseconds(100);
  const HttpResponse response = Make(options)->Send(Get("https" + server.url().substr(4)));
  EXPECT_EQ(response.failure, HttpFailure::kConnect) << response.error;
  EXPECT_THAT(response.error, HasSubstr("in time"));
}

TEST_F(HttpClientFaultsTest, NobodyIsThere) {
  std::string url;
  {
    const RawHttpServer gone([](RawPeer*) {});
    url = gone.url();
  }
  const HttpResponse refused = Make()->Send(Get(url));
  EXPECT_EQ(refused.failure, HttpFailure::kConnect);
  EXPECT_THAT(refused.error,
              HasSubstr("cannot connect to " + url.substr(7) + ": connection refused"));
  HttpOptions options;
  options.connect_timeout = absl::Seconds(1);  // for the machine that asks for it in vain
  const HttpResponse unknown = Make(options)->Send(Get("http://no-such-host.invalid/"));
  EXPECT_EQ(unknown.failure, HttpFailure::kConnect);
  EXPECT_THAT(unknown.error, AnyOf(HasSubstr("no such host"), HasSubstr("in time")));
}

// ---------------------------------------------------------------- secrets

TEST_F(HttpClientFaultsTest, NoSecretIsInAnError) {
  const RawHttpServer::Script scripts[] = {
      [](RawPeer* peer) { peer->Read(); },
      [](RawPeer* peer) {
        peer->Read();
        peer->Reset();
      },
      // The server echoes the credentials.
      [](RawPeer* peer) { peer->Send(peer->Receive(1 << 16)); },
      [](RawPeer* peer) {
        peer->Send("HTTP/1.1 200 OK\r\nContent-Encoding: " + peer->Read()->Header("authorization") +
                   "\r\nContent-Length: 1\r\n\r\nx");
      },
      [](RawPeer* peer) {
        peer->Send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" +
                   peer->Read()->Header("authorization").substr(0, 3));
      },
  };
  HttpOptions options;
  options.auth = HttpOptions::Auth::kApiKey;
  options.api_key = Secret("much-secret");
  for (const RawHttpServer::Script& script : scripts) {
    RawHttpServer server(script);
    const HttpResponse response = Make(options)->Send(Get(server.url() + "/?key=much-secret"));
    EXPECT_NE(response.failure, HttpFailure::kNone);
    EXPECT_NE(response.error, "");
    EXPECT_THAT(response.error, Not(HasSubstr("much-secret")));
  }
}

}  // namespace
}  // namespace sparktail
