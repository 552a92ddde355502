#include "ingest/cli/kinds.h"

#include "ingest/sources/file/file_source_kind.h"
#include "ingest/sources/kafka/kafka_source_kind.h"
#include "ingest/sources/yarn/yarn_source_kind.h"
#include "sinks/file/file_sink_kind.h"
#include "sinks/kafka/kafka_sink_kind.h"
#include "sinks/opensearch/opensearch_sink_kind.h"
#include "sinks/solr/solr_sink_kind.h"
#include "sinks/sqlite/sqlite_sink_kind.h"
#include "sinks/stdout/stdout_sink_kind.h"

namespace sparktail {

Kinds AllKinds() {
  return {
      .sources = {&FileSourceKind(), &KafkaSourceKind(), &YarnSourceKind()},
      .sinks = {&FileSinkKind(), &StdoutSinkKind(), &SqliteSinkKind(), &KafkaSinkKind(),
                &OpenSearchSinkKind(), &ElasticsearchSinkKind(), &SolrSinkKind()},
  };
}

}  // namespace sparktail
