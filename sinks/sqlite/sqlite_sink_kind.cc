#include "sinks/sqlite/sqlite_sink_kind.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sinks/sqlite/check_sqlite_sink.h"
#include "sinks/sqlite/history_cursors.h"
#include "sinks/sqlite/sqlite_sink.h"
#include "sinks/sqlite/sqlite_sink_options.h"

namespace sparktail {
namespace {

std::unique_ptr<Sink> Make(const SinkParts& parts) {
  return std::make_unique<SqliteSink>(parts.os, parts.log, parts.dead_letters,
                                      parts.configuration->name,
                                      parts.configuration->options.Get<SqliteSinkOptions>());
}

std::string Path(const SinkConfiguration& sink) {
  return sink.options.Get<SqliteSinkOptions>().path;
}

std::optional<CursorKeeper> Keeper(const SinkConfiguration& sink, const std::string& /*instance*/,
                                   Os* os, Log* /*log*/) {
  const std::string path = Path(sink);
  return CursorKeeper{
      path, [os, path](bool to_change) -> absl::StatusOr<std::unique_ptr<KeptCursors>> {
        absl::StatusOr<HistoryCursors> cursors =
            to_change ? HistoryCursors::Change(os, path) : HistoryCursors::Look(os, path);
        if (!cursors.ok()) return cursors.status();
        return std::make_unique<HistoryCursors>(*std::move(cursors));
      }};
}

}  // namespace

const SinkKind& SqliteSinkKind() {
  static const SinkKind kKind = {
      .name = "sqlite",
      .sentence = "Keeps events in a database that can be asked, each once.",
      .defaults = AnyOptions::Of(SqliteSinkOptions()),
      .options = Joined(OfKind<SinkConfiguration>(SqliteSinkOptionTable()), SinkOptionTable()),
      .make = Make,
      .written_path = Path,
      .cursor_keeper = Keeper,
      .check = CheckSqliteSink,
      .reads_values = true,
  };
  return kKind;
}

}  // namespace sparktail
