#include "ingest/pipeline/configuration.h"

#include "ingest/base/forms.h"

namespace sparktail {

OptionTable<Configuration> ConfigurationOptionTable() {
  using O = Configuration;
  return {
      Declare("instance", &O::instance)
          .Form(kNameForm)
          .Default("sparktail")
          .Says("Names this process among all that deliver to the same sinks."),
      Declare("environment", &O::environment)
          .Default("default")
          .Says("Value of environment in documents."),
      Declare("state_dir", &O::state_dir)
          .Form(kPathForm)
          .Otherwise("$XDG_STATE_HOME/sparktail, or $HOME/.local/state/sparktail; of root "
                     "/var/lib/sparktail")
          .Says("Directory of offsets.db and dead-letter/<sink>/. One process at a time."),
      Declare("http", &O::http)
          .Form(kAddressForm)
          .Otherwise("none")
          .Says("Where /metrics, /healthz and /readyz are served."),
      Declare("shutdown_timeout", &O::shutdown_timeout)
          .Default("25s")
          .To(absl::Hours(24))
          .Says("How long, after SIGTERM or SIGINT, what was read is still delivered."),
      Declare("max_event_bytes", &O::max_event_bytes)
          .Bytes()
          .Default("16MiB")
          .From(1024)
          .To(uint64_t{1} << 30)
          .Says("Longer records are given up, or cut."),
  };
}

OptionTable<LogConfiguration> LogOptionTable() {
  using O = LogConfiguration;
  return {
      Declare("level", &O::level)
          .Choice({"debug", "info", "warning", "error"})
          .Default("info")
          .Says("The least severe messages that are written."),
      Declare("format", &O::format)
          .Word("text", LogConfiguration::Format::kText)
          .Word("json", LogConfiguration::Format::kJson)
          .Default("text")
          .Says("How messages are written: text, or one JSON object a line."),
      Declare("path", &O::path)
          .Form(kPathForm)
          .Otherwise("standard error")
          .Says("The file to which they are appended; SIGHUP opens it anew."),
  };
}

}  // namespace sparktail
