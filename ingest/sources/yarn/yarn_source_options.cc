#include "ingest/sources/yarn/yarn_source_options.h"

#include <re2/re2.h>

#include <algorithm>
#include <string_view>

#include "ingest/http/http_url.h"
#include "ingest/sources/yarn/application_choice.h"

namespace sparktail {
namespace {

constexpr TextForm kServerForm = {"an address such as http://rm1:8088",
                                  "^https?://[A-Za-z0-9\\[][A-Za-z0-9._:\\]/~%-]*$", IsServerUrl};

bool IsChoice(std::string_view text) { return IsPlainText(text) && IsApplicationPattern(text); }
constexpr TextForm kChoiceForm = {"an application's name, or regex: and a pattern", "^.{1,4096}$",
                                  IsChoice};

bool IsUrlPrefix(std::string_view text) {
  return text.starts_with('/') && text.size() > 1 && !text.ends_with('/') &&
         IsServerUrl("http://host" + std::string(text));
}
constexpr TextForm kPrefixForm = {"a path such as /gateway/default/yarn", "^(/[A-Za-z0-9._~%-]+)+$",
                                  IsUrlPrefix};

}  // namespace

OptionTable<YarnSourceOptions> YarnSourceOptionTable() {
  using O = YarnSourceOptions;
  OptionTable<O> own = {
      Declare("resource_managers", &O::resource_managers)
          .Form(kServerForm)
          .Required()
          .Says("Addresses of the ResourceManagers, such as http://rm1:8088. The source finds the "
                "active one."),
      Declare("applications", &O::applications)
          .Form(kChoiceForm)
          .Otherwise("all")
          .Says("Applications to read: names, or patterns that match whole names, such as "
                "regex:etl-.*"),
      Declare("users", &O::users).Otherwise("all").Says("Read only applications of these users."),
      Declare("queues", &O::queues)
          .Otherwise("all")
          .Says("Read only applications in these queues, such as root.etl or etl."),
      Declare("tags", &O::tags)
          .Otherwise("all")
          .Says("Read only applications with one of these tags (spark.yarn.tags)."),
      DeclareStartAt(&O::start_at)
          .Says(
              "Where to start in applications that run at the first start: with a duration, older "
              "events are skipped. Later applications are read from their beginning."),
      Declare("poll_interval", &O::poll_interval)
          .Default("30s")
          .From(absl::Milliseconds(100))
          .To(absl::Hours(1))
          .Says("Interval at which the ResourceManager is polled for applications."),
      Declare("read_interval", &O::read_interval)
          .Default("5s")
          .From(absl::Milliseconds(50))
          .To(absl::Hours(1))
          .Says("Interval at which logs and drivers are polled."),
      Declare("heartbeat_interval", &O::heartbeat_interval)
          .Default("1m")
          .From(absl::Seconds(1))
          .To(absl::Hours(24))
          .Says("Interval at which an event of kind app reports whether each application runs."),
      Declare("record_timeout", &O::record_timeout)
          .Default("5s")
          .From(absl::Milliseconds(10))
          .To(absl::Hours(1))
          .Says("A stack trace is complete when nothing has followed it for this long."),
      Declare("end_wait", &O::end_wait)
          .Default("10m")
          .To(absl::Hours(24))
          .Says("How long to wait for the last bytes of an ended application, while its log is on "
                "the way to the history server."),
      Declare("history_server", &O::history_server)
          .Form(kServerForm)
          .Otherwise("none")
          .Says(
              "Address of the MapReduce history server, such as http://history:19888. It has logs "
              "that NodeManagers have deleted."),
      Declare("url_prefix", &O::url_prefix)
          .Form(kPrefixForm)
          .Otherwise("none")
          .Says("Path of a gateway, inserted between host and path of every address, such as "
                "/gateway/default/yarn"),
      Declare("requests_per_host", &O::requests_per_host)
          .Default("4")
          .From(1)
          .To(64)
          .Unit("requests")
          .Says("Maximum number of concurrent requests to one host."),
      Declare("error_min_sleep", &O::error_min_sleep)
          .Default("5s")
          .To(absl::Hours(1))
          .Says("Pause of an application's requests after error_min_count consecutive errors."),
      Declare("error_max_sleep", &O::error_max_sleep)
          .Default("10s")
          .To(absl::Hours(1))
          .Says("Pause of an application's requests after error_max_count consecutive errors."),
      Declare("error_min_count", &O::error_min_count)
          .Default("5")
          .From(1)
          .To(1000)
          .Unit("errors")
          .Says("Number of consecutive errors after which an application's requests pause for "
                "error_min_sleep."),
      Declare("error_max_count", &O::error_max_count)
          .Default("10")
          .From(1)
          .To(1000)
          .Unit("errors")
          .Says("Number of consecutive errors after which an application's requests pause for "
                "error_max_sleep."),
  };
  return Joined(std::move(own),
                Within<O>(HttpOptionTable(), [](O* options) { return &options->http; }));
}

absl::Status CheckYarnSourceOptions(const YarnSourceOptions& options) {
  if (options.error_min_sleep > options.error_max_sleep) {
    return absl::InvalidArgumentError("error_min_sleep: must not be longer than error_max_sleep");
  }
  if (options.error_min_count > options.error_max_count) {
    return absl::InvalidArgumentError("error_min_count: must not be greater than error_max_count");
  }
  return CheckHttpOptions(options.http);
}

std::vector<std::string> ServersOf(const YarnSourceOptions& options) {
  std::vector<std::string> servers;
  for (const std::string& server : options.resource_managers) {
    servers.push_back(WithoutSlash(server) + options.url_prefix);
  }
  return servers;
}

absl::Duration RestAfter(uint64_t errors, const YarnSourceOptions& options) {
  if (errors >= options.error_max_count) return options.error_max_sleep;
  if (errors >= options.error_min_count) return options.error_min_sleep;
  return absl::ZeroDuration();
}

std::string WhyNotAsked(std::string_view rm, const ContainerAddress& address,
                        const YarnSourceOptions& options) {
  const bool is_downgrade = rm.starts_with("https://") && !address.is_https;
  if (!is_downgrade || options.http.auth == HttpOptions::Auth::kNone) return "";
  return "its address is http, while the ResourceManager uses https: credentials are not sent "
         "over http";
}

}  // namespace sparktail
