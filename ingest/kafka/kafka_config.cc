#include "ingest/kafka/kafka_config.h"

#include <array>
#include <span>
#include <utility>

namespace sparktail {
namespace {

// A property that users can't set.
struct Reserved {
  std::string_view name;
  std::string_view why;
};

constexpr Reserved kForAll[] = {
    {"bootstrap.servers", "set brokers instead"},
    {"metadata.broker.list", "set brokers instead"},
    {"security.protocol", "set security_protocol instead"},
    {"sasl.mechanism", "set sasl_mechanism instead"},
    {"sasl.mechanisms", "set sasl_mechanism instead"},
    {"plugin.library.paths", "a configuration must not load code"},
    {"test.mock.num.brokers", "events sent to a mock broker are lost"},
    {"log.queue", "librdkafka's log lines go to sparktail's own log"},
    {"topic.blacklist", "a topic in this list would never be found"},
};
constexpr Reserved kForProducers[] = {
    {"transactional.id", "it is derived from instance and the sink's name"},
    {"enable.idempotence", "without it a retry can store an event twice or lose it"},
    {"acks", "an event that is not on all replicas can be lost"},
    {"request.required.acks", "an event that is not on all replicas can be lost"},
    {"max.in.flight", "more than 5 would break the order; idempotence sets it"},
    {"max.in.flight.requests.per.connection",
     "more than 5 would break the order; idempotence sets it"},
    {"message.send.max.retries", "sparktail retries without limit"},
    {"retries", "sparktail retries without limit"},
    {"delivery.report.only.error", "cursors move on reports of success"},
    {"dr_cb", "cursors move on delivery reports"},
    {"dr_msg_cb", "cursors move on delivery reports"},
    {"enable.gapless.guarantee", "sparktail sets it as delivery needs it"},
    {"compression.codec", "set compression instead"},
    {"compression.type", "set compression instead"},
    {"partitioner",
     "it is murmur2_random: events with the same key stay in order, as with Java's clients"},
    {"queuing.strategy", "events would lose their order"},
};
constexpr Reserved kForGroupConsumers[] = {
    {"group.id", "set group instead"},
    {"enable.auto.commit", "offsets are committed after delivery"},
    {"auto.commit.enable", "offsets are committed after delivery"},
    {"auto.commit.interval.ms", "offsets are committed after delivery"},
    {"enable.auto.offset.store", "offsets are committed after delivery"},
    {"auto.offset.reset", "set start_at instead"},
    {"isolation.level", "aborted transactions must not be read"},
    {"enable.partition.eof", "sparktail needs it to find the end of a partition"},
    {"partition.assignment.strategy", "it is cooperative-sticky"},
};

std::string_view ReasonReserved(std::string_view name, KafkaRole role) {
  std::span<const Reserved> of_role;
  if (role == KafkaRole::kProducer) of_role = kForProducers;
  if (role == KafkaRole::kGroupConsumer) of_role = kForGroupConsumers;
  for (const std::span<const Reserved> reserved : {std::span<const Reserved>(kForAll), of_role}) {
    for (const Reserved& one : reserved) {
      if (one.name == name) return one.why;
    }
  }
  return "";
}

std::string_view NameOf(KafkaClientOptions::Security security) {
  static constexpr std::array<std::string_view, 4> kNames = {"plaintext", "ssl", "sasl_plaintext",
                                                             "sasl_ssl"};
  return kNames[static_cast<size_t>(security)];
}

absl::Status Set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> error{};
  const rd_kafka_conf_res_t result =
      rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size());
  if (result == RD_KAFKA_CONF_OK) return absl::OkStatus();
  if (result == RD_KAFKA_CONF_UNKNOWN) {
    return absl::InvalidArgumentError("properties." + name + ": librdkafka has no such property");
  }
  // librdkafka's own message contains the value, which may be a secret.
  return absl::InvalidArgumentError("properties." + name + ": librdkafka rejects this value");
}

