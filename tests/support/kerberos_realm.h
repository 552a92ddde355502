#pragma once

#include <sys/types.h>

#include <string>

#include "tests/support/temp_dir.h"

namespace sparktail::testing {

// A realm LAB.TEST with a KDC of its own (krb5kdc), for this process: KRB5_CONFIG names it. One at
// a time. It has the service HTTP/localhost, and the users alice and bob.
class KerberosRealm {
 public:
  KerberosRealm();
  ~KerberosRealm();
  KerberosRealm(const KerberosRealm&) = delete;
  KerberosRealm& operator=(const KerberosRealm&) = delete;

  // Of "alice", "bob", both ("users", alice first) or "service".
  std::string keytab(const std::string& name) const { return folder_ / (name + ".keytab"); }
  void StartKdc();
  void StopKdc();

 private:
  void Configure();

  TempDir folder_;
  int port_ = 0;
  pid_t kdc_ = 0;
};

// Who has sent this header "Authorization: Negotiate …"; empty if `service_keytab` does not prove
// it.
std::string KerberosUserOf(const std::string& authorization, const std::string& service_keytab);

}  // namespace sparktail::testing
