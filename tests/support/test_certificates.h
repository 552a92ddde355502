#pragma once

#include <string>
#include <string_view>

#include "tests/support/temp_dir.h"

namespace sparktail::testing {

// Certificates (PEM files), made anew: two authorities, servers, and a client.
class TestCertificates {
 public:
  static constexpr std::string_view kPassword = "key-password";

  TestCertificates();

  std::string ca() const { return folder_ / "ca.pem"; }
  std::string foreign_ca() const { return folder_ / "foreign-ca.pem"; }
  // Of "server" (localhost, 127.0.0.1), "elsewhere" (another name), "expired", "client".
  std::string certificate(const std::string& name) const { return folder_ / (name + ".pem"); }
  std::string key(const std::string& name) const { return folder_ / (name + ".key"); }
  // With kPassword.
  std::string locked_key(const std::string& name) const { return folder_ / (name + ".locked.key"); }

 private:
  TempDir folder_;
};

}  // namespace sparktail::testing
