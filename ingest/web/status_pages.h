#pragma once

#include <span>
#include <string_view>

#include "ingest/pipeline/pipeline_status.h"
#include "ingest/web/http_server.h"
#include "sinks/measure.h"

namespace sparktail {

// The pages of a running pipeline:
//   /metrics   metrics.h
//   /healthz   200 while the reader loop runs, else 503: the process should be restarted
//   /readyz    200 if all sources and sinks are open and none has stopped, else 503 and the reason
//   /          links to the pages
// Every other path is 404. External text in the pages is made printable. `measures` are those of
// the sinks of all kinds.
HttpPage StatusPage(std::string_view path, const PipelineStatus& status, std::string_view version,
                    std::span<const Measure> measures);

}  // namespace sparktail
