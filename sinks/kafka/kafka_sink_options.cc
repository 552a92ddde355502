#include "sinks/kafka/kafka_sink_options.h"

#include <string_view>

#include "sinks/name_pattern.h"

namespace sparktail {
namespace {

constexpr TextForm kTopicForm = {
    "a name that begins with a literal: spark-events, or with fields "
    "spark-{kind}-{environment}-{appName}",
    "^[A-Za-z0-9._-]+([A-Za-z0-9._-]|\\{(kind|environment|appName)\\})*$",
    [](std::string_view text) { return NamePattern::Check(text).ok(); }};

bool IsTopic(std::string_view text) {
  const absl::StatusOr<NamePattern> pattern = NamePattern::Parse(text);
  return pattern.ok() && pattern->is_literal();
}
constexpr TextForm kOneTopicForm = {"a name of letters, digits and . _ -", "^[A-Za-z0-9._-]+$",
                                    IsTopic};

}  // namespace

OptionTable<KafkaSinkOptions> KafkaSinkOptionTable() {
  using O = KafkaSinkOptions;
  OptionTable<O> own = {
      Declare("topic", &O::topic)
          .Form(kTopicForm)
          .Required()
          .Says("Topic for events; fields in it are replaced by those of each event."),
      Declare("delivery", &O::delivery)
          .Word("exactly_once", O::Delivery::kExactlyOnce)
          .Word("at_least_once", O::Delivery::kAtLeastOnce)
          .Default("exactly_once")
          .Says("exactly_once commits events and cursors in transactions, so that readers with "
                "isolation.level=read_committed see each event once; it needs instance. "
                "at_least_once keeps the cursors in offsets.db; after a crash it sends some events "
                "again."),
      Declare("offsets_topic", &O::offsets_topic)
          .Form(kOneTopicForm)
          .Default("sparktail-offsets")
          .Says("Compacted topic that holds the cursors, with delivery: exactly_once."),
      Declare("create_topics", &O::create_topics)
          .Default("true")
          .Says("Create missing topics; if false, the sink waits for them."),
      Declare("partitions", &O::partitions)
          .Word("default", uint64_t{0})
          .Default("default")
          .Unit("partitions")
          .From(1)
          .To(100'000)
          .Says("Partitions of topics that sparktail creates for events."),
      Declare("replication_factor", &O::replication_factor)
          .Word("default", uint64_t{0})
          .Default("default")
          .Unit("copies")
          .From(1)
          .To(100)
          .Says("Copies of each partition in topics that sparktail creates for events."),
      Declare("compression", &O::compression)
          .Choice({"none", "gzip", "snappy", "lz4", "zstd"})
          .Default("zstd")
          .Says("Compression of batches of events."),
  };
  return Joined(own, Within<O>(KafkaClientOptionTable(), [](O* sink) { return &sink->client; }));
}

NewTopic EventTopicSettings(const KafkaSinkOptions& options, const std::string& topic) {
  NewTopic settings;
  settings.name = topic;
  if (options.partitions > 0) settings.partitions = static_cast<int>(options.partitions);
  if (options.replication_factor > 0) {
    settings.replication = static_cast<int>(options.replication_factor);
  }
  return settings;
}

}  // namespace sparktail
