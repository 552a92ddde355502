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
  OptionTable<O> own = {
      Declare("urls", &O::urls)
          .Form(kUrlForm)
          .Required()
          .Says("Nodes of the cluster, or a proxy before it; they are used in turn."),
      Declare("index", &O::index)
          .Form(kIndexForm)
          .Default("monitor-yarn-{environment}-%Y%m%d")
          .Says("The index of each event; fields in it are those of the event, %Y %m %d %H are of "
                "its time (UTC)."),
      Declare("data_stream", &O::data_stream)
          .Default("false")
          .Says(
              "Whether these are data streams. What comes again behind a rollover is then doubled: "
              "ids are unique in one backing index only."),
      Declare("manage_template", &O::manage_template)
          .Default("true")
          .Says("Whether the index template is installed, or renewed, before the first event."),
      Declare("template_name", &O::template_name)
          .Form(kNameForm)
          .Default("sparktail")
          .Says("Of the index template, and of the policy of retention."),
      Declare("shards", &O::shards)
          .Default("1")
          .Unit("shards")
          .From(1)
          .To(1024)
          .Says("Of each index that is made."),
      Declare("replicas", &O::replicas)
          .Default("1")
          .Unit("copies")
          .From(0)
          .To(100)
          .Says("Of each shard, beside the shard itself."),
      Declare("retention", &O::retention)
          .Word("forever", absl::InfiniteDuration())
          .Default("forever")
          .From(absl::Hours(24))
          .Says("Indices are deleted that long after they were made, by a policy (ISM, ILM) that "
                "sparktail setup installs."),
      Declare("alias", &O::alias)
          .Form(kNameForm)
          .Otherwise("none")
          .Says("A name for all these indices together."),
      Declare("dashboards_url", &O::dashboards_url)
          .Form(kUrlForm)
          .Otherwise("none")
          .Says("OpenSearch Dashboards or Kibana, for which sparktail setup brings searches and a "
                "dashboard."),
      Declare("bulk_bytes", &O::bulk_bytes)
          .Bytes()
          .Default("1MiB")
          .From(uint64_t{16} << 10)
          .To(uint64_t{64} << 20)
          .Says("Of the documents in one request, before compression."),
      Declare("connections", &O::connections)
          .Default("4")
          .Unit("requests")
          .From(1)
          .To(64)
          .Says(
              "At most so many are on their way at a time; fewer while the server has too much to "
              "do."),
      Declare("compression", &O::compression)
          .Choice({"none", "gzip"})
          .Default("gzip")
          .Says("Of requests."),
      Declare("request_timeout", &O::request_timeout)
          .Default("1m")
          .From(absl::Seconds(1))
          .To(absl::Hours(1))
          .Says("So long an answer may take before the request is sent again."),
  };
  return Joined(own, Within<O>(HttpOptionTable(), [](O* sink) { return &sink->http; }));
}

}  // namespace sparktail
