#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/status/status.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "ingest/base/os.h"
#include "parsers/event_id.h"

namespace sparktail {

// Ids of the documents in files that sparktail wrote before. In memory, about 30 bytes each.
class KnownIds {
 public:
  // Adds those in an open file. Lines that are no documents have none.
  absl::Status Collect(Os* os, int fd);

  bool Has(const EventId& id) const;
  bool empty() const { return ids_.empty(); }
  size_t size() const { return ids_.size(); }

 private:
  using Bits = std::pair<uint64_t, uint64_t>;

  void Feed(std::string_view text);
  void AddLine(std::string_view line);

  absl::flat_hash_set<Bits> ids_;
  std::string begin_;  // of the line being read, no more of it than its id needs
};

}  // namespace sparktail
