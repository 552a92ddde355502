#include "ingest/http/kerberos_ticket.h"

#include <gssapi/gssapi_krb5.h>
#include <krb5/krb5.h>

#include <algorithm>
#include <utility>

namespace sparktail {
namespace {

constexpr absl::Duration kRetryInterval = absl::Seconds(10);

absl::Status InvalidKeytab(const std::string& keytab, const std::string& why) {
  return absl::InvalidArgumentError("kerberos_keytab: " + keytab + ": " + why);
}

}  // namespace

struct KerberosTicket::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

  std::string ErrorText(krb5_error_code code) const;
  absl::Status OpenKeytab(const std::string& path);
  absl::Status FindPrincipal(const std::string& name, const std::string& path);
  krb5_error_code FirstPrincipal();
  absl::Status OpenCache();
  krb5_error_code Get();
  krb5_error_code Keep(krb5_creds* credentials);

  krb5_context context = nullptr;
  krb5_keytab keytab = nullptr;
  krb5_principal principal = nullptr;
  krb5_ccache cache = nullptr;
  std::string principal_name;
  std::string cache_name;
  absl::Time next = absl::InfinitePast();  // time to obtain the next ticket
};

KerberosTicket::State::~State() {
  if (cache != nullptr) krb5_cc_destroy(context, cache);
  if (principal != nullptr) krb5_free_principal(context, principal);
  if (keytab != nullptr) krb5_kt_close(context, keytab);
  if (context != nullptr) krb5_free_context(context);
}

std::string KerberosTicket::State::ErrorText(krb5_error_code code) const {
  const char* text = krb5_get_error_message(context, code);
  std::string copy = text;
  krb5_free_error_message(context, text);
  return copy;
}

absl::Status KerberosTicket::State::OpenKeytab(const std::string& path) {
  krb5_error_code code = krb5_kt_resolve(context, ("FILE:" + path).c_str(), &keytab);
  if (code == 0) code = krb5_kt_have_content(context, keytab);
  return code == 0 ? absl::OkStatus() : InvalidKeytab(path, ErrorText(code));
}

krb5_error_code KerberosTicket::State::FirstPrincipal() {
  krb5_kt_cursor cursor = nullptr;
  krb5_error_code code = krb5_kt_start_seq_get(context, keytab, &cursor);
  if (code != 0) return code;
  krb5_keytab_entry entry{};
  code = krb5_kt_next_entry(context, keytab, &entry, &cursor);
  if (code == 0) {
    code = krb5_copy_principal(context, entry.principal, &principal);
    krb5_free_keytab_entry_contents(context, &entry);
  }
  krb5_kt_end_seq_get(context, keytab, &cursor);
  return code;
}

absl::Status KerberosTicket::State::FindPrincipal(const std::string& name,
                                                  const std::string& path) {
  krb5_error_code code =
      name.empty() ? FirstPrincipal() : krb5_parse_name(context, name.c_str(), &principal);
  if (code != 0) {
    return name.empty() ? InvalidKeytab(path, ErrorText(code))
                        : absl::InvalidArgumentError(
                              "kerberos_principal: use a name such as "
                              "name@REALM: " +
                              ErrorText(code));
  }
  krb5_keytab_entry entry{};
  code = krb5_kt_get_entry(context, keytab, principal, 0, 0, &entry);
  if (code != 0) return InvalidKeytab(path, ErrorText(code) + "; use one that is in it");
  krb5_free_keytab_entry_contents(context, &entry);
  char* text = nullptr;
  if (krb5_unparse_name(context, principal, &text) == 0) {
    principal_name = text;
    krb5_free_unparsed_name(context, text);
  }
  return absl::OkStatus();
}

absl::Status KerberosTicket::State::OpenCache() {
  krb5_error_code code = krb5_cc_new_unique(context, "MEMORY", nullptr, &cache);
  char* text = nullptr;
  if (code == 0) code = krb5_cc_get_full_name(context, cache, &text);
  if (code != 0) return absl::ResourceExhaustedError("kerberos: " + ErrorText(code));
  cache_name = text;
  krb5_free_string(context, text);
  return absl::OkStatus();
}

krb5_error_code KerberosTicket::State::Keep(krb5_creds* credentials) {
  krb5_error_code code = krb5_cc_initialize(context, cache, principal);
  if (code == 0) code = krb5_cc_store_cred(context, cache, credentials);
  return code;
}

krb5_error_code KerberosTicket::State::Get() {
  krb5_creds credentials{};
  krb5_error_code code =
      krb5_get_init_creds_keytab(context, &credentials, principal, keytab, 0, nullptr, nullptr);
  if (code != 0) return code;
  code = Keep(&credentials);
  const krb5_timestamp begin = std::max(credentials.times.starttime, credentials.times.authtime);
  const int64_t life = int64_t{credentials.times.endtime} - begin;
  next = absl::FromUnixSeconds(begin + life / 2);
  krb5_free_cred_contents(context, &credentials);
  return code;
}

absl::StatusOr<std::unique_ptr<KerberosTicket>> KerberosTicket::Make(const std::string& principal,
                                                                     const std::string& keytab) {
  auto state = std::make_unique<State>();
  if (const krb5_error_code code = krb5_init_context(&state->context); code != 0) {
    return absl::InvalidArgumentError("kerberos can't be used: check /etc/krb5.conf: " +
                                      state->ErrorText(code));
  }
  if (absl::Status status = state->OpenKeytab(keytab); !status.ok()) return status;
  if (absl::Status status = state->FindPrincipal(principal, keytab); !status.ok()) return status;
  if (absl::Status status = state->OpenCache(); !status.ok()) return status;
  return std::unique_ptr<KerberosTicket>(new KerberosTicket(std::move(state)));
}

KerberosTicket::KerberosTicket(std::unique_ptr<State> state) : state_(std::move(state)) {}

KerberosTicket::~KerberosTicket() = default;

absl::Status KerberosTicket::Use(absl::Time now) {
  OM_uint32 minor = 0;
  gss_krb5_ccache_name(&minor, state_->cache_name.c_str(), nullptr);
  if (now < state_->next) return absl::OkStatus();
  state_->next = now + kRetryInterval;
  const krb5_error_code code = state_->Get();
  if (code == 0) return absl::OkStatus();
  return absl::UnavailableError("no Kerberos ticket for " + state_->principal_name + ": " +
                                state_->ErrorText(code) +
                                "; check the KDC, and that the keytab holds its newest key");
}

}  // namespace sparktail
