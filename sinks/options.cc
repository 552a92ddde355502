#include "sinks/options.h"

namespace sparktail {

OptionTable<FileSinkOptions> FileSinkOptionTable() {
  using O = FileSinkOptions;
  return {
      Declare("path", &O::path)
          .Form(kPathForm)
          .Word("-", std::string("-"))
          .Required()
          .Says("The file to which events are appended, one JSON document a line; - is standard "
                "output."),
      Declare("rotate_bytes", &O::rotate_bytes)
          .Bytes()
          .Word("never", uint64_t{0})
          .Default("never")
          .From(1024)
          .Says("A file that has grown to this size is renamed, and a new one is begun."),
      Declare("rotate_age", &O::rotate_age)
          .Word("never", absl::InfiniteDuration())
          .Default("never")
          .From(absl::Seconds(1))
          .Says("A file that was begun so long ago is renamed, and a new one is begun."),
      Declare("keep_files", &O::keep_files)
          .Word("all", uint64_t{0})
          .Default("all")
          .Unit("files")
          .From(1)
          .To(1'000'000)
          .Says("How many renamed files are kept; older ones are deleted."),
  };
}

OptionTable<SqliteSinkOptions> SqliteSinkOptionTable() {
  using O = SqliteSinkOptions;
  return {
      Declare("path", &O::path)
          .Form(kPathForm)
          .Required()
          .Says("The SQLite database; it is made if it is not there. Not on a network file "
                "system."),
      Declare("retention", &O::retention)
          .Word("forever", absl::InfiniteDuration())
          .Default("forever")
          .From(absl::Hours(1))
          .Says("Events older than that, by their own time, are deleted."),
  };
}

OptionTable<DeliveryOptions> DeliveryOptionTable() {
  using O = DeliveryOptions;
  return {
      Declare("commit_interval", &O::commit_interval)
          .Default("1s")
          .From(absl::Milliseconds(1))
          .To(absl::Hours(1))
          .Says("So long after an event was written, at the latest, it and its cursor are made "
                "durable together."),
      Declare("commit_bytes", &O::commit_bytes)
          .Bytes()
          .Default("16MiB")
          .From(uint64_t{64} << 10)
          .To(uint64_t{1} << 30)
          .Says("After so many bytes of events that is done at once."),
      Declare("queue_bytes", &O::queue_bytes)
          .Bytes()
          .Default("32MiB")
          .From(uint64_t{1} << 20)
          .To(uint64_t{16} << 30)
          .Says("How much may wait for the sink in memory; when that is full, the sources that "
                "feed it are not read on."),
      Declare("dead_letter_bytes", &O::dead_letter_bytes)
          .Bytes()
          .Default("256MiB")
          .From(uint64_t{1} << 20)
          .Says("How much of what the sink refuses is kept in state_dir/dead-letter; when that is "
                "full, the sink pauses."),
  };
}

}  // namespace sparktail
