#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <string>

namespace sparktail {

// The ticket of a principal, got with its keytab, and kept in memory. GSS-API finds it by the
// thread: so clients with several principals can be in one process. One thread.
class KerberosTicket {
 public:
  // `principal`: if empty, the first one of the keytab. Asks nothing of the KDC. kInvalidArgument:
  // the keytab can't be read, or has no such principal.
  static absl::StatusOr<std::unique_ptr<KerberosTicket>> Make(const std::string& principal,
                                                              const std::string& keytab);
  ~KerberosTicket();
  KerberosTicket(const KerberosTicket&) = delete;
  KerberosTicket& operator=(const KerberosTicket&) = delete;

  // Makes it the one which libraries on this thread use, until another one is. Gets it when there
  // is none, or half of its life is over: that waits for the KDC, as long as krb5.conf has it wait.
  // If that fails it is kUnavailable, once, and tried again after ten seconds; the old ticket is
  // used as long as it is good.
  absl::Status Use(absl::Time now);

 private:
  struct State;
  explicit KerberosTicket(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sparktail
