#include "ingest/http/http_failure.h"

#include <cerrno>
#include <cstring>
#include <string_view>

namespace sparktail {
namespace {

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// A TLS alert. With TLS 1.3 the server checks a client's certificate only after the client's
// handshake is complete, so a rejected certificate looks like a broken connection.
bool IsAlert(const HttpEnd& end) { return Has(end.detail, " alert "); }

bool IsProxyRefusal(const HttpEnd& end) {
  return end.proxy_status != 0 && end.proxy_status / 100 != 2;
}

std::string_view TlsAdvice(const std::string& detail) {
  if (Has(detail, "expired")) return "renew that certificate, or check this machine's clock";
  if (Has(detail, "not yet valid")) return "check this machine's clock";
  if (Has(detail, "subject name") || Has(detail, "mismatch")) {
    return "the certificate is for another name: use a URL with a name that is in it";
  }
  if (Has(detail, "issuer") || Has(detail, "self") || Has(detail, "unable to verify")) {
    return "set ssl_ca to the certificate of its authority";
  }
  if (Has(detail, "wrong version number") || Has(detail, "http request")) {
    return "the server does not use TLS: is it http:// instead of https://?";
  }
  if (Has(detail, "certificate required") || Has(detail, "handshake failure") ||
      Has(detail, "bad certificate") || Has(detail, "unknown ca")) {
    return "the server may require a client certificate: set ssl_certificate and ssl_key to ones "
           "that it trusts";
  }
  return "check ssl_ca, ssl_certificate and ssl_key, and the server's log";
}

std::string WithProxy(const HttpEnd& end) {
  return end.server + (end.proxy.empty() ? "" : " through the proxy " + end.proxy);
}

std::string ConnectError(const HttpEnd& end) {
  const std::string server = WithProxy(end);
  if (IsProxyRefusal(end)) {
    return "the proxy " + end.proxy + " does not connect to " + end.server + ": it responds with " +
           std::to_string(end.proxy_status) + "; check the proxy's rules, or remove proxy";
  }
  switch (end.code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return "the URL is wrong: use one with http:// or https:// and a host";
    case CURLE_COULDNT_RESOLVE_HOST:
      return "cannot reach " + server + ": no such host; check its name, and DNS";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "cannot reach the proxy " + end.proxy + ": no such host; check its name";
    case CURLE_OPERATION_TIMEDOUT:
      return "cannot connect to " + server + " in time; is it up, and does a firewall block it?";
    default:
      break;
  }
  if (end.os_error == ECONNREFUSED) {
    return "cannot connect to " + server + ": connection refused; is it up, and is the port right?";
  }
  if (end.os_error != 0) {
    return "cannot connect to " + server + ": " + std::strerror(end.os_error);
  }
  return "cannot connect to " + server + ": " + end.detail;
}

// With TLS 1.3 a server that requires a client certificate often just closes the connection.
std::string BrokenAdvice(const HttpEnd& end) {
  if (!end.is_tls || end.has_response) return "";
  return "; if the server requires a client certificate, set ssl_certificate and ssl_key";
}

std::string BrokenError(const HttpEnd& end) {
  const std::string server = WithProxy(end);
  switch (end.code) {
    case CURLE_GOT_NOTHING:
      return server + " closed the connection without a response";
    case CURLE_PARTIAL_FILE:
      return "the response of " + server + " was cut: the connection ended before it was complete";
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return "the response of " + server + " is not HTTP/1.1: " + end.detail +
             "; is the port right, and does it need https://?";
    case CURLE_OUT_OF_MEMORY:
      return "out of memory while connected with " + server;
    default:
      return "the connection with " + server + " broke: " + end.detail + BrokenAdvice(end);
  }
}

}  // namespace

HttpFailure Classify(const HttpEnd& end) {
  switch (end.code) {
    case CURLE_OK:
      return HttpFailure::kNone;

    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_INTERFACE_FAILED:
      return HttpFailure::kConnect;

    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_USE_SSL_FAILED:
      return HttpFailure::kTls;

    case CURLE_OPERATION_TIMEDOUT:
      return end.was_sent ? HttpFailure::kTimeout : HttpFailure::kConnect;
    case CURLE_FILESIZE_EXCEEDED:
      return HttpFailure::kTooLarge;

    // A response in HTTP/0.9: the request was sent.
    case CURLE_UNSUPPORTED_PROTOCOL:
      return end.was_sent ? HttpFailure::kBroken : HttpFailure::kConnect;

    default:
      if (IsProxyRefusal(end)) return HttpFailure::kConnect;
      return IsAlert(end) ? HttpFailure::kTls : HttpFailure::kBroken;
  }
}

std::string Explain(const HttpEnd& end) {
  switch (Classify(end)) {
    case HttpFailure::kNone:
      return "";
    case HttpFailure::kConnect:
      return ConnectError(end);
    case HttpFailure::kTls:
      return "no TLS connection with " + WithProxy(end) + ": " + end.detail + "; " +
             std::string(TlsAdvice(end.detail));
    case HttpFailure::kTimeout:
      return WithProxy(end) + " took too long to respond";
    case HttpFailure::kBroken:
      return BrokenError(end);
    case HttpFailure::kTooLarge:
      return "the response of " + end.server + " is too large";
  }
  return "";
}

}  // namespace sparktail
