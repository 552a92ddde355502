#include "sinks/opensearch/opensearch_survey.h"

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <string>
#include <utility>

#include "ingest/http/http_client.h"
#include "sinks/opensearch/dashboards.h"
#include "sinks/opensearch/index_alias.h"
#include "sinks/opensearch/index_setup.h"
#include "sinks/opensearch/retention_policy.h"
#include "sinks/opensearch/server_info.h"

namespace sparktail {
namespace {

using Survey = std::vector<Finding> (*)(const OpenSearchOptions& options, const AskServer& cluster,
                                        const AskServer& dashboards);

std::vector<Finding> WithClient(const OpenSearchOptions& options, Log* log, Survey survey) {
  const absl::StatusOr<std::unique_ptr<HttpClient>> client =
      HttpClient::Make(log, "setup", options.http);
  if (!client.ok()) return {Finding::Broken(client.status())};
  return survey(options, AskServers(client->get(), options.urls, options.request_timeout),
                AskServers(client->get(), {options.dashboards_url}, options.request_timeout));
}

// Finds the server's kind. After an error nothing else can be checked.
absl::StatusOr<ServerInfo> Meet(const AskServer& cluster, std::vector<Finding>* findings) {
  absl::StatusOr<ServerInfo> info = AskServerInfo(cluster);
  if (!info.ok()) {
    findings->push_back(Finding::Broken(info.status()));
  } else if (info->kind == ServerKind::kUnknown) {
    findings->push_back(Finding::Doubt(
        "the server does not report whether it is OpenSearch or Elasticsearch; only functions of "
        "both are used"));
  } else {
    findings->push_back(Finding::Ok(info->Text() + " responds"));
  }
  return info;
}

}  // namespace

std::vector<Finding> SetUpOpenSearch(const OpenSearchOptions& options, Log* log) {
  return WithClient(options, log, SetUpOpenSearch);
}

std::vector<Finding> SurveyOpenSearch(const OpenSearchOptions& options, Log* log) {
  return WithClient(options, log, SurveyOpenSearch);
}

std::vector<Finding> SetUpOpenSearch(const OpenSearchOptions& options, const AskServer& cluster,
                                     const AskServer& dashboards) {
  std::vector<Finding> findings;
  const absl::StatusOr<ServerInfo> info = Meet(cluster, &findings);
  if (info.ok()) {
    // The policy comes first: the template names it.
    if (options.has_retention()) {
      findings.push_back(SetUpRetentionPolicy(options, info->kind, cluster));
    }
    findings.push_back(SetUpIndexTemplate(options, info->kind, cluster));
    if (!options.alias.empty()) findings.push_back(SetUpIndexAlias(options, cluster));
  }
  if (!options.dashboards_url.empty()) findings.push_back(SetUpDashboards(options, dashboards));
  return findings;
}

std::vector<Finding> SurveyOpenSearch(const OpenSearchOptions& options, const AskServer& cluster,
                                      const AskServer& dashboards) {
  std::vector<Finding> findings;
  const absl::StatusOr<ServerInfo> info = Meet(cluster, &findings);
  if (info.ok()) {
    findings.push_back(CheckIndexTemplate(options, cluster));
    if (options.has_retention()) {
      findings.push_back(CheckRetentionPolicy(options, info->kind, cluster));
    }
  }
  if (options.http.insecure_skip_verify) {
    findings.push_back(Finding::Doubt(
        "certificates are not verified (insecure_skip_verify): anyone in between can read and "
        "change everything; set ssl_ca instead"));
  }
  if (!options.dashboards_url.empty()) findings.push_back(CheckDashboards(options, dashboards));
  return findings;
}

}  // namespace sparktail
