#include "ingest/streams/source_kind.h"

#include "ingest/base/forms.h"

namespace sparktail {

OptionTable<SourceConfiguration> SourceOptionTable() {
  using O = SourceConfiguration;
  return {
      Declare("name", &O::name)
          .Form(kNameForm)
          .Otherwise("the kind, of a second one kind-2 …")
          .Says("Part of the names of its cursors: changed, all is read again. Of several sources "
                "name each."),
      Declare("environment", &O::environment)
          .Otherwise("that at the top")
          .Says("Value of environment in documents."),
      Declare("timezone", &O::timezone)
          .Form(kZoneForm)
          .Default("UTC")
          .Says("Zone of header stamps that name none; sparktail check says if it is another. "
                "(The times in progress events are in UTC anyway.)"),
      Declare("sinks", &O::sinks)
          .Form(kNameForm)
          .Otherwise("all")
          .Says("Names of the sinks to which it delivers."),
  };
}

}  // namespace sparktail