absl::Status SetAll(rd_kafka_conf_t* conf, const KafkaProperties& properties) {
  for (const auto& [name, value] : properties) {
    if (absl::Status status = Set(conf, name, value); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// Options that are not set add no property.
KafkaProperties PropertiesOf(const KafkaClientOptions& options) {
  KafkaProperties properties;
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) properties[name] = value;
  };
  std::string brokers;
  for (const std::string& broker : options.brokers) {
    brokers.append(brokers.empty() ? "" : ",").append(broker);
  }
  put("bootstrap.servers", brokers);
  put("security.protocol", std::string(NameOf(options.security_protocol)));
  if (options.uses_sasl()) {
    put("sasl.mechanism", options.sasl_mechanism);
    put("sasl.username", options.sasl_username);
    put("sasl.password", options.sasl_password.Reveal());
    if (options.sasl_mechanism == "GSSAPI") {
      put("sasl.kerberos.service.name", options.kerberos_service);
      put("sasl.kerberos.principal", options.kerberos_principal);
      put("sasl.kerberos.keytab", options.kerberos_keytab);
      // kinit can't renew a ticket without a keytab.
      if (options.kerberos_keytab.empty()) put("sasl.kerberos.kinit.cmd", "true");
    }
  }
  if (options.uses_ssl()) {
    put("ssl.ca.location", options.ssl_ca);
    put("ssl.certificate.location", options.ssl_certificate);
    put("ssl.key.location", options.ssl_key);
    put("ssl.key.password", options.ssl_key_password.Reveal());
  }
  return properties;
}

// Checks options that need or exclude each other.
absl::Status CheckTogether(const KafkaClientOptions& options) {
  const auto wrong = [](const std::string& text) { return absl::InvalidArgumentError(text); };
  const bool has_login = !options.sasl_username.empty() || !options.sasl_password.Reveal().empty();
  const bool has_kerberos = !options.kerberos_principal.empty() || !options.kerberos_keytab.empty();
  const bool has_token = !options.oauth_token_file.empty() || !options.oauth_token_command.empty();
  if (!options.uses_sasl() && (has_login || has_kerberos || has_token)) {
    return wrong(
        "security_protocol: set it to sasl_ssl or sasl_plaintext, or the options to log in are not "
        "used");
  }
  const bool has_tls =
      !options.ssl_ca.empty() || !options.ssl_certificate.empty() || !options.ssl_key.empty();
  if (!options.uses_ssl() && has_tls) {
    return wrong(
        "security_protocol: set it to ssl or sasl_ssl, or ssl_ca, ssl_certificate and ssl_key "
        "are not used");
  }
  if (absl::Status status = CheckTlsPair(options); !status.ok()) return status;
  if (!options.uses_sasl()) return absl::OkStatus();
  const std::string& mechanism = options.sasl_mechanism;
  const bool has_password = mechanism == "PLAIN" || mechanism.starts_with("SCRAM");
  if (has_password && options.sasl_username.empty()) {
    return wrong("sasl_username: missing; " + mechanism + " needs it");
  }
  if (has_password && options.sasl_password.Reveal().empty()) {
    return wrong("sasl_password: missing; " + mechanism + " needs it");
  }
  if (mechanism == "OAUTHBEARER" && !has_token) {
    return wrong("oauth_token_file: missing; OAUTHBEARER needs it or oauth_token_command");
  }
  if (!options.oauth_token_file.empty() && !options.oauth_token_command.empty()) {
    return wrong("oauth_token_command: set oauth_token_command or oauth_token_file, not both");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<KafkaConf> MakeKafkaConf(const KafkaClientOptions& options, KafkaRole role,
                                        const KafkaProperties& defaults,
                                        const KafkaProperties& required) {
  if (absl::Status status = CheckTogether(options); !status.ok()) return status;
  KafkaConf conf(rd_kafka_conf_new());
  if (absl::Status status = SetAll(conf.get(), defaults); !status.ok()) return status;
  if (absl::Status status = SetAll(conf.get(), PropertiesOf(options)); !status.ok()) return status;
  for (const auto& [name, value] : options.properties) {
    const std::string_view why = ReasonReserved(name, role);
    if (!why.empty()) {
      return absl::InvalidArgumentError("properties." + name +
                                        ": it can't be set: " + std::string(why));
    }
    if (absl::Status status = Set(conf.get(), name, value.Reveal()); !status.ok()) return status;
  }
  if (absl::Status status = SetAll(conf.get(), required); !status.ok()) return status;
  return conf;
}

absl::Status CheckKafkaOptions(const KafkaClientOptions& options, KafkaRole role) {
  return MakeKafkaConf(options, role, {}, {}).status();
}

}  // namespace sparktail
