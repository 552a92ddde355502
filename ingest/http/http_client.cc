#include "ingest/http/http_client.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "ingest/http/curl_handles.h"
#include "ingest/http/gzip_decoder.h"
#include "ingest/http/http_credentials.h"
#include "ingest/http/http_failure.h"
#include "ingest/http/http_url.h"
#include "ingest/http/kerberos_ticket.h"
#include "ingest/http/retry_after.h"
#include "ingest/http/tls_files.h"

namespace sparktail {
namespace {

using Clock = std::chrono::steady_clock;

constexpr long kMostIdleConnections = 32;
constexpr size_t kMostIdleHandles = 8;
// Sending a body of a megabyte costs half as much as with libcurl's default of 64 KiB.
constexpr long kUploadBufferBytes = 256L << 10;
// Bound for all header lines of an exchange, trailers of a chunked body included. libcurl keeps
// them all, and joins folded ones in quadratic time.
constexpr size_t kMostHeaderBytes = size_t{64} << 10;
// After this time a changed ssl_ca file is read again.
constexpr long kAuthorityCacheSeconds = 60;
constexpr absl::Duration kLongestWait = absl::Hours(24);

long ToMs(absl::Duration timeout) {
  const absl::Duration bounded = std::clamp(timeout, absl::ZeroDuration(), kLongestWait);
  return static_cast<long>(absl::ToInt64Milliseconds(absl::Ceil(bounded, absl::Milliseconds(1))));
}

// Returns at least 1, because 0 means "no limit" to libcurl.
long MsUntil(Clock::time_point time) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now()).count();
  return std::max<long>(left, 1);
}

// ---------------------------------------------------------------- one exchange

// The reason for which the client itself stopped an exchange.
enum class Stopped : uint8_t { kNo, kTooLarge, kHeaders, kTransferEncoding, kEncoding, kGzip };

struct Exchange {
  HttpRequest request;
  Clock::time_point deadline;
  HttpClient::Done done;
  HttpUrl url;
  CurlHeaders headers;
  HttpResponse response;
  std::optional<GzipDecoder> gzip;  // set if the body is gzip-encoded
  bool has_headers = false;         // all headers of the last response have arrived
  bool has_body = false;
  bool is_retry = false;  // sent again on a new connection, because the kept one was closed
  Stopped stopped = Stopped::kNo;
  size_t header_bytes = 0;
  std::array<char, CURL_ERROR_SIZE> error{};
  CurlEasy easy;  // last, so that it is destroyed first: it points to the members above
};

// Returns the last header of that name in the last response; empty if there is none.
std::string HeaderOf(CURL* easy, const char* name) {
  curl_header* header = nullptr;
  if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return "";
  if (header->amount > 1 &&
      curl_easy_header(easy, name, header->amount - 1, CURLH_HEADER, -1, &header) != CURLHE_OK) {
    return "";
  }
  return header->value;
}

// libcurl would decode transfer encodings that were not requested, in unbounded memory.
bool IsBadTransferEncoding(std::string_view line) {
  static constexpr std::string_view kName = "transfer-encoding:";
  if (line.size() < kName.size() ||
      !absl::EqualsIgnoreCase(std::string(line.substr(0, kName.size())), kName.data())) {
    return false;
  }
  std::string value(line.substr(kName.size()));
  absl::StripAsciiWhitespace(&value);
  return !absl::EqualsIgnoreCase(value, "chunked") && !absl::EqualsIgnoreCase(value, "identity");
}

size_t OnHeader(char* data, size_t one, size_t size, void* self) {
  auto* exchange = static_cast<Exchange*>(self);
  const std::string_view line(data, size * one);
  exchange->header_bytes += line.size();
  if (exchange->header_bytes > kMostHeaderBytes) {
    exchange->stopped = Stopped::kHeaders;
  } else if (IsBadTransferEncoding(line)) {
    exchange->stopped = Stopped::kTransferEncoding;
  }
  // libcurl reports success when the connection is closed within the headers.
  if (line.starts_with("HTTP/")) exchange->has_headers = false;
  if (line == "\r\n" || line == "\n") exchange->has_headers = true;
  return exchange->stopped == Stopped::kNo ? size * one : 0;
}

