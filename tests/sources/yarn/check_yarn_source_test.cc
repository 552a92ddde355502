#include "ingest/sources/yarn/check_yarn_source.h"

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/support/fake_node_manager.h"
#include "tests/support/of_kind.h"
#include "tests/support/raw_http_server.h"
#include "tests/support/recording_log.h"
#include "tests/support/test_certificates.h"

namespace sparktail {
namespace {

using ::sparktail::testing::FakeNodeManager;
using ::sparktail::testing::RawAnswer;
using ::sparktail::testing::RawHttpServer;
using ::sparktail::testing::RawRequest;
using ::sparktail::testing::RecordingLog;
using ::sparktail::testing::TestCertificates;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kContainer[] = "container_1_0002_01_000001";

std::string Json(int status, const std::string& body) {
  return RawAnswer(status, body, "Content-Type: application/json\r\n");
}
std::string Html(int status, const std::string& body) {
  return RawAnswer(status, body, "Content-Type: text/html\r\n");
}

class CheckYarnSourceTest : public ::testing::Test {
 protected:
  CheckYarnSourceTest() {
    options_.resource_managers = {rm_.url()};
    node_manager_.logs[std::string(kContainer) + "/stderr"].bytes = "one\n";
  }

  std::string Checked() {
    SourceConfiguration source;
    source.name = "prod";
    testing::SetOptions(options_, &source);
    CheckReport report;
    CheckYarnSource(source, {nullptr, &log_}, &report);
    broken_ = report.broken();
    return report.Text();
  }

  // How the server responds from now on.
  template <typename T>
  void Set(T* what, std::type_identity_t<T> value) {
    const absl::MutexLock lock(&mutex_);
    *what = std::move(value);
  }

  std::string AnswerOfRm(const RawRequest& request) {
    const absl::MutexLock lock(&mutex_);
    const auto has = [&](std::string_view part) {
      return request.target.find(part) != std::string::npos;
    };
    if (has("/cluster/info")) return info_;
    if (has("/cluster/apps")) return apps_.empty() ? Json(200, Apps()) : apps_;
    if (has("/environment")) return environment_;
    return RawAnswer(404, "");
  }
  std::string AnswerOfNode(const RawRequest& request) {
    const absl::MutexLock lock(&mutex_);
    asked_of_node_.push_back(request.Header("authorization"));
    const HttpResponse log = node_manager_.Answer(request.target);
    return RawAnswer(log.status, log.body, "Content-Type: " + log.content_type + "\r\n");
  }
  // Two running applications, one of which has a container.
  std::string Apps() const {
    return R"({"apps":{"app":[{"id":"application_1_0002","name":"etl","state":"RUNNING",)"
           R"("amContainerLogs":")" +
           node_.url() + "/node/containerlogs/" + kContainer +
           R"(/root"},{"id":"application_1_0003","name":"other","state":"ACCEPTED"}]}})";
  }
  std::vector<std::string> AskedOfNode() const {
    const absl::MutexLock lock(&mutex_);
    return asked_of_node_;
  }

  mutable absl::Mutex mutex_;
  std::vector<std::string> asked_of_node_ ABSL_GUARDED_BY(mutex_);  // their credentials
  RecordingLog log_;
  FakeNodeManager node_manager_ ABSL_GUARDED_BY(mutex_);
  std::string info_ ABSL_GUARDED_BY(mutex_) =
      Json(200, R"({"clusterInfo":{"haState":"ACTIVE","resourceManagerVersion":"3.3.6"}})");
  std::string apps_ ABSL_GUARDED_BY(mutex_);  // empty: Apps()
  std::string environment_ ABSL_GUARDED_BY(mutex_) =
      Json(200, R"({"sparkProperties":[["spark.submit.deployMode","cluster"]]})");
  RawHttpServer node_{RawHttpServer::Answering(
      [this](const RawRequest& request) { return AnswerOfNode(request); })};
  RawHttpServer rm_{
      RawHttpServer::Answering([this](const RawRequest& request) { return AnswerOfRm(request); })};
  YarnSourceOptions options_;
  size_t broken_ = 0;
};

