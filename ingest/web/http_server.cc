#include "ingest/web/http_server.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <exception>
#include <list>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "ingest/base/host_port.h"
#include "ingest/base/printable.h"

namespace sparktail {
namespace {

using Clock = std::chrono::steady_clock;  // deadlines must not move with the wall clock

constexpr auto kFarewell = std::chrono::seconds(1);
constexpr auto kNoDescriptorWait = std::chrono::milliseconds(200);

// ---------------------------------------------------------------- addresses

absl::Status CannotListen(std::string_view address, const std::string& why) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot serve HTTP on ", Printable(address, 256), ": ", why));
}

std::string Advice(int error) {
  std::string text = std::strerror(error);
  switch (error) {
    case EADDRINUSE:
      return text + " (give another port with `http:` or --http, or stop the program that uses it)";
    case EADDRNOTAVAIL:
      return text + " (this machine has no such address)";
    case EACCES:
      return text + " (only root may use ports below 1024: give another one)";
    default:
      return text;
  }
}

// Returns a listening socket, or -1 and errno.
int ListenOn(const addrinfo& place) {
  const int fd = socket(place.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, place.ai_addr, place.ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

absl::StatusOr<int> Listen(std::string_view address) {
  const std::optional<HostPort> parts = ParseHostPort(address);
  if (!parts) {
    return CannotListen(address, "give HOST:PORT, such as 127.0.0.1:9464 or [::1]:9464");
  }
  std::string host(parts->host);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* places = nullptr;
  const int failed = getaddrinfo(host.c_str(), std::string(parts->port).c_str(), &hints, &places);
  if (failed != 0) return CannotListen(address, gai_strerror(failed));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(places, freeaddrinfo);
  int error = 0;
  for (const addrinfo* place = places; place != nullptr; place = place->ai_next) {
    const int fd = ListenOn(*place);
    if (fd >= 0) return fd;
    error = errno;
  }
  return CannotListen(address, Advice(error));
}

// Returns the HOST:PORT that a socket is bound to.
std::string BoundTo(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host.data(), host.size(),
                  port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "?:0";
  }
  const bool is_v6 = address.ss_family == AF_INET6;
  return is_v6 ? absl::StrCat("[", host.data(), "]:", port.data())
               : absl::StrCat(host.data(), ":", port.data());
}

// ---------------------------------------------------------------- requests and responses

struct Request {
  std::string_view method;
  std::string_view path;
};

bool IsComplete(std::string_view text) {
  return text.find("\r\n\r\n") != std::string_view::npos ||
         text.find("\n\n") != std::string_view::npos;
}

// Reads "GET /metrics?x=y HTTP/1.1" and ignores the rest.
std::optional<Request> ReadRequest(std::string_view text) {
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  if (!line.substr(last + 1).starts_with("HTTP/1.")) return std::nullopt;
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (!target.starts_with('/') || target.find(' ') != std::string_view::npos) return std::nullopt;
  return Request{line.substr(0, first), target.substr(0, target.find('?'))};
}

std::string_view Reason(int status) {
  static constexpr std::pair<int, std::string_view> kReasons[] = {
      {200, "OK"},
      {400, "Bad Request"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {431, "Request Header Fields Too Large"},
      {503, "Service Unavailable"}};
  for (const auto& [known, reason] : kReasons) {
    if (known == status) return reason;
  }
  return "Internal Server Error";
}

std::string Serialize(const HttpPage& page, bool with_body) {
  const std::string_view reason = Reason(page.status);
  std::string text = absl::StrCat("HTTP/1.1 ", page.status, " ");
  text.append(reason);
  absl::StrAppend(&text, "\r\nContent-Type: ", page.content_type,
                  "\r\nContent-Length: ", page.body.size(),
                  "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
                  page.status == 405 ? "Allow: GET, HEAD\r\n" : "", "Connection: close\r\n\r\n");
  if (with_body) text += page.body;
  return text;
}

HttpPage ErrorPage(int status, std::string why) {
  return {.status = status, .body = std::move(why) + "\n"};
}

HttpPage GetPage(const HttpServer::Handler& handler, std::string_view path) {
  try {
    return handler(path);
  } catch (const std::exception& error) {
    return ErrorPage(500, Printable(error.what(), 256));
  } catch (...) {
    return ErrorPage(500, "internal error");
  }
}

// Returns the bytes of the response to the bytes of one request.
std::string Respond(const HttpServer::Handler& handler, std::string_view text) {
  const std::optional<Request> request = ReadRequest(text);
  if (!request)
    return Serialize(ErrorPage(400, "this is not an HTTP/1.1 request"), /*with_body=*/true);
  const bool is_head = request->method == "HEAD";
  if (!is_head && request->method != "GET") {
    return Serialize(ErrorPage(405, "only GET and HEAD are supported"), /*with_body=*/true);
  }
  return Serialize(GetPage(handler, request->path), !is_head);
}

int MillisecondsUntil(Clock::time_point time, Clock::time_point now) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - now).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
}

bool WouldWait() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

// Reads one request and sends one response. Then reads for a moment and ignores what the client
// still sends, since closing a socket with unread bytes would cut the response.
struct HttpServer::Connection {
  enum class State : uint8_t { kReading, kSending, kFarewell, kDone };

