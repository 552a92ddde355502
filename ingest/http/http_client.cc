#include "ingest/http/http_client.h"

#include <absl/strings/ascii.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "ingest/http/http_credentials.h"
#include "ingest/http/http_exchange.h"
#include "ingest/http/kerberos_ticket.h"
#include "ingest/http/tls_files.h"

namespace sparktail {
namespace {

using Clock = HttpExchange::Clock;

constexpr long kMostIdleConnections = 32;
constexpr size_t kMostIdleHandles = 8;

// True for credentials with which an eavesdropper can log in. A signature or a Kerberos token is
// useless to one.
bool HasReadableCredentials(const HttpOptions& options) {
  using Auth = HttpOptions::Auth;
  return options.auth == Auth::kBasic || options.auth == Auth::kApiKey ||
         options.auth == Auth::kBearer;
}

bool IsSafeHeader(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return absl::ascii_iscntrl(c) && c != '\t'; });
}

// Rejects a request that can't be sent.
absl::Status CheckRequest(const HttpRequest& request, const absl::StatusOr<HttpUrl>& url) {
  if (!url.ok()) return url.status();
  if (!std::all_of(request.headers.begin(), request.headers.end(), IsSafeHeader)) {
    return absl::InvalidArgumentError("a header has control characters");
  }
  return absl::OkStatus();
}

}  // namespace

struct HttpClient::State {
  struct Finished {
    Done done;
    HttpResponse response;
  };

  State(Log* own_log, std::string own_name, HttpOptions own_options)
      : log(own_log),
        name(std::move(own_name)),
        options(std::move(own_options)),
        credentials(log, name, options) {}

  absl::Status Prepare();
  void WarnOfPlainText(const HttpUrl& url);
  CurlEasy TakeHandle();
  void ReturnHandle(CurlEasy easy);
  void Begin(std::unique_ptr<HttpExchange> exchange);
  void UseTicket();
  void Perform();
  void Finish(CURL* easy, CURLcode code);
  size_t CallDone();

  Log* const log;
  const std::string name;
  const HttpOptions options;
  HttpCredentials credentials;
  std::unique_ptr<KerberosTicket> ticket;  // null: not needed, or taken from the ticket cache
  bool is_warned = false;
  CurlMulti multi;
  std::vector<CurlEasy> idle;
  std::map<CURL*, std::unique_ptr<HttpExchange>> running;
  std::deque<Finished> finished;  // `done` was not called yet
};

absl::StatusOr<std::unique_ptr<HttpClient>> HttpClient::Make(Log* log, std::string name,
                                                             HttpOptions options) {
  static const CURLcode is_initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (is_initialized != CURLE_OK) return absl::InternalError("libcurl can't be used");
  if (absl::Status status = CheckHttpOptions(options); !status.ok()) return status;
  if (absl::Status status = CheckTlsFiles(options); !status.ok()) return status;
  auto state = std::make_unique<State>(log, std::move(name), std::move(options));
  if (absl::Status status = state->Prepare(); !status.ok()) return status;
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(state)));
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpClient::~HttpClient() { Abandon(); }

void HttpClient::Start(HttpRequest request, Done done) {
  absl::StatusOr<HttpUrl> url = ReadHttpUrl(request.url);
  if (const absl::Status status = CheckRequest(request, url); !status.ok()) {
    HttpResponse response;
    response.Fail(HttpFailure::kConnect,
                  "the request can't be sent: " + std::string(status.message()));
    state_->finished.push_back({std::move(done), std::move(response)});
    return;
  }
  state_->WarnOfPlainText(*url);
  auto exchange = std::make_unique<HttpExchange>();
  exchange->request = std::move(request);
  exchange->deadline =
      Clock::now() + std::chrono::milliseconds(ToCurlMs(exchange->request.timeout));
  exchange->done = std::move(done);
  exchange->url = *std::move(url);
  state_->Begin(std::move(exchange));
}

void HttpClient::Poll(absl::Duration timeout) {
  const Clock::time_point deadline = Clock::now() + std::chrono::milliseconds(ToCurlMs(timeout));
  while (true) {
    state_->Perform();
    if (state_->CallDone() > 0) return;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return;
    curl_multi_poll(state_->multi.get(), nullptr, 0, static_cast<int>(left), nullptr);
  }
}

size_t HttpClient::in_flight() const { return state_->running.size() + state_->finished.size(); }

void HttpClient::Abandon() {
  for (auto& [easy, exchange] : state_->running) {
    curl_multi_remove_handle(state_->multi.get(), easy);
  }
  state_->running.clear();
  state_->finished.clear();
}

