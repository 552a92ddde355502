#include "sinks/options.h"

namespace sparktail {

OptionTable<FileSinkOptions> FileSinkOptionTable() {
  using O = FileSinkOptions;
  return {
      Declare("path", &O::path)
          .Form(kPathForm)
          .Word("-", std::string("-"))
          .Required()
          .Says("File to which events are appended, one JSON document a line; - is standard "
                "output."),
      Declare("rotate_bytes", &O::rotate_bytes)
          .Bytes()
          .Word("never", uint64_t{0})
          .Default("never")
          .From(1024)
          .Says("Size at which the file is renamed and a new one is created."),
      Declare("rotate_age", &O::rotate_age)
          .Word("never", absl::InfiniteDuration())
          .Default("never")
          .From(absl::Seconds(1))
          .Says("Age at which the file is renamed and a new one is created."),
      Declare("keep_files", &O::keep_files)
          .Word("all", uint64_t{0})
          .Default("all")
          .Unit("files")
          .From(1)
          .To(1'000'000)
          .Says("Number of renamed files to keep; older ones are deleted."),
  };
}

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

OptionTable<DeliveryOptions> DeliveryOptionTable() {
  using O = DeliveryOptions;
  return {
      Declare("commit_interval", &O::commit_interval)
          .Default("1s")
          .From(absl::Milliseconds(1))
          .To(absl::Hours(1))
          .Says("Longest time from writing an event to committing it together with its cursor."),
      Declare("commit_bytes", &O::commit_bytes)
          .Bytes()
          .Default("16MiB")
          .From(uint64_t{64} << 10)
          .To(uint64_t{1} << 30)
          .Says("Bytes of written events that trigger a commit at once."),
      Declare("queue_bytes", &O::queue_bytes)
          .Bytes()
          .Default("32MiB")
          .From(uint64_t{1} << 20)
          .To(uint64_t{16} << 30)
          .Says("Bytes that may wait for the sink in memory; when its queue is full, the sources "
                "that feed it pause."),
      Declare("dead_letter_bytes", &O::dead_letter_bytes)
          .Bytes()
          .Default("256MiB")
          .From(uint64_t{1} << 20)
          .Says(
              "Bytes of rejected events to keep in state_dir/dead-letter; when they are full, the "
              "sink pauses."),
  };
}

}  // namespace sparktail