  Connection(int socket, std::chrono::milliseconds patience)
      : fd(socket), timeout(patience), deadline(Clock::now() + patience) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(fd); }

  short events() const { return state == State::kSending ? POLLOUT : POLLIN; }

  // Advances as far as possible without waiting.
  void Advance(const Handler& handler, Clock::time_point now) {
    if (state == State::kReading) Read(handler, now);
    if (state == State::kSending) Send(now);
    if (state == State::kFarewell) Farewell();
  }

  void Read(const Handler& handler, Clock::time_point now) {
    std::array<char, kMostRequestBytes> buffer{};
    const ssize_t size = recv(fd, buffer.data(), kMostRequestBytes - request.size(), 0);
    if (size < 0 && WouldWait()) return;
    if (size <= 0) {
      state = State::kDone;
      return;
    }
    request.append(buffer.data(), static_cast<size_t>(size));
    if (IsComplete(request)) {
      response = Respond(handler, request);
    } else if (request.size() >= kMostRequestBytes) {
      response = Serialize(ErrorPage(431, "the request is too long"), /*with_body=*/true);
    } else {
      return;
    }
    state = State::kSending;
    deadline = now + timeout;
  }

  void Send(Clock::time_point now) {
    while (sent < response.size()) {
      const ssize_t size = send(fd, response.data() + sent, response.size() - sent, MSG_NOSIGNAL);
      if (size < 0 && WouldWait()) return;
      if (size <= 0) {
        state = State::kDone;
        return;
      }
      sent += static_cast<size_t>(size);
    }
    shutdown(fd, SHUT_WR);
    state = State::kFarewell;
    deadline = now + kFarewell;
  }

  void Farewell() {
    std::array<char, 4096> ignored{};
    const ssize_t size = recv(fd, ignored.data(), ignored.size(), 0);
    if (size < 0 && WouldWait()) return;
    if (size <= 0) state = State::kDone;
  }

  const int fd;
  const std::chrono::milliseconds timeout;
  State state = State::kReading;
  Clock::time_point deadline;
  std::string request;
  std::string response;
  size_t sent = 0;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(std::string_view address,
                                                              Handler handler,
                                                              std::chrono::milliseconds timeout) {
  const absl::StatusOr<int> listener = Listen(address);
  if (!listener.ok()) return listener.status();
  const int stop_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (stop_event < 0) {
    const int error = errno;
    close(*listener);
    return CannotListen(address, Advice(error));
  }
  std::unique_ptr<HttpServer> server(
      new HttpServer(*listener, stop_event, std::move(handler), timeout));
  try {
    server->thread_ = std::thread([raw = server.get()] { raw->Run(); });
  } catch (const std::system_error& error) {
    return CannotListen(address, absl::StrCat("no thread: ", error.what()));
  }
  return server;
}

HttpServer::HttpServer(int listener, int stop_event, Handler handler,
                       std::chrono::milliseconds timeout)
    : listener_(listener),
      stop_event_(stop_event),
      handler_(std::move(handler)),
      timeout_(timeout) {
  const std::string bound = BoundTo(listener_);
  std::from_chars(bound.data() + bound.rfind(':') + 1, bound.data() + bound.size(), port_);
  url_ = absl::StrCat("http://", bound);
  polled_.reserve(2 + kMostConnections);
}

HttpServer::~HttpServer() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(stop_event_, &one, sizeof one);
  if (thread_.joinable()) thread_.join();
  close(listener_);
  close(stop_event_);
}

void HttpServer::Run() {
  while (Wait()) {
    try {
      AdvanceAll();
      Accept();
    } catch (const std::exception&) {
      connections_.clear();  // out of memory: better no response than no process
    }
  }
  connections_.clear();
}

// Waits until there is something to do. Returns false if the server should stop.
bool HttpServer::Wait() {
  const Clock::time_point now = Clock::now();
  const bool accepting = now >= accept_again_;
  Clock::time_point wake = accepting ? now + std::chrono::minutes(1) : accept_again_;
  polled_.clear();
  polled_.push_back({stop_event_, POLLIN, 0});
  polled_.push_back({accepting ? listener_ : -1, POLLIN, 0});
  for (const Connection& connection : connections_) {
    polled_.push_back({connection.fd, connection.events(), 0});
    wake = std::min(wake, connection.deadline);
  }
  poll(polled_.data(), polled_.size(), MillisecondsUntil(wake, now));
  return polled_[0].revents == 0;
}

void HttpServer::AdvanceAll() {
  const Clock::time_point now = Clock::now();
  size_t at = 2;
  for (auto connection = connections_.begin(); connection != connections_.end(); ++at) {
    if (polled_[at].revents != 0) connection->Advance(handler_, now);
    const bool over = connection->state == Connection::State::kDone || now >= connection->deadline;
    connection = over ? connections_.erase(connection) : std::next(connection);
  }
}

void HttpServer::Accept() {
  if (polled_[1].revents == 0) return;
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    if (connections_.size() >= kMostConnections) connections_.pop_front();
    connections_.emplace_back(fd, timeout_);
  } else if (!WouldWait() && errno != ECONNABORTED) {
    // No descriptor is left, and the listener stays readable: pause instead of polling it.
    accept_again_ = Clock::now() + kNoDescriptorWait;
  }
}

}  // namespace sparktail
