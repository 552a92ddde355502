#include "ingest/kafka/client_options.h"

#include <algorithm>
#include <string_view>

namespace sparktail {
namespace {

// host:port; IPv6 in brackets. The port may be missing: librdkafka takes 9092.
bool IsBroker(std::string_view text) {
  return text.find_first_of(" \t,/") == std::string_view::npos;
}
constexpr TextForm kBrokerForm = {"host:port", "^[^ ,/]+$", IsBroker};

}  // namespace

OptionTable<KafkaClientOptions> KafkaClientOptionTable() {
  using O = KafkaClientOptions;
  return {
      Declare("brokers", &O::brokers)
          .Form(kBrokerForm)
          .Required()
          .Says("Some brokers of the cluster, as host:port; the others are found through them."),
      Declare("security_protocol", &O::security_protocol)
          .Word("plaintext", O::Security::kPlaintext)
          .Word("ssl", O::Security::kSsl)
          .Word("sasl_plaintext", O::Security::kSaslPlaintext)
          .Word("sasl_ssl", O::Security::kSaslSsl)
          .Default("plaintext")
          .Says(
              "How the brokers' listener is spoken to: with TLS (ssl), a log-in (sasl), or both."),
      Declare("sasl_mechanism", &O::sasl_mechanism)
          .Choice({"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI", "OAUTHBEARER"})
          .Default("PLAIN")
          .Says("How to log in, with security_protocol sasl_plaintext or sasl_ssl."),
      Declare("sasl_username", &O::sasl_username)
          .Otherwise("none")
          .Says("User of PLAIN and SCRAM."),
      Declare("sasl_password", &O::sasl_password)
          .Otherwise("none")
          .Says("Password of PLAIN and SCRAM."),
      Declare("kerberos_principal", &O::kerberos_principal)
          .Otherwise("none")
          .Says("Principal of GSSAPI."),
      Declare("kerberos_keytab", &O::kerberos_keytab)
          .Form(kPathForm)
          .Otherwise("none: the ticket cache is used")
          .Says("Keytab of GSSAPI; the ticket is renewed with kinit."),
      Declare("kerberos_service", &O::kerberos_service)
          .Default("kafka")
          .Says("The name under which the brokers run, with GSSAPI."),
      Declare("oauth_token_file", &O::oauth_token_file)
          .Form(kPathForm)
          .Otherwise("none")
          .Says("A file with the token (JWT) of OAUTHBEARER; read anew before it expires."),
      Declare("oauth_token_command", &O::oauth_token_command)
          .Otherwise("none")
          .Says("Or a command, run by /bin/sh, that prints the token."),
      Declare("ssl_ca", &O::ssl_ca)
          .Form(kPathForm)
          .Otherwise("the system's")
          .Says("Certificates (PEM) of the authorities that the brokers' certificates are from."),
      Declare("ssl_certificate", &O::ssl_certificate)
          .Form(kPathForm)
          .Otherwise("none")
          .Says("Certificate (PEM) with which sparktail proves who it is."),
      Declare("ssl_key", &O::ssl_key)
          .Form(kPathForm)
          .Otherwise("none")
          .Says("The key (PEM) of ssl_certificate."),
      Declare("ssl_key_password", &O::ssl_key_password)
          .Otherwise("none")
          .Says("The password of ssl_key."),
      Declare("properties", &O::properties)
          .Otherwise("none")
          .Says("Properties of librdkafka, by name; one that would break what is promised is "
                "refused."),
  };
}

}  // namespace sparktail
