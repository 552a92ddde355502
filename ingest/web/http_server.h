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

struct HttpPage {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// A small HTTP/1.1 server for probes, Prometheus and operators: GET and HEAD of a few pages,
// requests without bodies, and one request per connection (`Connection: close`). A client must not
// be able to harm the process or to block other clients:
//   - one thread serves at most kMostConnections; one more closes the oldest;
//   - a request is at most kMostRequestBytes; request and response each have a few seconds;
//   - only the method and path of a request are used.
class HttpServer {
 public:
  static constexpr size_t kMostConnections = 64;
  static constexpr size_t kMostRequestBytes = 8192;
  static constexpr std::chrono::milliseconds kTimeout{5000};

  // Returns the page for a path ("/metrics", without a query), or a page with status 404. Called on
  // the server's thread, which waits for it. If it throws, the response is 500.
  using Handler = std::function<HttpPage(std::string_view path)>;

  // Listens on `address`, host:port, and starts the thread. The host is a name or an address (IPv6
  // in brackets); port 0 means any free port. Errors say what to do. A client has `timeout` to send
  // its request, and again to read the response.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      std::string_view address, Handler handler, std::chrono::milliseconds timeout = kTimeout);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  // Stops at once; responses that are being sent are cut.
  ~HttpServer();

  // The port it listens on, and its address: "http://127.0.0.1:9464".
  int port() const { return port_; }
  const std::string& url() const { return url_; }

 private:
  struct Connection;

  HttpServer(int listener, int stop_event, Handler handler, std::chrono::milliseconds timeout);

  // Called on the server's thread.
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
  std::list<Connection> connections_;                   // oldest first
  std::chrono::steady_clock::time_point accept_again_;  // accept no connection before
  std::vector<pollfd> polled_;  // the stop event, the listener, then connections_ in order
  std::thread thread_;
};

}  // namespace sparktail
