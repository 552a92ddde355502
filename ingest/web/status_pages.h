#pragma once

#include <string_view>

#include "ingest/pipeline/pipeline_status.h"
#include "ingest/web/http_server.h"

namespace sparktail {

// The pages of a running pipeline:
//   /metrics   metrics.h
//   /healthz   200 while the reader loop goes round, else 503: the process should be restarted
//   /readyz    200 if all sources and sinks were opened and none is stopped, else 503, and why
//   /          what there is
// All else is 404. Texts of the outside in them are printable.
HttpAnswer StatusPage(std::string_view path, const PipelineStatus& status,
                      std::string_view version);

}  // namespace sparktail
