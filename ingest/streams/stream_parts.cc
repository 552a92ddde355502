#include "ingest/streams/stream_parts.h"

#include "ingest/streams/source.h"

namespace sparktail {

StreamParts PartsOfStreams(const SourceParts& parts, Output* output,
                           absl::Duration record_timeout) {
  StreamParts streams;
  streams.os = parts.os;
  streams.log = parts.log;
  streams.source = parts.configuration->name;
  streams.environment = parts.configuration->environment;
  streams.host = parts.host;
  streams.parser = parts.parser;
  streams.record_timeout = record_timeout;
  streams.output = output;
  streams.observe = parts.observe;
  return streams;
}

}  // namespace sparktail
