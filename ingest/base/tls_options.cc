#include "ingest/base/tls_options.h"

namespace sparktail {

OptionTable<TlsOptions> TlsOptionTable(std::string_view servers) {
  using O = TlsOptions;
  return {
      Declare("ssl_ca", &O::ssl_ca)
          .Form(kPathForm)
          .Otherwise("the system's")
          .Says("File with the certificates (PEM) of the authorities that sign the " +
                std::string(servers) + "' certificates."),
      Declare("ssl_certificate", &O::ssl_certificate)
          .Form(kPathForm)
          .Otherwise("none")
          .Says("File with the client certificate (PEM) of sparktail."),
      Declare("ssl_key", &O::ssl_key)
          .Form(kPathForm)
          .Otherwise("none")
          .Says("File with the private key (PEM) of ssl_certificate."),
      Declare("ssl_key_password", &O::ssl_key_password)
          .Otherwise("none")
          .Says("Password of ssl_key."),
  };
}

absl::Status CheckTlsPair(const TlsOptions& options) {
  if (options.ssl_certificate.empty() == options.ssl_key.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(options.ssl_key.empty()
                                        ? "ssl_key: missing; ssl_certificate needs it"
                                        : "ssl_certificate: missing; ssl_key needs it");
}

}  // namespace sparktail
