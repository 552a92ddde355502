#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "ingest/base/log.h"
#include "ingest/http/http_message.h"
#include "ingest/http/http_options.h"

namespace sparktail {

// Sends HTTP requests: any number at a time on one thread (libcurl multi), over connections that
// are kept alive. Redirects are not followed. Responses may be gzip-encoded or chunked; they are
// decoded, and their size is bounded after decoding. The credentials of the options are sent with
// each request, so use a client only for hosts that may see them. Only Poll() and Send() block.
// With Kerberos they also block while they wait for the KDC, for as long as krb5.conf says. Not
// thread safe: all calls come from one thread.
class HttpClient {
 public:
  using Done = std::function<void(HttpResponse)>;

  // `log` must outlive the client. `name` begins its messages, for example "sink search".
  // kInvalidArgument: the options contradict each other, or a file that they name can't be read or
  // does not fit (a key that does not belong to its certificate).
  static absl::StatusOr<std::unique_ptr<HttpClient>> Make(Log* log, std::string name,
                                                          HttpOptions options);
  // Abandons all requests in flight; their `done` is not called.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Starts a request. Poll() calls `done` exactly once; Start() itself never calls it. `done` may
  // call Start(), Send() and Abandon(), but must not destroy the client.
  void Start(HttpRequest request, Done done);
  // Serves the requests in flight. Returns as soon as a `done` was called, or after `timeout`, even
  // if no request is in flight.
  void Poll(absl::Duration timeout);
  // The number of requests whose `done` was not called yet.
  size_t in_flight() const;
  // Drops all requests in flight; their `done` is not called.
  void Abandon();

  // Sends one request and waits for its response. Other requests in flight are served meanwhile.
  HttpResponse Send(HttpRequest request);

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sparktail
