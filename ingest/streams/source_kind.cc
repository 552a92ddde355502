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
