#include "ingest/kafka/kafka_client.h"

#include <absl/time/clock.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "ingest/kafka/kafka_error.h"
#include "ingest/kafka/oauth_token.h"

namespace sparktail {
namespace {

// Shorter secrets are not masked: that would mask half of every message.
constexpr size_t kShortestSecret = 4;
constexpr int kWarnSeverity = 4;  // LOG_WARNING of syslog
constexpr int kInfoSeverity = 6;  // LOG_INFO
constexpr std::string_view kMask = "***";

bool IsSecretName(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kWords = {"password", "secret", "token", ".pem",
                                                             "oauthbearer"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return name.find(word) != std::string_view::npos;
  });
}

std::vector<std::string> SecretsOf(const KafkaClientOptions& options) {
  std::vector<std::string> secrets = {options.sasl_password.Reveal(),
                                      options.ssl_key_password.Reveal()};
  for (const auto& [name, value] : options.properties) {
    if (IsSecretName(name)) secrets.push_back(value.Reveal());
  }
  std::erase_if(secrets, [](const std::string& one) { return one.size() < kShortestSecret; });
  // The longest first: a secret may be part of another one, which must be masked whole.
  std::sort(secrets.begin(), secrets.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return secrets;
}

}  // namespace

KafkaClient::KafkaClient(Parts parts)
    : parts_(std::move(parts)), secrets_(SecretsOf(parts_.options)) {}

absl::StatusOr<std::unique_ptr<KafkaClient>> KafkaClient::Make(Parts parts) {
  absl::StatusOr<KafkaConf> conf =
      MakeKafkaConf(parts.options, parts.role, parts.defaults, parts.required);
  if (!conf.ok()) return conf.status();
  std::unique_ptr<KafkaClient> client(new KafkaClient(std::move(parts)));
  client->Connect(conf->get());
  if (absl::Status status = client->Create(*std::move(conf)); !status.ok()) return status;
  return client;
}

KafkaClient::~KafkaClient() {
  if (client_ == nullptr) return;
  if (parts_.role == KafkaRole::kProducer) {
    // Otherwise rd_kafka_destroy() would wait for these messages.
    rd_kafka_purge(client_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  }
  rd_kafka_destroy(client_);
}

void KafkaClient::Connect(rd_kafka_conf_t* conf) {
  rd_kafka_conf_set_opaque(conf, this);
  rd_kafka_conf_set_log_cb(
      conf, [](const rd_kafka_t* client, int level, const char* facility, const char* text) {
        static_cast<KafkaClient*>(rd_kafka_opaque(client))->OnLog(level, facility, text);
      });
  rd_kafka_conf_set_error_cb(conf, [](rd_kafka_t*, int code, const char* reason, void* self) {
    static_cast<KafkaClient*>(self)->OnError(static_cast<rd_kafka_resp_err_t>(code), reason);
  });
  if (parts_.statistics != nullptr)
    rd_kafka_conf_set_stats_cb(conf, [](rd_kafka_t*, char* json, size_t size, void* self) {
      static_cast<KafkaClient*>(self)->OnStatistics({json, size});
      return 0;
    });
  if (parts_.on_delivered) {
    rd_kafka_conf_set_dr_msg_cb(conf,
                                [](rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
                                  static_cast<KafkaClient*>(self)->parts_.on_delivered(*message);
                                });
  }
  if (parts_.on_rebalance) {
    rd_kafka_conf_set_rebalance_cb(
        conf, [](rd_kafka_t*, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions,
                 void* self) {
          static_cast<KafkaClient*>(self)->parts_.on_rebalance(what, *partitions);
        });
  }
  if (parts_.options.uses_sasl() && parts_.options.sasl_mechanism == "OAUTHBEARER") {
    rd_kafka_conf_enable_sasl_queue(conf, 1);
    rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf, [](rd_kafka_t*, const char*, void* self) {
      static_cast<KafkaClient*>(self)->RenewToken();
    });
  }
  if (parts_.configure) parts_.configure(conf);
}

absl::Status KafkaClient::Create(KafkaConf conf) {
  std::array<char, 512> error{};
  const rd_kafka_type_t type =
      parts_.role == KafkaRole::kProducer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
  client_ = rd_kafka_new(type, conf.get(), error.data(), error.size());
  if (client_ == nullptr) {
    return absl::InvalidArgumentError("librdkafka rejects the options: " + Masked(error.data()));
  }
  [[maybe_unused]] const rd_kafka_conf_t* taken = conf.release();
  if (parts_.options.uses_sasl() && parts_.options.sasl_mechanism == "OAUTHBEARER") {
    const KafkaError failed(rd_kafka_sasl_background_callbacks_enable(client_));
    if (failed) return absl::InternalError(rd_kafka_error_string(failed.get()));
  }
  return absl::OkStatus();
}

int ToMs(absl::Duration timeout) {
  return static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(timeout, absl::Milliseconds(1))));
}

