#include "ingest/sources/yarn/check_yarn_source.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/base/printable.h"
#include "ingest/http/http_client.h"
#include "ingest/sources/yarn/active_resource_manager.h"
#include "ingest/sources/yarn/application_choice.h"
#include "ingest/sources/yarn/container_log_reader.h"
#include "ingest/sources/yarn/driver_api.h"
#include "ingest/sources/yarn/resource_manager.h"
#include "ingest/sources/yarn/yarn_answer.h"
#include "ingest/sources/yarn/yarn_names.h"
#include "ingest/sources/yarn/yarn_source_options.h"

namespace sparktail {
namespace {

constexpr size_t kMostApplications = 50;  // that are looked at
constexpr size_t kMostAnswer = size_t{64} << 20;
constexpr size_t kLongestAddress = 300;
constexpr absl::Duration kAnswerTime = absl::Seconds(20);

class YarnCheck {
 public:
  YarnCheck(const SourceConfiguration& source, HttpClient* client, CheckReport* report)
      : options_(source.options.Get<YarnSourceOptions>()),
        choice_(options_),
        client_(client),
        report_(report),
        subject_("source " + source.name),
        active_(ServersOf(options_)) {}

  void Run() {
    LookAtResourceManagers();
    if (rm_.empty()) return report_->Broken(subject_, "no ResourceManager is active: see above");
    LookAtApplications();
  }

 private:
  HttpResponse Ask(std::string url) {
    return client_->Send(JsonRequest(std::move(url), kAnswerTime, kMostAnswer));
  }

  void LookAtResourceManagers() {
    active_.Begin();
    for (const std::string& rm : active_.urls()) {
      const absl::StatusOr<ClusterInfo> info = active_.Take(rm, Ask(ClusterInfoUrl(rm)));
      if (!info.ok()) {
        report_->Doubt(subject_, rm + ": " + std::string(info.status().message()));
        continue;
      }
      std::string found = rm + (info->is_active ? " is active" : " is on standby");
      found += ", Hadoop " + Printable(info->version, 40);
      report_->Ok(subject_, found);
    }
    rm_ = active_.Found().value_or("");
  }

  void LookAtApplications() {
    absl::StatusOr<std::vector<YarnApplication>> all =
        ReadJson(Ask(ApplicationsUrl(rm_)), ParseApplications);
    if (!all.ok()) {
      return report_->Broken(subject_, rm_ + ": " + std::string(all.status().message()));
    }
    const size_t there = all->size();
    std::erase_if(*all, [&](const YarnApplication& one) { return !choice_.Has(one); });
    report_->Ok(subject_, "Spark applications that run: " + std::to_string(there) +
                              "; chosen: " + std::to_string(all->size()));
    for (const std::string& name : choice_.names()) {
      const bool runs = std::any_of(all->begin(), all->end(),
                                    [&](const YarnApplication& one) { return one.name == name; });
      if (!runs) report_->Doubt(subject_, "no application named " + name + " runs now");
    }
    for (size_t i = 0; i < std::min(all->size(), kMostApplications); ++i) LookAt((*all)[i]);
  }

  void LookAt(const YarnApplication& application) {
    const std::string title = application.id + " (" + Printable(application.name, 100) + ")";
    const absl::StatusOr<std::string> mode =
        ReadJson(Ask(DriverUrl(rm_, application.id, "environment")), ParseDeployMode);
    if (!mode.ok()) {
      report_->Doubt(subject_, title + ": its driver does not answer: " +
                                   std::string(mode.status().message()));
    } else if (*mode == "client") {
      return report_->Ok(subject_, title + ": client mode; its driver tells jobs and stages");
    }
    if (!application.strange_logs.empty()) {
      return report_->Broken(subject_, title + ": its log can't be read: it is said to be at " +
                                           Printable(application.strange_logs, kLongestAddress) +
                                           ", and NodeManagers have other addresses");
    }
    if (!application.am_logs) {
      return report_->Doubt(subject_, title + " is " + application.state + ": it has no log yet");
    }
    LookAtLog(title, application);
  }

  void LookAtLog(const std::string& title, const YarnApplication& application) {
    const LogName name{*application.am_logs, application.node_id, "stderr"};
    const std::string why_not = WhyNotAsked(rm_, name.address, options_);
    if (!why_not.empty()) return NotRead(title, name, why_not);
    const std::string node = NodeUrl(name.address, options_.url_prefix);
    ContainerLogReader reader(0);
    // A NodeManager that has no text is asked once more, for a page.
    for (int i = 0; i < 2; ++i) {
      HttpRequest request = reader.Next(ContainerLogReader::Server::kNode, node, name);
      request.timeout = kAnswerTime;
      const ContainerLogReader::Outcome outcome = reader.Take(client_->Send(std::move(request)));
      if (outcome.kind != ContainerLogReader::Outcome::Kind::kRead) {
        return NotRead(title, name, outcome.why);
      }
      if (reader.length() > 0 || outcome.at_end) break;
    }
    report_->Ok(subject_, title + ": its log can be read from " + name.address.node + ", " +
                              std::to_string(reader.length()) + " bytes or more so far");
  }

  void NotRead(const std::string& title, const LogName& name, const std::string& why) {
    report_->Broken(subject_,
                    title + ": its log can't be read from " + name.address.node + ": " + why);
  }

  const YarnSourceOptions& options_;
  const ApplicationChoice choice_;
  HttpClient* const client_;
  CheckReport* const report_;
  const std::string subject_;
  ActiveResourceManager active_;
  std::string rm_;  // URL of the active one; empty: none
};

}  // namespace

void CheckYarnSource(const SourceConfiguration& source, const CheckParts& parts,
                     CheckReport* report) {
  const std::string subject = "source " + source.name;
  const absl::StatusOr<std::unique_ptr<HttpClient>> client =
      HttpClient::Make(parts.log, subject, source.options.Get<YarnSourceOptions>().http);
  if (!client.ok()) return report->Broken(subject, std::string(client.status().message()));
  YarnCheck(source, client->get(), report).Run();
}

}  // namespace sparktail
