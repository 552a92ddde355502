#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/base/tls_options.h"

namespace sparktail {

// Options for connections to a Kafka cluster, shared by sinks and sources. client_options.cc
// describes each for users.
struct KafkaClientOptions : TlsOptions {
  enum class Security : uint8_t { kPlaintext, kSsl, kSaslPlaintext, kSaslSsl };

  std::vector<std::string> brokers;  // host:port
  Security security_protocol = Security::kPlaintext;
  std::string sasl_mechanism = "PLAIN";
  std::string sasl_username;
  Secret sasl_password;
  std::string kerberos_principal;
  std::string kerberos_keytab;
  std::string kerberos_service = "kafka";
  std::string oauth_token_file;
  std::string oauth_token_command;
  TextMap properties;  // for librdkafka; their values may be secrets

  bool uses_sasl() const {
    return security_protocol == Security::kSaslPlaintext || security_protocol == Security::kSaslSsl;
  }
  bool uses_ssl() const {
    return security_protocol == Security::kSsl || security_protocol == Security::kSaslSsl;
  }
};
OptionTable<KafkaClientOptions> KafkaClientOptionTable();

}  // namespace sparktail
