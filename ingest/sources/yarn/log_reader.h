#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "ingest/http/http_message.h"
#include "ingest/sources/yarn/yarn_names.h"

namespace sparktail {

// Reads one log of a container in its order, each byte once, from servers that can only be asked in
// odd ways (container_log.h). It makes the requests and takes the answers; who sends them, and
// when, it does not know.
//
// What is new is asked for as text: so many bytes from the end as have probably come. Much at once
// is asked for as pages, in pieces. Where a page shows bytes that were replaced, text is asked for,
// however much it is; only if there is no text (old NodeManagers, or too much of it) a replaced
// byte is taken for one, and the log is `inexact` from there on.
class LogReader {
 public:
  // From byte `offset` of the log on.
  explicit LogReader(uint64_t offset) : offset_(offset) {}

  // The next request, to the node at `node` (NodeUrl()), or to the history server at `node`.
  enum class Server : uint8_t { kNode, kHistory };
  HttpRequest Next(Server server, const std::string& node, const LogName& log);

  struct Outcome {
    enum class Kind : uint8_t {
      kRead,    // all is well, whether there was something new or not
      kGone,    // the server has no such log, now or any more
      kShrunk,  // the log is shorter than what was read of it: wait
      kWrong,   // no answer to this; ask again later
    };
    Kind kind = Kind::kRead;
    std::string bytes;               // that come next; of kRead
    bool at_end = false;             // when it answered, there was no more; of kRead
    std::optional<bool> is_running;  // the container; pages do not say it
    std::string why;                 // if not kRead: a sentence
  };
  // The answer to the last request.
  Outcome Take(const HttpResponse& response);

  // Nothing is written to the log any more: what looks like a part of a character is none.
  void set_complete() { is_complete_ = true; }

  uint64_t offset() const { return offset_; }
  // How long the log was when that was last known.
  uint64_t length() const { return length_; }
  bool is_inexact() const { return is_inexact_; }

 private:
  enum class Way : uint8_t { kText, kPage };

  Way NextWay() const;
  uint64_t TextSize() const;
  Outcome TakeText(const HttpResponse& response);
  Outcome TakePage(const HttpResponse& response);
  Outcome TakeReplaced(std::string bytes, size_t exact, bool is_last);
  Outcome Shrunk(uint64_t length);
  void Advance(const std::string& bytes);

  Way way_ = Way::kText;           // of the last request
  Server server_ = Server::kNode;  // likewise
  uint64_t asked_ = 0;             // bytes of text, or characters
  std::string file_;
  uint64_t offset_;
  uint64_t length_ = 0;
  uint64_t growth_ = uint64_t{64} << 10;  // what has come between two requests, with some more
  std::string marker_;                    // the last bytes before offset_, if they were read
  bool has_text_ = true;
  bool is_complete_ = false;
  bool is_inexact_ = false;
  std::optional<uint64_t> bad_at_;  // a byte that a page can't show
  int same_part_ = 0;               // so often a part of a character was all that there was
};

}  // namespace sparktail
