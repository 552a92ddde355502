#include "ingest/pipeline/configuration.h"

#include <algorithm>

#include "ingest/base/time_zone.h"

namespace sparktail {
namespace {

constexpr size_t kLongestName = 64;

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Names stand in cursors, and are those of directories.
bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && IsLetterOrDigit(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-'; });
}

bool IsPort(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  int port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    port = port * 10 + (c - '0');
  }
  return port <= 65535;
}

bool IsHost(std::string_view text) {
  if (text.starts_with('[')) {
    return text.size() > 3 && text.ends_with(']') &&
           std::all_of(text.begin() + 1, text.end() - 1, [](char c) {
             return IsLetterOrDigit(c) || c == ':' || c == '.' || c == '%';
           });
  }
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetterOrDigit(c) || c == '.' || c == '-' || c == '_';
  });
}

bool IsAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  return colon != std::string_view::npos && IsHost(text.substr(0, colon)) &&
         IsPort(text.substr(colon + 1));
}

constexpr TextForm kNameForm = {"a name of letters, digits and . _ - (at most 64)",
                                "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", IsName};

constexpr TextForm kZoneForm = {
    "an IANA name such as Europe/Madrid or UTC", "^[A-Za-z0-9][A-Za-z0-9/_+-]{0,63}$",
    [](std::string_view text) { return FindTimeZone(text).has_value(); }};

constexpr TextForm kAddressForm = {"host:port, such as 127.0.0.1:9464 (port 0: any that is free)",
                                   "^(\\[[0-9A-Za-z:.%]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}$",
                                   IsAddress};

}  // namespace

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
