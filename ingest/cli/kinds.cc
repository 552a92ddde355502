#include "ingest/cli/kinds.h"

#include <string>
#include <utility>
#include <variant>

namespace sparktail {
namespace {

// One sink by two names.
Kind<SinkConfiguration> OpenSearchKind(std::string name, std::string sentence) {
  using S = SinkConfiguration;
  return {std::move(name), std::move(sentence),
          [](S* sink) { sink->options = OpenSearchOptions(); },
          Joined(Within<S>(OpenSearchOptionTable(),
                           [](S* sink) { return &std::get<OpenSearchOptions>(sink->options); }),
                 SinkOptionTable())};
}

}  // namespace

std::vector<Kind<SourceConfiguration>> SourceKinds() {
  using S = SourceConfiguration;
  return {
      {"file", "Follows log files, through rotation and truncation.",
       [](S* source) { source->options = FileSourceOptions(); },
       Joined(SourceOptionTable(),
              Within<S>(FileSourceOptionTable(),
                        [](S* source) { return &std::get<FileSourceOptions>(source->options); }))},
      {"kafka",
       "Reads logs that node agents send to Kafka, sharing the topics with other processes.",
       [](S* source) { source->options = KafkaSourceOptions(); },
       Joined(SourceOptionTable(),
              Within<S>(KafkaSourceOptionTable(),
                        [](S* source) { return &std::get<KafkaSourceOptions>(source->options); }))},
      {"yarn",
       "Finds applications in a YARN cluster, and reads their drivers' logs from its NodeManagers.",
       [](S* source) { source->options = YarnSourceOptions(); },
       Joined(SourceOptionTable(),
              Within<S>(YarnSourceOptionTable(),
                        [](S* source) { return &std::get<YarnSourceOptions>(source->options); }))},
  };
}

std::vector<Kind<SinkConfiguration>> SinkKinds() {
  using S = SinkConfiguration;
  return {
      {"file", "Appends events to a file, each once.",
       [](S* sink) { sink->options = FileSinkOptions(); },
       Joined(Within<S>(FileSinkOptionTable(),
                        [](S* sink) { return &std::get<FileSinkOptions>(sink->options); }),
              SinkOptionTable())},
      {"stdout", "Writes events to standard output, each at least once.",
       [](S* sink) { sink->options = SinkConfiguration::Stdout(); }, SinkOptionTable()},
      {"sqlite", "Keeps events in a database that can be asked, each once.",
       [](S* sink) { sink->options = SqliteSinkOptions(); },
       Joined(Within<S>(SqliteSinkOptionTable(),
                        [](S* sink) { return &std::get<SqliteSinkOptions>(sink->options); }),
              SinkOptionTable())},
      {"kafka", "Sends events to Kafka, each exactly once or at least once.",
       [](S* sink) { sink->options = KafkaSinkOptions(); },
       Joined(Within<S>(KafkaSinkOptionTable(),
                        [](S* sink) { return &std::get<KafkaSinkOptions>(sink->options); }),
              SinkOptionTable())},
      OpenSearchKind("opensearch", "Indexes events in OpenSearch, each once."),
      OpenSearchKind("elasticsearch", "Indexes events in Elasticsearch, each once."),
      {"solr", "Indexes events in Solr, each once.", [](S* sink) { sink->options = SolrOptions(); },
       Joined(Within<S>(SolrOptionTable(),
                        [](S* sink) { return &std::get<SolrOptions>(sink->options); }),
              SinkOptionTable())},
  };
}

}  // namespace sparktail