// Finds the encoding of a body when its first bytes arrive.
Stopped BeginBody(Exchange* exchange) {
  exchange->has_body = true;
  const std::string encoding = HeaderOf(exchange->easy.get(), "Content-Encoding");
  if (encoding.empty() || absl::EqualsIgnoreCase(encoding, "identity")) return Stopped::kNo;
  const bool is_gzip =
      absl::EqualsIgnoreCase(encoding, "gzip") || absl::EqualsIgnoreCase(encoding, "x-gzip");
  if (!is_gzip) return Stopped::kEncoding;
  exchange->gzip.emplace();
  return Stopped::kNo;
}

Stopped AppendBody(Exchange* exchange, std::string_view piece) {
  std::string* body = &exchange->response.body;
  const size_t most = exchange->request.most_bytes;
  if (exchange->gzip) {
    switch (exchange->gzip->Decode(piece, most, body)) {
      case GzipDecoder::Result::kOk:
        return Stopped::kNo;
      case GzipDecoder::Result::kTooLarge:
        return Stopped::kTooLarge;
      case GzipDecoder::Result::kInvalid:
        return Stopped::kGzip;
    }
  }
  const size_t room = most - body->size();
  body->append(piece.substr(0, room));
  return piece.size() > room ? Stopped::kTooLarge : Stopped::kNo;
}

size_t OnBody(char* data, size_t one, size_t size, void* self) {
  auto* exchange = static_cast<Exchange*>(self);
  if (!exchange->has_body) exchange->stopped = BeginBody(exchange);
  if (exchange->stopped == Stopped::kNo) {
    exchange->stopped = AppendBody(exchange, {data, size * one});
  }
  return exchange->stopped == Stopped::kNo ? size * one : 0;
}

// ---------------------------------------------------------------- options of libcurl

bool HasHeader(const std::vector<std::string>& headers, const char* name_and_colon) {
  return std::any_of(headers.begin(), headers.end(), [&](const std::string& one) {
    return absl::StartsWithIgnoreCase(one, name_and_colon);
  });
}

void SetMethod(CURL* easy, const HttpRequest& request) {
  switch (request.method) {
    case HttpMethod::kGet:
      curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
      return;
    case HttpMethod::kHead:
      curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
      return;
    case HttpMethod::kDelete:
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
      return;
    case HttpMethod::kPut:
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
      break;
    case HttpMethod::kPost:
      break;
  }
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
}

std::vector<std::string> HeadersOf(const HttpRequest& request,
                                   const std::vector<std::string>& credentials) {
  std::vector<std::string> headers = request.headers;
  headers.insert(headers.end(), credentials.begin(), credentials.end());
  headers.emplace_back("Accept-Encoding: gzip");
  headers.emplace_back("Expect:");  // do not wait for "100 Continue"
  if (request.gzip_body) headers.emplace_back("Content-Encoding: gzip");
  if (!HasHeader(request.headers, "Content-Type:")) headers.emplace_back("Content-Type:");
  if (!HasHeader(request.headers, "Accept:")) headers.emplace_back("Accept: */*");
  if (!HasHeader(request.headers, "User-Agent:")) headers.emplace_back("User-Agent: sparktail");
  return headers;
}

CurlHeaders ListOf(const std::vector<std::string>& headers) {
  CurlHeaders list;
  for (const std::string& one : headers) {
    curl_slist* longer = curl_slist_append(list.get(), one.c_str());
    if (longer == nullptr) return nullptr;
    [[maybe_unused]] const curl_slist* same = list.release();
    list.reset(longer);
  }
  return list;
}

void SetExchange(Exchange* exchange) {
  CURL* easy = exchange->easy.get();
  const HttpRequest& request = exchange->request;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error.data());
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers.get());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, MsUntil(exchange->deadline));
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, exchange->is_retry ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
  SetMethod(easy, request);
}