HttpResponse HttpClient::Send(HttpRequest request) {
  std::optional<HttpResponse> result;
  Start(std::move(request), [&result](HttpResponse response) { result = std::move(response); });
  // The `done` of another request may call Abandon().
  while (!result && in_flight() > 0) Poll(kLongestWait);
  if (result) return *std::move(result);
  HttpResponse response;
  response.Fail(HttpFailure::kBroken, "the request was abandoned");
  return response;
}

absl::Status HttpClient::State::Prepare() {
  if (absl::Status status = credentials.Check(); !status.ok()) return status;
  if (options.auth == HttpOptions::Auth::kKerberos && !options.kerberos_keytab.empty()) {
    auto made = KerberosTicket::Make(options.kerberos_principal, options.kerberos_keytab);
    if (!made.ok()) return made.status();
    ticket = *std::move(made);
  }
  multi.reset(curl_multi_init());
  if (multi == nullptr) return absl::ResourceExhaustedError("no memory is left");
  curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, kMostIdleConnections);
  if (options.insecure_skip_verify) {
    log->Warn(name + " insecure",
              name +
                  ": insecure_skip_verify is set: ANY server is trusted, and anyone in between can "
                  "read and change everything, credentials included; use ssl_ca instead");
  }
  return absl::OkStatus();
}

void HttpClient::State::WarnOfPlainText(const HttpUrl& url) {
  if (is_warned || !HasReadableCredentials(options) || url.is_tls || url.is_loopback()) return;
  is_warned = true;
  log->Warn(name + " plain_text", name + ": credentials are sent to " + url.authority() +
                                      " without TLS: anyone in between can read them; use "
                                      "https://");
}

CurlEasy HttpClient::State::TakeHandle() {
  if (idle.empty()) return CurlEasy(curl_easy_init());
  CurlEasy easy = std::move(idle.back());
  idle.pop_back();
  return easy;
}

void HttpClient::State::ReturnHandle(CurlEasy easy) {
  if (idle.size() >= kMostIdleHandles) return;
  curl_easy_reset(easy.get());
  idle.push_back(std::move(easy));
}

void HttpClient::State::Begin(std::unique_ptr<HttpExchange> exchange) {
  if (exchange->easy == nullptr) exchange->easy = TakeHandle();
  CURL* easy = exchange->easy.get();
  CURLMcode code = CURLM_OUT_OF_MEMORY;
  if (exchange->SetUp(options, credentials.HeadersOf(exchange->request, exchange->url))) {
    code = curl_multi_add_handle(multi.get(), easy);
  }
  if (code == CURLM_OK) {
    running.emplace(easy, std::move(exchange));
    return;
  }
  HttpResponse response;
  response.Fail(HttpFailure::kConnect,
                std::string("the request can't be sent: ") + curl_multi_strerror(code));
  finished.push_back({std::move(exchange->done), std::move(response)});
}

// libcurl uses the ticket that is current on this thread.
void HttpClient::State::UseTicket() {
  if (ticket == nullptr || running.empty()) return;
  const absl::Status status = ticket->Use(absl::Now());
  if (!status.ok()) log->Warn(name + " ticket", name + ": " + std::string(status.message()));
}

void HttpClient::State::Perform() {
  UseTicket();
  int still_running = 0;
  curl_multi_perform(multi.get(), &still_running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg == CURLMSG_DONE) Finish(message->easy_handle, message->data.result);
  }
}

void HttpClient::State::Finish(CURL* easy, CURLcode code) {
  const auto found = running.find(easy);
  if (found == running.end()) return;
  std::unique_ptr<HttpExchange> exchange = std::move(found->second);
  running.erase(found);
  if (exchange->IsStale(code)) {
    curl_multi_remove_handle(multi.get(), easy);
    exchange->is_retry = true;
    Begin(std::move(exchange));
    return;
  }
  HttpResponse response = exchange->TakeResponse(code, options);
  curl_multi_remove_handle(multi.get(), easy);
  finished.push_back({std::move(exchange->done), std::move(response)});
  ReturnHandle(std::move(exchange->easy));
}

// Requests that finish during these calls wait for the next turn. Otherwise a `done` that starts a
// request which fails at once would keep this loop running forever.
size_t HttpClient::State::CallDone() {
  const size_t count = finished.size();
  for (size_t i = 0; i < count && !finished.empty(); ++i) {
    Finished one = std::move(finished.front());
    finished.pop_front();
    one.done(std::move(one.response));
  }
  return count;
}

}  // namespace sparktail
