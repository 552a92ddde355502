#pragma once

#include <absl/status/statusor.h>
#include <poll.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace sparktail {

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// A small HTTP/1.1 server for probes, Prometheus and a curious operator: GET and HEAD of a few
// pages, without bodies, and one request a connection (`Connection: close`). Whoever reaches the
// port must not be able to harm the process, or to keep others from being answered:
//   - one thread looks after at most kMostConnections; when there is one more, the oldest goes;
//   - a request is at most kMostRequestBytes; request and answer each have a few seconds;
//   - nothing of a request is used but its method and path.
class HttpServer {
 public:
  static constexpr size_t kMostConnections = 64;
  static constexpr size_t kMostRequestBytes = 8192;
  static constexpr std::chrono::milliseconds kTimeout{5000};

  // Gives the page of a path ("/metrics", without a query), or status 404. Called on the server's
  // thread, which waits for it. If it throws, the answer is 500.
  using Handler = std::function<HttpAnswer(std::string_view path)>;

  // Listens on `address`, host:port, and starts the thread. The host is a name or an address, an
  // IPv6 one in brackets; port 0 is any that is free. Errors say what to do. A request must come,
  // and its answer be taken, within `timeout` each.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      std::string_view address, Handler handler, std::chrono::milliseconds timeout = kTimeout);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  // Stops at once; answers on their way are cut.
  ~HttpServer();

  // The port that it listens on, and where to find it: "http://127.0.0.1:9464".
  int port() const { return port_; }
  const std::string& url() const { return url_; }

 private:
  struct Connection;

  HttpServer(int listener, int stop_event, Handler handler, std::chrono::milliseconds timeout);

  // All of these on the server's thread.
  void Run();
  bool Wait();
  void AdvanceAll();
  void Accept();

  const int listener_;
  const int stop_event_;
  const Handler handler_;
  const std::chrono::milliseconds timeout_;
  int port_ = 0;
  std::string url_;
  std::list<Connection> connections_;                   // the oldest first
  std::chrono::steady_clock::time_point accept_again_;  // not before
  std::vector<pollfd> polled_;  // the stop event, the listener, then as in connections_
  std::thread thread_;
};

}  // namespace sparktail