void SetAlways(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");  // ignore no_proxy in the environment
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Do not wait for a DNS lookup that is still running when an exchange ends.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBufferBytes);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, kAuthorityCacheSeconds);
}

void SetOptions(CURL* easy, const HttpOptions& options) {
  const auto put = [easy](CURLoption option, const std::string& text) {
    if (!text.empty()) curl_easy_setopt(easy, option, text.c_str());
  };
  curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, std::max(ToMs(options.connect_timeout), 1L));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, options.insecure_skip_verify ? 0L : 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, options.insecure_skip_verify ? 0L : 2L);
  put(CURLOPT_CAINFO, options.ssl_ca);
  put(CURLOPT_PROXY_CAINFO, options.ssl_ca);
  put(CURLOPT_SSLCERT, options.ssl_certificate);
  put(CURLOPT_SSLKEY, options.ssl_key);
  put(CURLOPT_KEYPASSWD, options.ssl_key_password.Reveal());
  if (options.auth == HttpOptions::Auth::kKerberos) {
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_NEGOTIATE);
    curl_easy_setopt(easy, CURLOPT_USERPWD, ":");  // the principal of the ticket
  }
}

// ---------------------------------------------------------------- the result

template <typename T>
T InfoOf(CURL* easy, CURLINFO what) {
  T value{};
  curl_easy_getinfo(easy, what, &value);
  return value;
}

std::string TextInfoOf(CURL* easy, CURLINFO what) {
  const char* text = InfoOf<const char*>(easy, what);
  return text == nullptr ? "" : text;
}

// libcurl's error buffer holds the first error that it met, which may be a useless one.
std::string DetailOf(const Exchange& exchange, CURLcode code) {
  const std::string detail = exchange.error.data();
  const bool is_useful = !detail.empty() && detail.find("getpeername()") == std::string::npos;
  return is_useful ? detail : curl_easy_strerror(code);
}

HttpEnd EndOf(const Exchange& exchange, CURLcode code, const HttpOptions& options) {
  CURL* easy = exchange.easy.get();
  HttpEnd end;
  end.code = code;
  end.detail = DetailOf(exchange, code);
  end.os_error = static_cast<int>(InfoOf<long>(easy, CURLINFO_OS_ERRNO));
  end.was_sent = InfoOf<curl_off_t>(easy, CURLINFO_PRETRANSFER_TIME_T) > 0;
  end.has_response = exchange.header_bytes > 0;
  end.is_tls = exchange.url.is_tls;
  end.proxy_status = static_cast<int>(InfoOf<long>(easy, CURLINFO_HTTP_CONNECTCODE));
  end.server = exchange.url.authority();
  end.proxy = options.proxy;
  return end;
}

void Fail(HttpResponse* response, HttpFailure failure, std::string error) {
  response->failure = failure;
  response->error = std::move(error);
}

void ExplainStop(const Exchange& exchange, HttpResponse* response) {
  const std::string subject = "the response of " + exchange.url.authority();
  switch (exchange.stopped) {
    case Stopped::kNo:
      return;
    case Stopped::kTooLarge:
      return Fail(response, HttpFailure::kTooLarge,
                  subject + " is larger than " + std::to_string(exchange.request.most_bytes) +
                      " bytes, the limit for this request");
    case Stopped::kHeaders:
      return Fail(response, HttpFailure::kBroken,
                  subject + " has more than " + std::to_string(kMostHeaderBytes) +
                      " bytes of headers: is this the right server?");
    case Stopped::kTransferEncoding:
    case Stopped::kEncoding:
      return Fail(response, HttpFailure::kBroken,
                  subject +
                      " has an encoding that was not requested: only gzip is supported; does a "
                      "proxy in between change responses?");
    case Stopped::kGzip:
      return Fail(response, HttpFailure::kBroken,
                  subject + " is damaged: its header says gzip, but the body is not gzip");
  }
}

