#include "tests/support/kerberos_realm.h"

#include <absl/strings/escaping.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <vector>

#include "tests/support/eventually.h"

namespace sparktail::testing {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// One that nobody has at the moment.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

bool Listens(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const bool is_there =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return is_there;
}

// Of Debian's packages krb5-kdc and krb5-admin-server, which are not in everybody's PATH. What it
// says goes to `log`.
pid_t Spawn(std::vector<std::string> words, const std::string& log) {
  words[0] = "/usr/sbin/" + words[0];
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(error, 0) << words[0] << ": install it with deploy/setup.sh --live";
  return error == 0 ? pid : 0;
}

void Run(const std::vector<std::string>& words, const std::string& log) {
  const pid_t pid = Spawn(words, log);
  if (pid == 0) return;
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0) << words[0] << ": " << BytesOf(log);
}

}  // namespace

KerberosRealm::KerberosRealm() : port_(FreePort()) {
  Configure();
  const std::string log = folder_ / "admin.log";
  const auto admin = [&](const std::string& query) {
    Run({"kadmin.local", "-r", "LAB.TEST", "-q", query}, log);
  };
  Run({"kdb5_util", "create", "-r", "LAB.TEST", "-s", "-P", "master"}, log);
  for (const char* name : {"alice", "bob", "HTTP/localhost"}) {
    admin(std::string("addprinc -randkey ") + name);
  }
  admin("ktadd -norandkey -k " + keytab("alice") + " alice");
  admin("ktadd -norandkey -k " + keytab("bob") + " bob");
  admin("ktadd -norandkey -k " + keytab("users") + " alice bob");
  admin("ktadd -norandkey -k " + keytab("service") + " HTTP/localhost");
  StartKdc();
}

KerberosRealm::~KerberosRealm() { StopKdc(); }

void KerberosRealm::Configure() {
  const std::string kdc = "127.0.0.1:" + std::to_string(port_);
  WriteBytes(folder_ / "krb5.conf",
             "[libdefaults]\n default_realm = LAB.TEST\n dns_lookup_kdc = false\n"
             " dns_lookup_realm = false\n dns_canonicalize_hostname = false\n rdns = false\n"
             " udp_preference_limit = 1\n default_ccache_name = FILE:" +
                 (folder_ / "ccache") + "\n[realms]\n LAB.TEST = {\n  kdc = " + kdc +
                 "\n }\n[domain_realm]\n localhost = LAB.TEST\n");
  WriteBytes(folder_ / "kdc.conf",
             "[kdcdefaults]\n kdc_listen = " + kdc + "\n kdc_tcp_listen = " + kdc +
                 "\n[realms]\n LAB.TEST = {\n  database_name = " + (folder_ / "principal") +
                 "\n  key_stash_file = " + (folder_ / "stash") +
                 "\n  max_life = 1h\n }\n[logging]\n kdc = FILE:" + (folder_ / "kdc.log") + "\n");
  setenv("KRB5_CONFIG", (folder_ / "krb5.conf").c_str(), 1);
  setenv("KRB5_KDC_PROFILE", (folder_ / "kdc.conf").c_str(), 1);
  setenv("KRB5RCACHENAME", "none:", 1);  // of those who accept
}

void KerberosRealm::StartKdc() {
  kdc_ = Spawn({"krb5kdc", "-n", "-r", "LAB.TEST"}, folder_ / "kdc.out");
  EXPECT_TRUE(Eventually([&] { return Listens(port_); })) << BytesOf(folder_ / "kdc.out");
}

void KerberosRealm::StopKdc() {
  if (kdc_ == 0) return;
  kill(kdc_, SIGTERM);
  waitpid(kdc_, nullptr, 0);
  kdc_ = 0;
}

std::string KerberosUserOf(const std::string& authorization, const std::string& service_keytab) {
  static constexpr std::string_view kScheme = "Negotiate ";
  std::string token;
  if (!authorization.starts_with(kScheme) ||
      !absl::Base64Unescape(authorization.substr(kScheme.size()), &token)) {
    return "";
  }
  OM_uint32 minor = 0;
  gss_key_value_element_desc element = {"keytab", service_keytab.c_str()};
  const gss_key_value_set_desc store = {1, &element};
  gss_cred_id_t credentials = GSS_C_NO_CREDENTIAL;
  gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_ACCEPT,
                        &store, &credentials, nullptr, nullptr);
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  gss_buffer_desc in = {token.size(), token.data()};
  gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
  gss_name_t name = GSS_C_NO_NAME;
  const OM_uint32 major =
      gss_accept_sec_context(&minor, &context, credentials, &in, GSS_C_NO_CHANNEL_BINDINGS, &name,
                             nullptr, &out, nullptr, nullptr, nullptr);
  std::string user;
  if (major == GSS_S_COMPLETE) {
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    gss_display_name(&minor, name, &text, nullptr);
    user.assign(static_cast<const char*>(text.value), text.length);
    gss_release_buffer(&minor, &text);
  }
  gss_release_name(&minor, &name);
  gss_release_buffer(&minor, &out);
  gss_delete_sec_context(&minor, &context, nullptr);
  gss_release_cred(&minor, &credentials);
  return user;
}

}  // namespace sparktail::testing
