#include "tests/support/raw_http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace sparktail::testing {
namespace {

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void AddHeader(const std::string& line, RawRequest* request) {
  const size_t colon = std::min(line.find(':'), line.size());
  const size_t value = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
  std::string& all = request->headers[Lower(line.substr(0, colon))];
  all += (all.empty() ? "" : ", ") + line.substr(value);
}

std::shared_ptr<void> MakeContext(const RawHttpServer::Tls& files) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  EXPECT_EQ(SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM), 1);
  if (!files.client_ca.empty()) {
    EXPECT_EQ(SSL_CTX_load_verify_locations(context, files.client_ca.c_str(), nullptr), 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return {context, [](SSL_CTX* one) { SSL_CTX_free(one); }};
}

}  // namespace

std::string RawAnswer(int status, std::string_view body, std::string_view headers) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " Some Reason\r\n";
  text.append(headers);
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  text.append(body);
  return text;
}

// ---------------------------------------------------------------- a connection

bool RawPeer::Fill() {
  std::array<char, 65536> bytes{};
  const size_t size = ReadSome(bytes.data(), bytes.size());
  buffered_.append(bytes.data(), size);
  return size > 0;
}

bool RawPeer::TakeLine(std::string* line) {
  size_t end = 0;
  while ((end = buffered_.find("\r\n")) == std::string::npos) {
    if (!Fill()) return false;
  }
  *line = buffered_.substr(0, end);
  buffered_.erase(0, end + 2);
  return true;
}

bool RawPeer::TakeBytes(size_t size, std::string* bytes) {
  while (buffered_.size() < size) {
    if (!Fill()) return false;
  }
  bytes->append(buffered_, 0, size);
  buffered_.erase(0, size);
  return true;
}

bool RawPeer::TakeChunks(std::string* bytes) {
  std::string line;
  while (TakeLine(&line)) {
    const size_t size = std::strtoul(line.c_str(), nullptr, 16);
    if (!TakeBytes(size, bytes) || !TakeLine(&line)) return false;
    if (size == 0) return true;
  }
  return false;
}

std::optional<RawRequest> RawPeer::ReadHead() {
  RawRequest request;
  std::string line;
  if (!TakeLine(&line)) return std::nullopt;
  const size_t first = std::min(line.find(' '), line.size());
  request.method = line.substr(0, first);
  request.target = line.substr(std::min(first + 1, line.size()));
  request.target.resize(std::min(request.target.find(' '), request.target.size()));
  while (TakeLine(&line)) {
    if (line.empty()) return request;
    AddHeader(line, &request);
  }
  return std::nullopt;
}

std::optional<RawRequest> RawPeer::Read() {
  std::optional<RawRequest> request = ReadHead();
  if (!request) return request;
  const size_t size = std::strtoul(request->Header("content-length").c_str(), nullptr, 10);
  const bool is_chunked = request->Header("transfer-encoding") == "chunked";
  const bool is_whole = is_chunked ? TakeChunks(&request->body) : TakeBytes(size, &request->body);
  return is_whole ? request : std::nullopt;
}

bool RawPeer::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t size = WriteSome(bytes.data(), bytes.size());
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

std::string RawPeer::Receive(size_t most) {
  if (buffered_.empty()) Fill();
  std::string bytes = buffered_.substr(0, most);
  buffered_.erase(0, bytes.size());
  return bytes;
}

class RawHttpServer::Connection : public RawPeer {
 public:
  Connection(RawHttpServer* server, int fd) : server_(server), fd_(fd) {}
  ~Connection() override {
    if (tls_ != nullptr) {
      SSL_shutdown(tls_);
      SSL_free(tls_);
    }
  }

