#pragma once

#include <string>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// A kind of source or sink, as it stands in a configuration, and all options that it takes but
// `kind` itself.
template <typename S>
struct Kind {
  std::string name;
  std::string sentence;
  void (*begin)(S* one);  // makes it one of this kind
  OptionTable<S> options;
};

// The tables of all kinds that there are.
std::vector<Kind<SourceConfiguration>> SourceKinds();
std::vector<Kind<SinkConfiguration>> SinkKinds();

}  // namespace sparktail
