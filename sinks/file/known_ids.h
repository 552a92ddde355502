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

// The ids of the documents in files that sparktail wrote before. They take about 30 bytes of memory
// each.
class KnownIds {
 public:
  // Adds the ids in an open file. Lines that are not documents are skipped.
  absl::Status Collect(Os* os, int fd);
  absl::Status Collect(Os* os, const std::string& path);

  bool Has(const EventId& id) const;
  bool empty() const { return ids_.empty(); }
  size_t size() const { return ids_.size(); }

 private:
  using Bits = std::pair<uint64_t, uint64_t>;

  void Feed(std::string_view text);
  void AddLine(std::string_view line);

  absl::flat_hash_set<Bits> ids_;
  std::string begin_;  // beginning of the present line, up to the end of its id
};

}  // namespace sparktail