TEST_F(CheckYarnSourceTest, SaysWhichResourceManagerIsActive) {
  const RawHttpServer standby(RawHttpServer::Answering([](const RawRequest&) {
    return Json(200, R"({"clusterInfo":{"haState":"STANDBY","resourceManagerVersion":"3.3.6"}})");
  }));
  options_.resource_managers = {standby.url() + "/", rm_.url()};
  EXPECT_THAT(Checked(), AllOf(HasSubstr(standby.url() + " is on standby, Hadoop 3.3.6"),
                               HasSubstr(rm_.url() + " is active, Hadoop 3.3.6")));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckYarnSourceTest, SaysWhichApplicationsItReadsAndWhetherItCan) {
  options_.applications = {"etl"};
  EXPECT_THAT(Checked(),
              AllOf(HasSubstr("Spark applications that run: 2; chosen: 1"),
                    HasSubstr("application_1_0002 (etl): its log can be read from 127.0.0.1:"),
                    HasSubstr("4 bytes or more so far"), Not(HasSubstr("application_1_0003"))));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckYarnSourceTest, AnOldNodeManagerIsAskedForAPage) {
  options_.applications = {"etl"};
  Set(&node_manager_.has_text, false);
  EXPECT_THAT(Checked(), HasSubstr("4 bytes or more so far"));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckYarnSourceTest, NamesThatNobodyHasAreADoubt) {
  options_.applications = {"missing", "regex:e.*"};
  EXPECT_THAT(Checked(), AllOf(HasSubstr("no application named missing runs now"),
                               HasSubstr("chosen: 1"), Not(HasSubstr("named regex"))));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckYarnSourceTest, WithoutAContainerThereIsNoLogYet) {
  options_.applications = {"other"};
  EXPECT_THAT(Checked(), HasSubstr("application_1_0003 (other) is ACCEPTED: it has no log yet"));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckYarnSourceTest, AnAddressThatIsNoNodeManagersIsBroken) {
  Set(&apps_, Json(200, R"({"apps":{"app":[{"id":"application_1_0002","name":"etl",)"
                        R"("amContainerLogs":"https://knox/gateway/logs?host=worker1"}]}})"));
  EXPECT_THAT(Checked(), HasSubstr("it is said to be at https://knox/gateway/logs?host=worker1"));
  EXPECT_EQ(broken_, 1U);
}

TEST_F(CheckYarnSourceTest, InClientModeTheDriverTells) {
  Set(&environment_, Json(200, R"({"sparkProperties":[["spark.submit.deployMode","client"]]})"));
  options_.applications = {"etl"};
  EXPECT_THAT(Checked(), HasSubstr("client mode; its driver tells jobs and stages"));
  EXPECT_THAT(AskedOfNode(), IsEmpty());
}

TEST_F(CheckYarnSourceTest, ADriverThatDoesNotAnswerIsADoubtAndItsLogIsLookedAt) {
  Set(&environment_, Json(500, "{}"));
  options_.applications = {"etl"};
  EXPECT_THAT(Checked(), AllOf(HasSubstr("its driver does not answer: it returned status 500"),
                               HasSubstr("4 bytes or more so far")));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckYarnSourceTest, ALogThatCantBeReadIsBroken) {
  Set(&node_manager_.logs, {});
  options_.applications = {"etl"};
  EXPECT_THAT(Checked(),
              HasSubstr("application_1_0002 (etl): its log can't be read from 127.0.0.1:"));
  EXPECT_EQ(broken_, 1U);
}

TEST_F(CheckYarnSourceTest, NoneThatIsActiveIsBroken) {
  Set(&info_, Json(200, R"({"clusterInfo":{"haState":"STANDBY"}})"));
  std::string gone;
  {
    const RawHttpServer server(RawHttpServer::Answering([](const RawRequest&) { return ""; }));
    gone = server.url();
  }
  options_.resource_managers = {gone, rm_.url()};
  EXPECT_THAT(Checked(), AllOf(HasSubstr(gone + ": "), HasSubstr("no ResourceManager is active")));
  EXPECT_EQ(broken_, 1U);
}

TEST_F(CheckYarnSourceTest, APageToLogInIsNotTakenForACluster) {
  Set(&info_, Html(200, "<html><title>Company login</title></html>"));
  EXPECT_THAT(Checked(), AllOf(HasSubstr("Company login"), HasSubstr("check `auth`")));
  EXPECT_EQ(broken_, 1U);
  Set(&info_, Json(200, R"({"other":1})"));
  EXPECT_THAT(Checked(), HasSubstr("the response is not cluster information"));
}

TEST_F(CheckYarnSourceTest, ApplicationsThatAreNotToldAreBroken) {
  Set(&apps_, Json(403, "{}"));
  EXPECT_THAT(Checked(), HasSubstr("it denies access (403)"));
  EXPECT_EQ(broken_, 1U);
  Set(&apps_, Json(200, "[]"));
  EXPECT_THAT(Checked(), HasSubstr("the response is not a list of applications"));
  EXPECT_EQ(broken_, 1U);
}

TEST_F(CheckYarnSourceTest, CredentialsGoOverNoOpenConnectionIfTheClusterHasBetter) {
  const TestCertificates certificates;
  const RawHttpServer::Tls tls{certificates.certificate("server"), certificates.key("server"), ""};
  const RawHttpServer rm(
      RawHttpServer::Answering([this](const RawRequest& request) { return AnswerOfRm(request); }),
      tls);
  options_.resource_managers = {rm.url()};
  options_.applications = {"etl"};
  options_.http.ssl_ca = certificates.ca();
  EXPECT_THAT(Checked(), HasSubstr("4 bytes or more so far"));
  const size_t before = AskedOfNode().size();
  options_.http.auth = HttpOptions::Auth::kBasic;
  options_.http.username = "reader";
  options_.http.password = Secret("hunter2");
  EXPECT_THAT(Checked(),
              AllOf(HasSubstr("credentials are not sent over http"), Not(HasSubstr("hunter2"))));
  EXPECT_EQ(AskedOfNode().size(), before);
  EXPECT_EQ(broken_, 1U);
}

TEST_F(CheckYarnSourceTest, OptionsOfWhichNoClientCanBeMadeAreBroken) {
  options_.http.ssl_ca = "/missing/ca.pem";
  EXPECT_THAT(Checked(), HasSubstr("/missing/ca.pem"));
  EXPECT_EQ(broken_, 1U);
}

}  // namespace
}  // namespace sparktail
