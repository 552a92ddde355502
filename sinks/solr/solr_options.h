#pragma once

#include <string>

#include "ingest/base/options.h"
#include "sinks/bulk/bulk_options.h"

namespace sparktail {

// Options of a sink of kind solr. solr_options.cc describes each for users.
struct SolrOptions : BulkOptions {
  std::string collection;  // a collection or a core
};
OptionTable<SolrOptions> SolrOptionTable();

}  // namespace sparktail
