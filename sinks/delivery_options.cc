#include "sinks/delivery_options.h"

namespace sparktail {

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
