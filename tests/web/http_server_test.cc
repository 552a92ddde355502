#include "ingest/web/http_server.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

HttpPage Hello(std::string_view path) {
  HttpPage answer;
  if (path == "/throw") throw std::runtime_error("no\r\nluck");
  if (path == "/throw-odd") throw 1;
  if (path == "/large") answer.body.assign(8 << 20, 'x');
  if (path == "/hello") answer.body = "hello\n";
  if (answer.body.empty()) answer.status = 404;
  return answer;
}

std::unique_ptr<HttpServer> Start(HttpServer::Handler handler = Hello) {
  auto server = HttpServer::Start("127.0.0.1:0", std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

class Client {
 public:
  explicit Client(const HttpServer& server) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience = {20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(server.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Send(const std::string& text) { send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }

  // Everything that arrives until the server closes.
  std::string Receive() {
    std::string text;
    std::string piece(65536, '\0');
    for (ssize_t size = 1; size > 0;) {
      size = recv(fd_, piece.data(), piece.size(), 0);
      if (size > 0) text.append(piece, 0, static_cast<size_t>(size));
    }
    return text;
  }

 private:
  int fd_;
};

std::string Get(const HttpServer& server, const std::string& request) {
  Client client(server);
  client.Send(request);
  return client.Receive();
}

std::string GetPath(const HttpServer& server, const std::string& path) {
  return Get(server, "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
}

TEST(HttpServer, AnswersGetAndHead) {
  const auto server = Start();
  EXPECT_GT(server->port(), 0);
  EXPECT_EQ(server->url(), absl::StrCat("http://127.0.0.1:", server->port()));
  EXPECT_THAT(GetPath(*server, "/hello"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nContent-Length: 6\r\n"),
                    HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n"),
                    HasSubstr("\r\nConnection: close\r\n"), EndsWith("\r\n\r\nhello\n")));
  EXPECT_THAT(GetPath(*server, "/hello?a=b"), EndsWith("\r\n\r\nhello\n"));
  EXPECT_THAT(Get(*server, "HEAD /hello HTTP/1.0\r\n\r\n"),
              AllOf(HasSubstr("\r\nContent-Length: 6\r\n"), EndsWith("\r\n\r\n")));
}

TEST(HttpServer, RefusesAllElse) {
  const auto server = Start();
  EXPECT_THAT(GetPath(*server, "/other"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(GetPath(*server, "/hello/"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Get(*server, "POST /hello HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, HEAD\r\n")));
  for (const std::string request :
       {"\r\n\r\n", "GET\r\n\r\n", "GET /hello\r\n\r\n", "GET  HTTP/1.1\r\n\r\n",
        "GET hello HTTP/1.1\r\n\r\n", "GET /a b HTTP/1.1\r\n\r\n", "GET /hello HTTP/2\r\n\r\n",
        "GET http://x/hello HTTP/1.1\r\n\r\n", "\x16\x03\x01\n\n"}) {
    EXPECT_THAT(Get(*server, request), StartsWith("HTTP/1.1 400 ")) << request;
  }
}

TEST(HttpServer, AnExceptionIsAnAnswer) {
  const auto server = Start();
  EXPECT_THAT(GetPath(*server, "/throw"),
              AllOf(StartsWith("HTTP/1.1 500 "), EndsWith("\r\n\r\nno??luck\n")));
  EXPECT_THAT(GetPath(*server, "/throw-odd"), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(GetPath(*server, "/hello"), EndsWith("hello\n"));
}

TEST(HttpServer, ALargeAnswerArrivesWhole) {
  const auto server = Start();
  const std::string answer = GetPath(*server, "/large");
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, size_t{8} << 20);
}

TEST(HttpServer, ARequestMayComeInPieces) {
  const auto server = Start();
  Client client(*server);
  for (const char byte : std::string("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")) {
    client.Send(std::string(1, byte));
  }
  EXPECT_THAT(client.Receive(), EndsWith("hello\n"));
}

TEST(HttpServer, ALongRequestIsRefused) {
  const auto server = Start();
  Client client(*server);
  client.Send("GET /hello HTTP/1.1\r\nX: " +
              std::string(HttpServer::kMostRequestBytes, 'x'));  // never ends
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(GetPath(*server, "/hello"), EndsWith("hello\n"));
}

TEST(HttpServer, ASilentClientBlocksNobody) {
  const auto server = Start();
  std::vector<std::unique_ptr<Client>> silent;
  for (size_t i = 0; i < 2 * HttpServer::kMostConnections; ++i) {
    silent.push_back(std::make_unique<Client>(*server));
    silent.back()->Send("GET /he");
  }
  EXPECT_THAT(GetPath(*server, "/hello"), EndsWith("hello\n"));
  EXPECT_EQ(silent.front()->Receive(), "") << "the oldest had to go";
}

TEST(HttpServer, ASilentClientIsDisconnectedInTheEnd) {
  const auto server =
      HttpServer::Start("127.0.0.1:0", Hello, /*timeout=*/std::chrono::milliseconds(300));
  ASSERT_TRUE(server.ok()) << server.status();
  Client silent(**server);
  EXPECT_EQ(silent.Receive(), "");
  Client slow(**server);
  slow.Send("GET /hello HTTP/1.1\r\n");
  EXPECT_EQ(slow.Receive(), "");
  Client does_not_read(**server);
  does_not_read.Send("GET /large HTTP/1.1\r\n\r\n");
  EXPECT_THAT(GetPath(**server, "/hello"), EndsWith("hello\n"));
}

TEST(HttpServer, StopsAtOnceWhateverClientsDo) {
  auto server = Start();
  Client silent(*server);
  Client slow(*server);
  slow.Send("GET /large HTTP/1.1\r\n\r\n");
  EXPECT_THAT(GetPath(*server, "/hello"), EndsWith("hello\n"));
  const absl::Time start = absl::Now();
  server.reset();
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
  EXPECT_EQ(silent.Receive(), "");
}

TEST(HttpServer, APortInUseIsAClearError) {
  const auto server = Start();
  const std::string address = absl::StrCat("127.0.0.1:", server->port());
  const auto second = HttpServer::Start(address, Hello);
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr(address), HasSubstr("Address already in use"), HasSubstr("--http")));
}

TEST(HttpServer, ThePortIsFreeAgainAtOnce) {
  auto server = Start();
  const std::string address = absl::StrCat("127.0.0.1:", server->port());
  GetPath(*server, "/hello");
  server.reset();
  const auto second = HttpServer::Start(address, Hello);
  EXPECT_TRUE(second.ok()) << second.status();
}

TEST(HttpServer, ListensWhereItIsTold) {
  const auto by_name = HttpServer::Start("localhost:0", Hello);
  ASSERT_TRUE(by_name.ok()) << by_name.status();
  EXPECT_THAT((*by_name)->url(),
              ::testing::AnyOf(StartsWith("http://127.0.0.1:"), StartsWith("http://[::1]:")));
  const auto everywhere = HttpServer::Start("0.0.0.0:0", Hello);
  ASSERT_TRUE(everywhere.ok()) << everywhere.status();
  EXPECT_THAT((*everywhere)->url(), StartsWith("http://0.0.0.0:"));
  EXPECT_THAT(GetPath(**everywhere, "/hello"), EndsWith("hello\n"));
}

TEST(HttpServer, AnAddressThatIsNoneIsAClearError) {
  for (const std::string address :
       {"", "127.0.0.1", ":9464", "9464", "127.0.0.1:", "127.0.0.1:http", "::1:80",
        "127.0.0.1:99999", "127.0.0.1:-1", "\x1b[31m:80"}) {
    const auto server = HttpServer::Start(address, Hello);
    ASSERT_FALSE(server.ok()) << address;
    EXPECT_THAT(std::string(server.status().message()),
                AllOf(StartsWith("cannot serve HTTP on "), Not(HasSubstr("\x1b"))));
  }
}

// Ten thousand files are open in a large agent: descriptors are larger than select() takes.
TEST(HttpServer, WorksWithDescriptorsOfAnySize) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  if (before.rlim_max < 2048) GTEST_SKIP() << "no more than " << before.rlim_max << " descriptors";
  rlimit more = before;
  more.rlim_cur = 2048;
  setrlimit(RLIMIT_NOFILE, &more);
  std::vector<int> taken;
  for (int fd = dup(STDERR_FILENO); fd >= 0 && fd < 1500; fd = dup(STDERR_FILENO)) {
    taken.push_back(fd);
  }
  {
    const auto server = Start();
    EXPECT_THAT(GetPath(*server, "/hello"), EndsWith("hello\n"));
  }
  for (const int fd : taken) close(fd);
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST(HttpServer, RandomBytesHarmNothing) {
  std::mt19937_64 random(testing::Seed());
  const auto server = Start();
  const std::string good = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
  for (int i = 0; i < 100 * testing::Scale(); ++i) {
    std::string request = good;
    for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
      request[random() % request.size()] = static_cast<char>(random());
    }
    const bool ends =
        request.find("\r\n\r\n") != std::string::npos || request.find("\n\n") != std::string::npos;
    const std::string answer = Get(*server, ends ? request : request + "\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 "));
  }
  EXPECT_THAT(Get(*server, good), EndsWith("hello\n"));
}

}  // namespace
}  // namespace sparktail