HttpResponse ResponseOf(Exchange* exchange, CURLcode code, const HttpOptions& options) {
  CURL* easy = exchange->easy.get();
  HttpResponse response = std::move(exchange->response);
  response.status = static_cast<int>(InfoOf<long>(easy, CURLINFO_RESPONSE_CODE));
  response.content_type = TextInfoOf(easy, CURLINFO_CONTENT_TYPE);
  response.location = TextInfoOf(easy, CURLINFO_REDIRECT_URL);
  const std::string wait = HeaderOf(easy, "Retry-After");
  if (!wait.empty()) {
    // A date in Retry-After is by the server's clock, which may differ from ours.
    const absl::Time now = ReadHttpDate(HeaderOf(easy, "Date")).value_or(absl::Now());
    response.retry_after = ReadRetryAfter(wait, now);
  }
  if (exchange->stopped != Stopped::kNo) {
    ExplainStop(*exchange, &response);
  } else if (code != CURLE_OK) {
    const HttpEnd end = EndOf(*exchange, code, options);
    Fail(&response, Classify(end), Explain(end));
  } else if (!exchange->has_headers || (exchange->gzip && !exchange->gzip->is_complete())) {
    const HttpEnd end = EndOf(*exchange, CURLE_PARTIAL_FILE, options);
    Fail(&response, Classify(end), Explain(end));
  }
  return response;
}

// True if the server had closed a kept connection, and libcurl noticed only while it sent the
// request. libcurl itself opens a new connection if it notices while it reads, but not then.
bool IsStale(const Exchange& exchange, CURLcode code) {
  const bool is_end =
      code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING;
  return is_end && !exchange.is_retry && exchange.header_bytes == 0 &&
         InfoOf<long>(exchange.easy.get(), CURLINFO_NUM_CONNECTS) == 0;
}

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

// ---------------------------------------------------------------- the client

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
  void Begin(std::unique_ptr<Exchange> exchange);
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
  std::map<CURL*, std::unique_ptr<Exchange>> running;
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
    Fail(&response, HttpFailure::kConnect,
         "the request can't be sent: " + std::string(status.message()));
    state_->finished.push_back({std::move(done), std::move(response)});
    return;
  }
  state_->WarnOfPlainText(*url);
  auto exchange = std::make_unique<Exchange>();
  exchange->request = std::move(request);
  exchange->deadline = Clock::now() + std::chrono::milliseconds(ToMs(exchange->request.timeout));
  exchange->done = std::move(done);
  exchange->url = *std::move(url);
  state_->Begin(std::move(exchange));
}

void HttpClient::Poll(absl::Duration timeout) {
  const Clock::time_point deadline = Clock::now() + std::chrono::milliseconds(ToMs(timeout));
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
  Fail(&response, HttpFailure::kBroken, "the request was abandoned");
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

void HttpClient::State::Begin(std::unique_ptr<Exchange> exchange) {
  if (exchange->easy == nullptr) exchange->easy = TakeHandle();
  exchange->headers =
      ListOf(HeadersOf(exchange->request, credentials.HeadersOf(exchange->request, exchange->url)));
  CURL* easy = exchange->easy.get();
  CURLMcode code = CURLM_OUT_OF_MEMORY;
  if (easy != nullptr && exchange->headers != nullptr) {
    SetAlways(easy);
    SetOptions(easy, options);
    SetExchange(exchange.get());
    code = curl_multi_add_handle(multi.get(), easy);
  }
  if (code == CURLM_OK) {
    running.emplace(easy, std::move(exchange));
    return;
  }
  HttpResponse response;
  Fail(&response, HttpFailure::kConnect,
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
  std::unique_ptr<Exchange> exchange = std::move(found->second);
  running.erase(found);
  if (IsStale(*exchange, code)) {
    curl_multi_remove_handle(multi.get(), easy);
    exchange->is_retry = true;
    Begin(std::move(exchange));
    return;
  }
  HttpResponse response = ResponseOf(exchange.get(), code, options);
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
