#pragma once

#include <utility>

#include "ingest/sources/dead_letters/dead_letter_source_kind.h"
#include "ingest/sources/dead_letters/dead_letter_source_options.h"
#include "ingest/sources/file/file_source_kind.h"
#include "ingest/sources/file/file_source_options.h"
#include "ingest/sources/kafka/kafka_source_kind.h"
#include "ingest/sources/kafka/kafka_source_options.h"
#include "ingest/sources/yarn/yarn_source_kind.h"
#include "ingest/sources/yarn/yarn_source_options.h"
#include "sinks/file/file_sink_kind.h"
#include "sinks/file/file_sink_options.h"
#include "sinks/kafka/kafka_sink_kind.h"
#include "sinks/kafka/kafka_sink_options.h"
#include "sinks/opensearch/opensearch_options.h"
#include "sinks/opensearch/opensearch_sink_kind.h"
#include "sinks/solr/solr_options.h"
#include "sinks/solr/solr_sink_kind.h"
#include "sinks/sqlite/sqlite_sink_kind.h"
#include "sinks/sqlite/sqlite_sink_options.h"
#include "sinks/stdout/stdout_sink_kind.h"

namespace sparktail::testing {

inline const SourceKind& KindOf(const FileSourceOptions& /*options*/) { return FileSourceKind(); }
inline const SourceKind& KindOf(const KafkaSourceOptions& /*options*/) { return KafkaSourceKind(); }
inline const SourceKind& KindOf(const YarnSourceOptions& /*options*/) { return YarnSourceKind(); }
inline const SourceKind& KindOf(const DeadLetterSourceOptions& /*options*/) {
  return DeadLetterSourceKind();
}
inline const SinkKind& KindOf(const FileSinkOptions& /*options*/) { return FileSinkKind(); }
inline const SinkKind& KindOf(const StdoutSinkOptions& /*options*/) { return StdoutSinkKind(); }
inline const SinkKind& KindOf(const SqliteSinkOptions& /*options*/) { return SqliteSinkKind(); }
inline const SinkKind& KindOf(const KafkaSinkOptions& /*options*/) { return KafkaSinkKind(); }
inline const SinkKind& KindOf(const OpenSearchOptions& /*options*/) { return OpenSearchSinkKind(); }
inline const SinkKind& KindOf(const SolrOptions& /*options*/) { return SolrSinkKind(); }

// Makes a source or a sink one with these options, and of their kind.
template <typename Configuration, typename Options>
void SetOptions(Options options, Configuration* one) {
  one->kind = &KindOf(options);
  one->options = AnyOptions::Of(std::move(options));
}

}  // namespace sparktail::testing
