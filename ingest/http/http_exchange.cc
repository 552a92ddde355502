#include "ingest/http/http_exchange.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <utility>

#include "ingest/http/http_failure.h"
#include "ingest/http/retry_after.h"

namespace sparktail {
namespace {

using Stopped = HttpExchange::Stopped;

// Sending a body of a megabyte costs half as much as with libcurl's default of 64 KiB.
constexpr long kUploadBufferBytes = 256L << 10;
// Bound for all header lines of an exchange, trailers of a chunked body included. libcurl keeps
// them all, and joins folded ones in quadratic time.
constexpr size_t kMostHeaderBytes = size_t{64} << 10;
// After this time a changed ssl_ca file is read again.
constexpr long kAuthorityCacheSeconds = 60;

// Returns at least 1, because 0 means "no limit" to libcurl.
long MsUntil(HttpExchange::Clock::time_point time) {
  using std::chrono::ceil;
  using std::chrono::milliseconds;
  return std::max<long>(ceil<milliseconds>(time - HttpExchange::Clock::now()).count(), 1);
}

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
  auto* exchange = static_cast<HttpExchange*>(self);
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
Stopped BeginBody(HttpExchange* exchange) {
  exchange->has_body = true;
  const std::string encoding = HeaderOf(exchange->easy.get(), "Content-Encoding");
  if (encoding.empty() || absl::EqualsIgnoreCase(encoding, "identity")) return Stopped::kNo;
  const bool is_gzip =
      absl::EqualsIgnoreCase(encoding, "gzip") || absl::EqualsIgnoreCase(encoding, "x-gzip");
  if (!is_gzip) return Stopped::kEncoding;
  exchange->gzip.emplace();
  return Stopped::kNo;
}

Stopped AppendBody(HttpExchange* exchange, std::string_view piece) {
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
  auto* exchange = static_cast<HttpExchange*>(self);
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

void SetExchange(HttpExchange* exchange) {
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
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   std::max(ToCurlMs(options.connect_timeout), 1L));
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
std::string DetailOf(const HttpExchange& exchange, CURLcode code) {
  const std::string detail = exchange.error.data();
  const bool is_useful = !detail.empty() && detail.find("getpeername()") == std::string::npos;
  return is_useful ? detail : curl_easy_strerror(code);
}

HttpEnd EndOf(const HttpExchange& exchange, CURLcode code, const HttpOptions& options) {
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

void ExplainStop(const HttpExchange& exchange, HttpResponse* response) {
  const std::string subject = "the response of " + exchange.url.authority();
  switch (exchange.stopped) {
    case Stopped::kNo:
      return;
    case Stopped::kTooLarge:
      return response->Fail(HttpFailure::kTooLarge,
                            subject + " is larger than " +
                                std::to_string(exchange.request.most_bytes) +
                                " bytes, the limit for this request");
    case Stopped::kHeaders:
      return response->Fail(HttpFailure::kBroken,
                            subject + " has more than " + std::to_string(kMostHeaderBytes) +
                                " bytes of headers: is this the right server?");
    case Stopped::kTransferEncoding:
    case Stopped::kEncoding:
      return response->Fail(
          HttpFailure::kBroken,
          subject +
              " has an encoding that was not requested: only gzip is supported; does a "
              "proxy in between change responses?");
    case Stopped::kGzip:
      return response->Fail(
          HttpFailure::kBroken,
          subject + " is damaged: its header says gzip, but the body is not gzip");
  }
}

}  // namespace

long ToCurlMs(absl::Duration timeout) {
  const absl::Duration bounded = std::clamp(timeout, absl::ZeroDuration(), kLongestWait);
  return static_cast<long>(absl::ToInt64Milliseconds(absl::Ceil(bounded, absl::Milliseconds(1))));
}

bool HttpExchange::SetUp(const HttpOptions& options, const std::vector<std::string>& credentials) {
  headers = ListOf(HeadersOf(request, credentials));
  if (easy == nullptr || headers == nullptr) return false;
  SetAlways(easy.get());
  SetOptions(easy.get(), options);
  SetExchange(this);
  return true;
}

HttpResponse HttpExchange::TakeResponse(CURLcode code, const HttpOptions& options) {
  CURL* handle = easy.get();
  HttpResponse taken = std::move(response);
  taken.status = static_cast<int>(InfoOf<long>(handle, CURLINFO_RESPONSE_CODE));
  taken.content_type = TextInfoOf(handle, CURLINFO_CONTENT_TYPE);
  taken.location = TextInfoOf(handle, CURLINFO_REDIRECT_URL);
  const std::string wait = HeaderOf(handle, "Retry-After");
  if (!wait.empty()) {
    // A date in Retry-After is by the server's clock, which may differ from ours.
    const absl::Time now = ReadHttpDate(HeaderOf(handle, "Date")).value_or(absl::Now());
    taken.retry_after = ReadRetryAfter(wait, now);
  }
  if (stopped != Stopped::kNo) {
    ExplainStop(*this, &taken);
  } else if (code != CURLE_OK) {
    const HttpEnd end = EndOf(*this, code, options);
    taken.Fail(Classify(end), Explain(end));
  } else if (!has_headers || (gzip && !gzip->is_complete())) {
    const HttpEnd end = EndOf(*this, CURLE_PARTIAL_FILE, options);
    taken.Fail(Classify(end), Explain(end));
  }
  return taken;
}

bool HttpExchange::IsStale(CURLcode code) const {
  const bool is_end =
      code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING;
  return is_end && !is_retry && header_bytes == 0 &&
         InfoOf<long>(easy.get(), CURLINFO_NUM_CONNECTS) == 0;
}

}  // namespace sparktail
