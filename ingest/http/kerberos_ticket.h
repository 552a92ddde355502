#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <string>

namespace sparktail {

// The ticket of one principal, obtained with its keytab and kept in memory. GSS-API looks for a
// ticket per thread, so one process can have clients with different principals. Not thread safe.
class KerberosTicket {
 public:
  // An empty `principal` means the first one of the keytab. Does not contact the KDC.
  // kInvalidArgument: the keytab can't be read, or has no such principal.
  static absl::StatusOr<std::unique_ptr<KerberosTicket>> Make(const std::string& principal,
                                                              const std::string& keytab);
  ~KerberosTicket();
  KerberosTicket(const KerberosTicket&) = delete;
  KerberosTicket& operator=(const KerberosTicket&) = delete;

  // Makes this the ticket that libraries use on this thread, until Use() of another ticket is
  // called. Obtains a ticket first if there is none, or if half of its lifetime has passed: that
  // waits for the KDC for as long as krb5.conf says. kUnavailable: that failed. It is retried after
  // ten seconds, and calls before that return OK; an old ticket stays in use while it is valid.
  absl::Status Use(absl::Time now);

 private:
  struct State;
  explicit KerberosTicket(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sparktail
