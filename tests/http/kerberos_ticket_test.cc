#include "ingest/http/kerberos_ticket.h"

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/support/http_client_fixture.h"
#include "tests/support/kerberos_realm.h"
#include "tests/support/raw_http_server.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::KerberosRealm;
using testing::KerberosUserOf;
using testing::RawAnswer;
using testing::RawHttpServer;
using testing::RawRequest;
using testing::TempDir;
using testing::WriteBytes;

// Responds with the principal of the client, and with 401 if there is none.
class KerberosTicketTest : public testing::HttpClientFixture {
 protected:
  KerberosTicketTest()
      : server_(RawHttpServer::Answering([this](const RawRequest& request) {
          const std::string user =
              KerberosUserOf(request.Header("authorization"), realm_.keytab("service"));
          return user.empty() ? RawAnswer(401, "who?", "WWW-Authenticate: Negotiate\r\n")
                              : RawAnswer(200, user + " " + std::to_string(request.body.size()));
        })),
        url_("http://localhost:" + std::to_string(server_.port()) + "/") {}

  HttpOptions Options(const std::string& keytab, const std::string& principal) const {
    HttpOptions options;
    options.auth = HttpOptions::Auth::kKerberos;
    options.kerberos_keytab = keytab.empty() ? "" : realm_.keytab(keytab);
    options.kerberos_principal = principal;
    return options;
  }

  KerberosRealm realm_;
  RawHttpServer server_;
  const std::string url_;
};

TEST_F(KerberosTicketTest, LogsInAsThePrincipal) {
  const auto client = Make(Options("alice", ""));
  EXPECT_EQ(client->Send(Get(url_)).body, "alice@LAB.TEST 0");
  const std::string body(2 << 20, 'x');
  EXPECT_EQ(client->Send(Post(url_, body)).body, "alice@LAB.TEST 2097152");
  EXPECT_THAT(log_.lines(), ElementsAre());
}

TEST_F(KerberosTicketTest, SeveralOnOneThread) {
  const auto first = Make(Options("users", ""));
  const auto bob = Make(Options("users", "bob@LAB.TEST"));
  const auto alice = Make(Options("users", "alice"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(first->Send(Get(url_)).body, "alice@LAB.TEST 0");
    EXPECT_EQ(bob->Send(Get(url_)).body, "bob@LAB.TEST 0");
    EXPECT_EQ(alice->Send(Get(url_)).body, "alice@LAB.TEST 0");
  }
}

TEST_F(KerberosTicketTest, WithoutATicketTheLogInFails) {
  realm_.StopKdc();
  const auto client = Make(Options("alice", ""));
  const HttpResponse response = client->Send(Get(url_));
  EXPECT_EQ(response.failure, HttpFailure::kNone) << response.error;
  EXPECT_EQ(response.status, 401);
  EXPECT_TRUE(
      log_.Has("W sink test: no Kerberos ticket for alice@LAB.TEST: Cannot contact any KDC"));
  EXPECT_EQ(client->Send(Get(url_)).status, 401);
  EXPECT_EQ(log_.lines().size(), 1U);
}

TEST_F(KerberosTicketTest, IsRenewedInTime) {
  auto ticket = KerberosTicket::Make("", realm_.keytab("alice"));
  ASSERT_TRUE(ticket.ok()) << ticket.status();
  const absl::Time now = absl::Now();
  ASSERT_TRUE((*ticket)->Use(now).ok());
  realm_.StopKdc();
  // The ticket is valid for an hour.
  EXPECT_TRUE((*ticket)->Use(now + absl::Minutes(29)).ok());
  EXPECT_EQ((*ticket)->Use(now + absl::Minutes(31)).code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE((*ticket)->Use(now + absl::Minutes(31) + absl::Seconds(9)).ok());
  EXPECT_FALSE((*ticket)->Use(now + absl::Minutes(31) + absl::Seconds(10)).ok());
  realm_.StartKdc();
  EXPECT_TRUE((*ticket)->Use(now + absl::Minutes(32)).ok());
}

TEST_F(KerberosTicketTest, ErrorsAreReportedWhenItIsCreated) {
  const TempDir folder;
  const auto said = [](const std::string& principal, const std::string& keytab) {
    const absl::Status status = KerberosTicket::Make(principal, keytab).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(said("", folder / "none"), HasSubstr("kerberos_keytab: " + (folder / "none")));
  WriteBytes(folder / "text", "no keytab");
  EXPECT_THAT(said("", folder / "text"), HasSubstr("kerberos_keytab: " + (folder / "text")));
  WriteBytes(folder / "empty", "");
  EXPECT_THAT(said("", folder / "empty"), HasSubstr("kerberos_keytab: " + (folder / "empty")));
  EXPECT_THAT(said("bob", realm_.keytab("alice")), HasSubstr("bob@LAB.TEST"));
  EXPECT_THAT(said("a@b@c", realm_.keytab("alice")), HasSubstr("kerberos_principal: use"));
  EXPECT_FALSE(HttpClient::Make(&log_, "sink test", Options("alice", "bob")).ok());
}

}  // namespace
}  // namespace sparktail
