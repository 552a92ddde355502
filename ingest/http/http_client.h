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

// Exchanges with HTTP servers: any number at a time on one thread (libcurl multi), connections kept
// alive. Redirects are not followed. Answers may come gzip-encoded or in chunks; they are decoded,
// and bounded after that. Credentials of the options go with each request: so a client is made for
// the hosts that may have them, and for no others. Only Poll() and Send() wait; where Kerberos is
// used, for the KDC too, as long as krb5.conf has them. One thread.
class HttpClient {
 public:
  using Done = std::function<void(HttpResponse)>;

  // `log` outlives it; `name` is for messages: "sink search". kInvalidArgument: the options do not
  // fit together, or a file of theirs can't be read or does not fit (a key without its
  // certificate).
  static absl::StatusOr<std::unique_ptr<HttpClient>> Make(Log* log, std::string name,
                                                          HttpOptions options);
  // Leaves what is in flight, without calling `done`.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // `done` is called by Poll(), once, never by Start() itself; it may Start() another one, Send(),
  // or Abandon() all, but not destroy the client.
  void Start(HttpRequest request, Done done);
  // Serves what is in flight; returns when a `done` was called or after `timeout`, even if nothing
  // is in flight.
  void Poll(absl::Duration timeout);
  // Whose `done` was not called yet.
  size_t in_flight() const;
  // Drops all that is in flight, without calling `done`.
  void Abandon();

  // Start(), and Poll() until it is done. Others in flight are served beside it.
  HttpResponse Send(HttpRequest request);

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sparktail
