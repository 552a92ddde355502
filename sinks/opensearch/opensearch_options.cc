#include "sinks/opensearch/opensearch_options.h"

#include <string_view>

#include "ingest/http/http_url.h"
#include "sinks/name_pattern.h"

namespace sparktail {
namespace {

constexpr TextForm kIndexForm = {
    "a name in lower case that begins with a literal: spark-events, or with fields and the UTC day "
    "of the event spark-{kind}-{environment}-{appName}-%Y%m%d",
    "^[a-z0-9][a-z0-9._-]*([a-z0-9._-]|\\{(kind|environment|appName)\\}|%[YmdH])*$",
    [](std::string_view text) { return NamePattern::Check(text, NamePattern::Use::kIndex).ok(); }};

bool IsName(std::string_view text) {
  const auto pattern = NamePattern::Parse(text, NamePattern::Use::kIndex);
  return pattern.ok() && pattern->is_literal();
}
constexpr TextForm kNameForm = {"a name of lower-case letters, digits and . _ -",
                                "^[a-z0-9][a-z0-9._-]*$", IsName};

}  // namespace

OptionTable<OpenSearchOptions> OpenSearchOptionTable() {
  using O = OpenSearchOptions;
  const OptionTable<BulkOptions> urls = {
      Declare("urls", &O::urls)
          .Form(kUrlForm)
          .Required()
          .Says("URLs of the cluster's nodes, or of a proxy before them; they are used in turn."),
  };
  const OptionTable<O> own = {
      Declare("index", &O::index)
          .Form(kIndexForm)
          .Default("monitor-yarn-{environment}-%Y%m%d")
          .Says("Index for events; fields in it are replaced by those of each event, and "
                "%Y %m %d %H by its time (UTC)."),
      Declare("data_stream", &O::data_stream)
          .Default("false")
          .Says("Write to data streams. An event that is sent again after a rollover is stored "
                "twice: "
                "ids are unique in one backing index only."),
      Declare("manage_template", &O::manage_template)
          .Default("true")
          .Says("Install or update the index template before the first event."),
      Declare("template_name", &O::template_name)
          .Form(kNameForm)
          .Default("sparktail")
          .Says("Name of the index template, and of the retention policy."),
      Declare("shards", &O::shards)
          .Default("1")
          .Unit("shards")
          .From(1)
          .To(1024)
          .Says("Shards of each new index."),
      Declare("replicas", &O::replicas)
          .Default("1")
          .Unit("copies")
          .From(0)
          .To(100)
          .Says("Replicas of each shard in a new index."),
      Declare("retention", &O::retention)
          .Word("forever", absl::InfiniteDuration())
          .Default("forever")
          .From(absl::Hours(24))
          .Says("Age at which indices are deleted, by a policy (ISM, ILM) that sparktail setup "
                "installs."),
      Declare("alias", &O::alias)
          .Form(kNameForm)
          .Otherwise("none")
          .Says("Alias for all indices of this sink."),
      Declare("dashboards_url", &O::dashboards_url)
          .Form(kUrlForm)
          .Otherwise("none")
          .Says("URL of OpenSearch Dashboards or Kibana, in which sparktail setup installs saved "
                "searches and a dashboard."),
  };
  return Joined(Joined(Within<O>(urls), own), Within<O>(BulkOptionTable(/*compresses=*/true)));
}

}  // namespace sparktail
