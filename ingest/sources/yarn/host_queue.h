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

// What a source asks servers through. HttpClient in life, something else in tests.
class Web {
 public:
  using Done = std::function<void(HttpResponse)>;
  virtual ~Web() = default;

  // `done` is called by Poll(), once.
  virtual void Start(HttpRequest request, Done done) = 0;
  virtual void Poll() = 0;  // does not wait
};

// At most so many requests at a time to each host; the others wait for their turn. A host that is
// slow holds up only what goes to it. One thread.
class HostQueue {
 public:
  HostQueue(Web* web, uint64_t most_per_host) : web_(web), most_(most_per_host) {}

  void Start(HttpRequest request, Web::Done done);
  void Poll() { web_->Poll(); }
  // Those that wait included.
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
  void Ended(const std::string& host);

  Web* const web_;
  const uint64_t most_;
  std::map<std::string, Host> hosts_;  // that have something to do
  size_t in_flight_ = 0;
};

// "rm1:8088" of http://rm1:8088/ws; empty if there is none.
std::string_view HostOfUrl(std::string_view url);

}  // namespace sparktail