  // False: it came to nothing. The alert that says why is not cut by a reset.
  bool Handshake(SSL_CTX* context) {
    if (context == nullptr) return true;
    tls_ = SSL_new(context);
    SSL_set_fd(tls_, fd_);
    if (SSL_accept(tls_) == 1) return true;
    shutdown(fd_, SHUT_WR);
    std::array<char, 4096> ignored{};
    while (recv(fd_, ignored.data(), ignored.size(), 0) > 0) {
    }
    return false;
  }

  bool Wait(absl::Duration time) override { return !server_->WaitUntilStopped(time); }
  void Reset() override {
    const linger now = {1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 protected:
  size_t ReadSome(char* buffer, size_t size) override {
    const ssize_t read = tls_ == nullptr ? recv(fd_, buffer, size, 0)
                                         : SSL_read(tls_, buffer, static_cast<int>(size));
    return read > 0 ? static_cast<size_t>(read) : 0;
  }
  size_t WriteSome(const char* bytes, size_t size) override {
    const size_t most = std::min(size, size_t{1} << 20);
    const ssize_t written = tls_ == nullptr ? send(fd_, bytes, most, MSG_NOSIGNAL)
                                            : SSL_write(tls_, bytes, static_cast<int>(most));
    return written > 0 ? static_cast<size_t>(written) : 0;
  }

 private:
  RawHttpServer* const server_;
  const int fd_;
  SSL* tls_ = nullptr;
};

// ---------------------------------------------------------------- the server

RawHttpServer::RawHttpServer(Script script) : script_(std::move(script)) {
  Listen();
  url_ = "http://127.0.0.1:" + std::to_string(port_);
  thread_ = std::thread([this] { Run(); });
}

RawHttpServer::RawHttpServer(Script script, const Tls& tls)
    : script_(std::move(script)), tls_(MakeContext(tls)) {
  // OpenSSL writes to sockets whose reader may be gone.
  std::signal(SIGPIPE, SIG_IGN);
  Listen();
  url_ = "https://localhost:" + std::to_string(port_);
  thread_ = std::thread([this] { Run(); });
}

RawHttpServer::~RawHttpServer() {
  std::list<std::thread> threads;
  {
    const absl::MutexLock lock(&mutex_);
    is_stopped_ = true;
    for (const int fd : sockets_) shutdown(fd, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  {
    const absl::MutexLock lock(&mutex_);
    threads.swap(threads_);
  }
  for (std::thread& one : threads) one.join();
  close(listener_);
}

RawHttpServer::Script RawHttpServer::Answering(
    std::function<std::string(const RawRequest&)> answer) {
  return [answer = std::move(answer)](RawPeer* peer) {
    while (const std::optional<RawRequest> request = peer->Read()) {
      if (!peer->Send(answer(*request))) return;
    }
  };
}

size_t RawHttpServer::connections() const {
  const absl::MutexLock lock(&mutex_);
  return accepted_;
}

size_t RawHttpServer::open_connections() const {
  const absl::MutexLock lock(&mutex_);
  return accepted_ - served_;
}

void RawHttpServer::Listen() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(listener_, any, size), 0);
  EXPECT_EQ(listen(listener_, SOMAXCONN), 0);
  EXPECT_EQ(getsockname(listener_, any, &size), 0);
  port_ = ntohs(address.sin_port);
}

void RawHttpServer::Run() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const absl::MutexLock lock(&mutex_);
    ++accepted_;
    if (is_stopped_) {
      close(fd);
      ++served_;
      return;
    }
    sockets_.insert(fd);
    threads_.emplace_back([this, fd] {
      {
        Connection connection(this, fd);
        Serve(&connection);
      }
      const absl::MutexLock inner(&mutex_);
      sockets_.erase(fd);
      close(fd);
      ++served_;
    });
  }
}

void RawHttpServer::Serve(Connection* connection) {
  if (connection->Handshake(static_cast<SSL_CTX*>(tls_.get()))) script_(connection);
}

bool RawHttpServer::WaitUntilStopped(absl::Duration time) {
  const absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&is_stopped_), time);
}

}  // namespace sparktail::testing
