#include "ingest/kafka/client_options.h"

#include <algorithm>
#include <string_view>

namespace sparktail {
namespace {

// host:port, with an IPv6 address in brackets. librdkafka uses port 9092 if there is none.
bool IsBroker(std::string_view text) {
  return text.find_first_of(" \t,/") == std::string_view::npos;
}
constexpr TextForm kBrokerForm = {"host:port", "^[^ ,/]+$", IsBroker};

}  // namespace

OptionTable<KafkaClientOptions> KafkaClientOptionTable() {
  using O = KafkaClientOptions;
  const OptionTable<O> login = {
      Declare("brokers", &O::brokers)
          .Form(kBrokerForm)
          .Required()
          .Says("Brokers of the cluster, as host:port; a few are enough to find the others."),
      Declare("security_protocol", &O::security_protocol)
          .Word("plaintext", O::Security::kPlaintext)
          .Word("ssl", O::Security::kSsl)
          .Word("sasl_plaintext", O::Security::kSaslPlaintext)
          .Word("sasl_ssl", O::Security::kSaslSsl)
          .Default("plaintext")
          .Says("Protocol of the brokers' listener: TLS (ssl), a log-in (sasl_plaintext), both "
                "(sasl_ssl), or neither (plaintext)."),
      Declare("sasl_mechanism", &O::sasl_mechanism)
          .Choice({"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI", "OAUTHBEARER"})
          .Default("PLAIN")
          .Says("Mechanism to log in with security_protocol: sasl_plaintext or sasl_ssl."),
      Declare("sasl_username", &O::sasl_username)
          .Otherwise("none")
          .Says("User name for PLAIN and SCRAM."),
      Declare("sasl_password", &O::sasl_password)
          .Otherwise("none")
          .Says("Password for PLAIN and SCRAM."),
      Declare("kerberos_principal", &O::kerberos_principal)
          .Otherwise("none")
          .Says("Kerberos principal for GSSAPI."),
      Declare("kerberos_keytab", &O::kerberos_keytab)
          .Form(kPathForm)
          .Otherwise("none: the ticket cache is used")
          .Says("Keytab for GSSAPI; kinit renews the ticket with it."),
      Declare("kerberos_service", &O::kerberos_service)
          .Default("kafka")
          .Says("Kerberos service name of the brokers, for GSSAPI."),
      Declare("oauth_token_file", &O::oauth_token_file)
          .Form(kPathForm)
          .Otherwise("none")
          .Says("File with the token (JWT) for OAUTHBEARER; it is read again before the token "
                "expires."),
      Declare("oauth_token_command", &O::oauth_token_command)
          .Otherwise("none")
          .Says("Command, run by /bin/sh, that prints the token for OAUTHBEARER."),
  };
  const OptionTable<O> properties = {
      Declare("properties", &O::properties)
          .Otherwise("none")
          .Says("Properties of librdkafka, by name; a property that would break delivery is an "
                "error."),
  };
  return Joined(Joined(login, Within<O>(TlsOptionTable("brokers"))), properties);
}

}  // namespace sparktail
