#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/sources/yarn/host_queue.h"

namespace sparktail::testing {

// Answers all that was asked when it is polled, and keeps the addresses.
class PolledWeb : public Web {
 public:
  explicit PolledWeb(std::function<HttpResponse(const std::string& url)> answer)
      : answer_(std::move(answer)) {}

  void Start(HttpRequest request, Done done) override {
    waiting_.emplace_back(std::move(request.url), std::move(done));
    most_at_once = std::max(most_at_once, waiting_.size());
  }
  void Poll() override {
    for (auto& [url, done] : std::exchange(waiting_, {})) {
      asked.push_back(url);
      done(answer_(url));
    }
  }

  // How often, of all addresses that have this in them.
  size_t Asked(std::string_view part) const {
    return static_cast<size_t>(
        std::count_if(asked.begin(), asked.end(),
                      [&](const std::string& url) { return url.find(part) != std::string::npos; }));
  }

  static HttpResponse Json(std::string body, int status = 200) {
    return Response(status, std::move(body), "application/json");
  }
  static HttpResponse Text(std::string body, int status) {
    return Response(status, std::move(body), "text/plain");
  }
  static HttpResponse Unreachable() {
    HttpResponse response;
    response.failure = HttpFailure::kConnect;
    response.error = "cannot connect";
    return response;
  }

  std::vector<std::string> asked;
  size_t most_at_once = 0;

 private:
  static HttpResponse Response(int status, std::string body, std::string type) {
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    response.content_type = std::move(type);
    return response;
  }

  const std::function<HttpResponse(const std::string&)> answer_;
  std::vector<std::pair<std::string, Done>> waiting_;
};

}  // namespace sparktail::testing
