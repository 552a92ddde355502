#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "offsets/cursor.h"

namespace sparktail {

// A record of the topic that holds cursors (`offsets_topic`, compacted): of each key the last one
// counts, and one without a value says that there is none any more.
//
//   key    OWNER/SINK/STREAM. OWNER is the instance, or of streams that a consumer group shares
//          group:NAME. Neither has a '/' in it.
//   value  {"version":1,"offset":…,"position":"…","context":"…","ended":false,"updated":…,
//          "commit":"…"}
//
// Its JSON outlives the program that wrote it: a member that is added, or changes its meaning,
// raises the version; a newer one than ours is refused.
struct CursorRecord {
  Cursor cursor;
  int64_t updated_ms = 0;  // since 1970
  std::string commit;      // names the transaction that it was written in

  std::string ToJson() const;
  static std::optional<CursorRecord> FromJson(std::string_view json);
};

// Of a consumer group; what a key can't hold is escaped as in URLs.
std::string GroupOwner(std::string_view group);

// "OWNER/SINK": with a '/' behind it, what the keys of its cursors begin with.
std::string CursorPrefix(std::string_view owner, std::string_view sink);

}  // namespace sparktail
