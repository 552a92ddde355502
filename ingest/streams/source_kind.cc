#include "ingest/streams/source_kind.h"

#include <simdjson.h>

#include <algorithm>

#include "ingest/base/forms.h"

namespace sparktail {

OptionTable<SourceConfiguration> SourceOptionTable() {
  using O = SourceConfiguration;
  return {
      Declare("name", &O::name)
          .Form(kNameForm)
          .Otherwise("the kind; kind-2 for a second one")
          .Says(
              "Part of the names of the source's cursors: if it changes, everything is read again. "
              "Name each source if there are several."),
      Declare("environment", &O::environment)
          .Otherwise("the top-level environment")
          .Says("Value of environment in documents."),
      Declare("timezone", &O::timezone)
          .Form(kZoneForm)
          .Default("UTC")
          .Says("Time zone of header stamps without one; sparktail check reports a wrong zone. "
                "(Times in progress events are always in UTC.)"),
      Declare("sinks", &O::sinks)
          .Form(kNameForm)
          .Otherwise("all")
          .Says("Names of the sinks to which the source delivers."),
  };
}

const SourceKind* KindOfPosition(std::string_view position,
                                 std::span<const SourceKind* const> kinds) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const bool is_object =
      parser.parse(position.data(), position.size()).get(object) == simdjson::SUCCESS;
  if (!is_object) return nullptr;
  std::string_view name;
  const bool has_kind = object["kind"].get(name) == simdjson::SUCCESS;
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const SourceKind* kind) {
    if (has_kind) return kind->name == name;
    const std::vector<std::string>& members = kind->position_members;
    return !members.empty() &&
           std::all_of(members.begin(), members.end(), [&](const std::string& member) {
             return object[member].error() == simdjson::SUCCESS;
           });
  });
  return found == kinds.end() ? nullptr : *found;
}

}  // namespace sparktail
