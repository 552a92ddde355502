#include "sinks/sink_kind.h"

#include "ingest/base/forms.h"

namespace sparktail {

OptionTable<SinkConfiguration> SinkOptionTable() {
  using O = SinkConfiguration;
  return Joined({Declare("name", &O::name)
                     .Form(kNameForm)
                     .Otherwise("the kind, of a second one kind-2 …")
                     .Says("Of its cursors and its dead letters: changed, all is delivered "
                           "again. Of several sinks name each.")},
                Within<O>(DeliveryOptionTable(), [](O* sink) { return &sink->delivery; }));
}

}  // namespace sparktail
