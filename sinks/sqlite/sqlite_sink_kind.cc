#include "sinks/sqlite/sqlite_sink_kind.h"

#include <memory>

#include "sinks/options.h"
#include "sinks/sqlite/check_sqlite_sink.h"
#include "sinks/sqlite/sqlite_sink.h"

namespace sparktail {
namespace {

std::unique_ptr<Sink> Make(const SinkParts& parts) {
  return std::make_unique<SqliteSink>(parts.os, parts.log, parts.dead_letters,
                                      parts.configuration->name,
                                      parts.configuration->options.Get<SqliteSinkOptions>());
}

}  // namespace

const SinkKind& SqliteSinkKind() {
  static const SinkKind kKind = {
      .name = "sqlite",
      .sentence = "Keeps events in a database that can be asked, each once.",
      .defaults = AnyOptions::Of(SqliteSinkOptions()),
      .options = Joined(Within<SinkConfiguration>(SqliteSinkOptionTable(),
                                                  [](SinkConfiguration* sink) {
                                                    return &sink->options.Get<SqliteSinkOptions>();
                                                  }),
                        SinkOptionTable()),
      .make = Make,
      .check = CheckSqliteSink,
  };
  return kKind;
}

}  // namespace sparktail
