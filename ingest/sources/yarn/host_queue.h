#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/http/http_message.h"

namespace sparktail {

// Sends the HTTP requests of a source. Production code uses HttpClient, tests use a fake.
class Web {
 public:
  using Done = std::function<void(HttpResponse)>;
  virtual ~Web() = default;

  // `done` is called by Poll(), once.
  virtual void Start(HttpRequest request, Done done) = 0;
  // Handles what has arrived; does not wait.
  virtual void Poll() = 0;
};

// Sends at most `most_per_host` requests at a time to each host and queues the rest, so a slow host
// delays only the requests to itself. Single-threaded.
class HostQueue {
 public:
  HostQueue(Web* web, uint64_t most_per_host) : web_(web), most_(most_per_host) {}

  void Start(HttpRequest request, Web::Done done);
  void Poll() { web_->Poll(); }
  // Requests without a response yet, including queued ones.
  size_t in_flight() const { return in_flight_; }

 private:
  struct Waiting {
    HttpRequest request;
    Web::Done done;
  };
  struct Host {
    uint64_t running = 0;
    std::deque<Waiting> waiting;
  };

  void Send(const std::string& host, Waiting one);
  void OnDone(const std::string& host);

  Web* const web_;
  const uint64_t most_;
  std::map<std::string, Host> hosts_;  // hosts with requests in flight
  size_t in_flight_ = 0;
};

// Returns "rm1:8088" for http://rm1:8088/ws; empty if `url` has no host.
std::string_view HostOfUrl(std::string_view url);

}  // namespace sparktail