void KafkaClient::Poll(absl::Duration timeout) { rd_kafka_poll(client_, ToMs(timeout)); }

// ---------------------------------------------------------------- callbacks

void KafkaClient::OnLog(int level, std::string_view facility, std::string_view text) {
  const std::string what = parts_.name + " librdkafka " + std::string(facility);
  const std::string message =
      parts_.name + ": librdkafka: " + std::string(facility) + ": " + Masked(text);
  // All clients get all of the user's properties; librdkafka warns of those that one does not use.
  const bool is_useless =
      facility == "CONFWARN" && text.find("will be ignored by this") != std::string_view::npos;
  if (is_useless) return parts_.log->Debug(what, message);
  if (level <= kWarnSeverity) return parts_.log->Warn(what, message);
  level <= kInfoSeverity ? parts_.log->Info(what, message) : parts_.log->Debug(what, message);
}

void KafkaClient::OnError(rd_kafka_resp_err_t code, std::string_view reason) {
  // A summary: each broker's own error was reported before.
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
  const bool needs_action = ClassifyConnection(code) == KafkaOutcome::kNeedsAction;
  std::string text = Masked(reason);
  if (needs_action) text = Explain(code, text, "talk to the brokers");
  const bool is_scram = code == RD_KAFKA_RESP_ERR__AUTHENTICATION &&
                        parts_.options.sasl_mechanism.starts_with("SCRAM");
  if (is_scram && HasScramFault()) {
    text += std::string(". This librdkafka, ") + rd_kafka_version_str() +
            ", can't log in by SCRAM to Kafka 4, even with the right password: use PLAIN over TLS, "
            "or librdkafka 2.6.1 or later";
  }
  const absl::MutexLock lock(&mutex_);
  // Keep the error that needs action: a lost connection after it explains less.
  if (needs_action_ && !needs_action) return;
  trouble_ = std::move(text);
  needs_action_ = needs_action;
}

std::string KafkaClient::trouble() const {
  const absl::MutexLock lock(&mutex_);
  return trouble_;
}

bool KafkaClient::needs_action() const {
  const absl::MutexLock lock(&mutex_);
  return needs_action_;
}

void KafkaClient::ForgetTrouble() {
  const absl::MutexLock lock(&mutex_);
  trouble_.clear();
  needs_action_ = false;
}

absl::Status KafkaClient::WithTrouble(const absl::Status& status) const {
  const std::string why = trouble();
  if (status.ok() || why.empty()) return status;
  return absl::Status(status.code(), std::string(status.message()) + " (" + why + ")");
}

std::string KafkaClient::Masked(std::string_view text) const {
  std::string masked(text);
  for (const std::string& secret : secrets_) {
    for (size_t at = masked.find(secret); at != std::string::npos;
         at = masked.find(secret, at + kMask.size())) {
      masked.replace(at, secret.size(), kMask);
    }
  }
  return masked;
}

void KafkaClient::RenewToken() {
  const absl::StatusOr<OAuthToken> token = GetOAuthToken(parts_.options, absl::Now());
  if (!token.ok()) {
    parts_.log->Error(parts_.name + " token",
                      parts_.name + ": " + std::string(token.status().message()));
    OnError(RD_KAFKA_RESP_ERR__AUTHENTICATION, std::string(token.status().message()));
    rd_kafka_oauthbearer_set_token_failure(client_, "no token");
    return;
  }
  std::array<char, 512> error{};
  const rd_kafka_resp_err_t code = rd_kafka_oauthbearer_set_token(
      client_, token->text.c_str(), absl::ToUnixMillis(token->expires), token->principal.c_str(),
      nullptr, 0, error.data(), error.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  OnError(RD_KAFKA_RESP_ERR__AUTHENTICATION, error.data());
  rd_kafka_oauthbearer_set_token_failure(client_, error.data());
}

void KafkaClient::OnStatistics(std::string_view json) {
  KafkaStatistics statistics;
  if (ReadKafkaStatistics(json, &statistics)) parts_.statistics->Set(statistics);
}

}  // namespace sparktail
