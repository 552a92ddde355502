#include "ingest/pipeline/configuration.h"

#include "ingest/base/forms.h"

namespace sparktail {

OptionTable<Configuration> ConfigurationOptionTable() {
  using O = Configuration;
  return {
      Declare("instance", &O::instance)
          .Form(kNameForm)
          .Default("sparktail")
          .Says("Name of this process, unique among all that deliver to the same sinks."),
      Declare("environment", &O::environment)
          .Default("default")
          .Says("Value of environment in documents."),
      Declare("state_dir", &O::state_dir)
          .Form(kPathForm)
          .Otherwise("$XDG_STATE_HOME/sparktail, or $HOME/.local/state/sparktail; for root "
                     "/var/lib/sparktail")
          .Says("Directory of offsets.db and dead-letter/<sink>/. Only one process at a time can "
                "use it."),
      Declare("http", &O::http)
          .Form(kAddressForm)
          .Otherwise("none")
          .Says("Address that serves /metrics, /healthz and /readyz."),
      Declare("shutdown_timeout", &O::shutdown_timeout)
          .Default("25s")
          .To(absl::Hours(24))
          .Says("How long to deliver what was read, after SIGTERM or SIGINT."),
      Declare("max_event_bytes", &O::max_event_bytes)
          .Bytes()
          .Default("16MiB")
          .From(1024)
          .To(uint64_t{1} << 30)
          .Says("Longest record; longer ones are given up, or cut."),
  };
}

OptionTable<LogConfiguration> LogOptionTable() {
  using O = LogConfiguration;
  return {
      Declare("level", &O::level)
          .Choice({"debug", "info", "warning", "error"})
          .Default("info")
          .Says("Least severe level of messages to write."),
      Declare("format", &O::format)
          .Word("text", LogConfiguration::Format::kText)
          .Word("json", LogConfiguration::Format::kJson)
          .Default("text")
          .Says("Format of messages: text, or one JSON object a line."),
      Declare("path", &O::path)
          .Form(kPathForm)
          .Otherwise("standard error")
          .Says("File to append messages to; SIGHUP reopens it."),
  };
}

}  // namespace sparktail
