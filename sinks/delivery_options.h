#pragma once

#include <absl/time/time.h>

#include <cstdint>

#include "ingest/base/options.h"

namespace sparktail {

// Options that all sinks have. delivery_options.cc describes each for users.
struct DeliveryOptions {
  absl::Duration commit_interval = absl::Seconds(1);
  uint64_t commit_bytes = uint64_t{16} << 20;
  uint64_t queue_bytes = uint64_t{32} << 20;
  uint64_t dead_letter_bytes = uint64_t{256} << 20;
};
OptionTable<DeliveryOptions> DeliveryOptionTable();

}  // namespace sparktail
