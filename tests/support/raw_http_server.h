#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>

namespace sparktail::testing {

struct RawRequest {
  std::string method;
  std::string target;                          // path and query, as they came
  std::map<std::string, std::string> headers;  // names in lower case; values joined by ", "
  std::string body;                            // as it came, decoded of chunks only

  // Empty if there is none.
  std::string Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

// "HTTP/1.1 200 OK", headers, Content-Length, and the body. `headers`: lines with \r\n each.
std::string RawAnswer(int status, std::string_view body, std::string_view headers = "");

// One connection, as its script sees it: bytes, so that it can speak HTTP as badly as it likes.
class RawPeer {
 public:
  virtual ~RawPeer() = default;

  // The next request, whole; nothing when there is none: the client or the server has ended it.
  std::optional<RawRequest> Read();
  // Until the end of its headers only: its body is left where it is.
  std::optional<RawRequest> ReadHead();
  // False when nobody takes it.
  bool Send(std::string_view bytes);
  // What there is, at most `most` bytes; waits. Empty at the end.
  std::string Receive(size_t most);
  // Waits; false when the server ends.
  virtual bool Wait(absl::Duration time) = 0;
  // Ends the connection with RST: what is on its way is lost.
  virtual void Reset() = 0;

 protected:
  virtual size_t ReadSome(char* buffer, size_t size) = 0;
  virtual size_t WriteSome(const char* bytes, size_t size) = 0;

 private:
  bool Fill();
  bool TakeLine(std::string* line);
  bool TakeBytes(size_t size, std::string* bytes);
  bool TakeChunks(std::string* bytes);

  std::string buffered_;
};

// A server on 127.0.0.1 that does what a script says, for each connection on a thread of its own.
class RawHttpServer {
 public:
  // The connection is closed when it returns. Called on many threads.
  using Script = std::function<void(RawPeer* peer)>;
  // Files (PEM); an authority if clients need a certificate of it.
  struct Tls {
    std::string certificate;
    std::string key;
    std::string client_ca;
  };

  explicit RawHttpServer(Script script);
  RawHttpServer(Script script, const Tls& tls);
  RawHttpServer(const RawHttpServer&) = delete;
  RawHttpServer& operator=(const RawHttpServer&) = delete;
  // Ends all connections, and waits for their scripts.
  ~RawHttpServer();

  // A script that answers each request, bytes for request, and keeps the connection.
  static Script Answering(std::function<std::string(const RawRequest&)> answer);

  int port() const { return port_; }
  // "http://127.0.0.1:port" or "https://localhost:port".
  const std::string& url() const { return url_; }
  // Accepted so far, and those whose script has not returned.
  size_t connections() const;
  size_t open_connections() const;

 private:
  class Connection;

  void Listen();
  void Run();
  void Serve(Connection* connection);
  bool WaitUntilStopped(absl::Duration time);

  const Script script_;
  std::shared_ptr<void> tls_;  // SSL_CTX; null: none
  int listener_ = -1;
  int port_ = 0;
  std::string url_;
  std::thread thread_;

  mutable absl::Mutex mutex_;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  size_t accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t served_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<int> sockets_ ABSL_GUARDED_BY(mutex_);  // open ones
  std::list<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sparktail::testing
