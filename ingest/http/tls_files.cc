#include "ingest/http/tls_files.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "ingest/base/owned.h"

namespace sparktail {
namespace {

absl::Status Wrong(const std::string& option, const std::string& path, const std::string& why) {
  // OpenSSL queues errors by thread; leave none for the next user of the queue.
  ERR_clear_error();
  return absl::InvalidArgumentError(option + ": " + path + ": " + why);
}

absl::Status CheckReadable(const std::string& option, const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Wrong(option, path, std::string("cannot read it: ") + std::strerror(errno));
  ::close(fd);
  return absl::OkStatus();
}

// Without this callback OpenSSL would prompt on the terminal.
int GivePassword(char* buffer, int size, int, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  if (text.size() > static_cast<size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), buffer);
  return static_cast<int>(text.size());
}

absl::Status CheckAuthority(SSL_CTX* context, const std::string& path) {
  if (absl::Status status = CheckReadable("ssl_ca", path); !status.ok()) return status;
  if (SSL_CTX_load_verify_locations(context, path.c_str(), nullptr) == 1) return absl::OkStatus();
  return Wrong("ssl_ca", path, "no certificate in it: use a file in PEM format");
}

absl::Status CheckPair(SSL_CTX* context, const HttpOptions& options) {
  const std::string& certificate = options.ssl_certificate;
  const std::string& key = options.ssl_key;
  if (absl::Status status = CheckReadable("ssl_certificate", certificate); !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckReadable("ssl_key", key); !status.ok()) return status;
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return Wrong("ssl_certificate", certificate, "no certificate in it: use a file in PEM format");
  }
  SSL_CTX_set_default_passwd_cb(context, GivePassword);
  SSL_CTX_set_default_passwd_cb_userdata(
      context, const_cast<std::string*>(&options.ssl_key_password.Reveal()));
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1) {
    return absl::OkStatus();
  }
  const unsigned long error = ERR_peek_last_error();
  const bool is_other = ERR_GET_LIB(error) == ERR_LIB_X509;
  return Wrong("ssl_key", key,
               is_other ? "it is not the key of ssl_certificate"
                        : "no readable key in it: use a file in PEM format, and set "
                          "ssl_key_password if it has a password");
}

}  // namespace

absl::Status CheckTlsFiles(const HttpOptions& options) {
  const Owned<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return Wrong("ssl_ca", options.ssl_ca, "OpenSSL can't be used");
  if (!options.ssl_ca.empty()) {
    if (absl::Status status = CheckAuthority(context.get(), options.ssl_ca); !status.ok()) {
      return status;
    }
  }
  if (options.ssl_certificate.empty()) return absl::OkStatus();
  return CheckPair(context.get(), options);
}

}  // namespace sparktail
