#include "ingest/sources/yarn/host_queue.h"

#include <utility>

namespace sparktail {

std::string_view HostOfUrl(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

void HostQueue::Start(HttpRequest request, Web::Done done) {
  ++in_flight_;
  std::string name(HostOfUrl(request.url));
  Host& host = hosts_[name];
  if (host.running >= most_) {
    host.waiting.push_back({std::move(request), std::move(done)});
    return;
  }
  ++host.running;
  Send(name, {std::move(request), std::move(done)});
}

void HostQueue::Send(const std::string& host, Waiting one) {
  web_->Start(std::move(one.request),
              [this, host, done = std::move(one.done)](HttpResponse response) {
                OnDone(host);
                done(std::move(response));
              });
}

void HostQueue::OnDone(const std::string& name) {
  --in_flight_;
  Host& host = hosts_[name];
  if (!host.waiting.empty()) {
    Waiting next = std::move(host.waiting.front());
    host.waiting.pop_front();
    Send(name, std::move(next));
    return;
  }
  if (--host.running == 0) hosts_.erase(name);
}

}  // namespace sparktail
