#include "sinks/sink_kind.h"

#include "ingest/base/forms.h"

namespace sparktail {

OptionTable<SinkConfiguration> SinkOptionTable() {
  using O = SinkConfiguration;
  return Joined(
      {Declare("name", &O::name)
           .Form(kNameForm)
           .Otherwise("the kind; kind-2 for a second one")
           .Says("Part of the names of the sink's cursors and dead letters: if it changes, "
                 "everything is delivered again. Name each sink if there are several.")},
      Within<O>(DeliveryOptionTable(), [](O* sink) { return &sink->delivery; }));
}

std::vector<Measure> MeasuresOf(std::span<const SinkKind* const> kinds) {
  std::vector<Measure> all;
  std::set<std::string_view> names;
  for (const SinkKind* kind : kinds) {
    for (const Measure& measure : kind->measures) {
      if (names.insert(measure.name).second) all.push_back(measure);
    }
  }
  return all;
}

std::string WrittenPath(const SinkConfiguration& sink) {
  const bool writes = sink.kind != nullptr && sink.kind->written_path != nullptr;
  return writes ? sink.kind->written_path(sink) : "";
}

}  // namespace sparktail
