#include "sinks/sqlite/sqlite_sink_options.h"

namespace sparktail {

OptionTable<SqliteSinkOptions> SqliteSinkOptionTable() {
  using O = SqliteSinkOptions;
  return {
      Declare("path", &O::path)
          .Form(kPathForm)
          .Required()
          .Says("SQLite database; it is created if it is missing. It must not be on a network file "
                "system."),
      Declare("retention", &O::retention)
          .Word("forever", absl::InfiniteDuration())
          .Default("forever")
          .From(absl::Hours(1))
          .Says("Age, by an event's own time, at which events are deleted."),
  };
}

}  // namespace sparktail
