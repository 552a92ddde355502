#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "offsets/cursor.h"

namespace sparktail {

// A record of the topic that holds cursors (`offsets_topic`, compacted). The last record of each
// key is valid. A record without a value deletes the cursor.
//
//   key    OWNER/SINK/STREAM. OWNER is the instance, or group:NAME for streams that a consumer
//   group
//          shares. Neither contains a '/'.
//   value  {"version":1,"offset":…,"position":"…","context":"…","ended":false,"updated":…,
//          "commit":"…"}
//
// The JSON outlives the program that wrote it: raise the version when a member is added or changes
// its meaning. FromJson() rejects other versions.
struct CursorRecord {
  Cursor cursor;
  int64_t updated_ms = 0;  // since 1970
  std::string commit;      // names the transaction that wrote it

  std::string ToJson() const;
  static std::optional<CursorRecord> FromJson(std::string_view json);
};

// Returns the OWNER of a consumer group. '/' and '%' are escaped as in URLs.
std::string GroupOwner(std::string_view group);

// Returns "OWNER/SINK". The keys of the sink's cursors begin with this and a '/'.
std::string CursorPrefix(std::string_view owner, std::string_view sink);

}  // namespace sparktail
