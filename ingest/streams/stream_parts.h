#pragma once

#include <absl/time/time.h>

#include <functional>
#include <string>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/streams/output.h"
#include "parsers/event.h"
#include "parsers/event_maker.h"

namespace sparktail {

struct SourceParts;

// The parts from which the streams of every source of logs are made. The pointers outlive the
// streams.
struct StreamParts {
  Os* os = nullptr;
  Log* log = nullptr;
  std::string source;  // name
  std::string environment;
  std::string host;  // of this machine
  ParserOptions parser;
  absl::Duration record_timeout = absl::InfiniteDuration();  // see ContentStream::IsSilent()
  Output* output = nullptr;
  // Sees the events of each batch; may be empty.
  std::function<void(const EventBuffer&)> observe;
};

// `output` is passed apart, since the source may have taken it out of `parts`.
StreamParts PartsOfStreams(const SourceParts& parts, Output* output, absl::Duration record_timeout);

}  // namespace sparktail
