#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "ingest/http/http_message.h"
#include "ingest/sources/yarn/yarn_names.h"

namespace sparktail {

// Reads one log of a container in order, each byte once, from servers with odd interfaces
// (container_log.h). It creates the requests and takes the responses; the caller sends them.
//
// New bytes are requested as text: as many bytes from the end as have probably been written. Large
// amounts are requested as pages, in pieces. Where a page has replaced bytes, text is requested
// whatever its size. Only if there is no text (old NodeManagers, or too much of it) each replaced
// byte is taken for one byte, and the log is inexact from there on.
class ContainerLogReader {
 public:
  // Starts at byte `offset` of the log.
  explicit ContainerLogReader(uint64_t offset) : offset_(offset) {}

  // Creates the next request. `node` is the URL of the NodeManager (NodeUrl()) or of the history
  // server.
  enum class Server : uint8_t { kNode, kHistory };
  HttpRequest Next(Server server, const std::string& node, const LogName& log);

  struct Outcome {
    enum class Kind : uint8_t {
      kRead,    // success, with or without new bytes
      kGone,    // the server does not have the log, or not any longer
      kShrunk,  // the log is shorter than what was read of it: wait
      kWrong,   // no usable response: retry later
    };
    Kind kind = Kind::kRead;
    std::string bytes;               // only for kRead: the next bytes
    bool at_end = false;             // only for kRead: the log had no more
    std::optional<bool> is_running;  // the container is running; pages do not have it
    std::string why;                 // unless kRead: a sentence
  };
  // Takes the response to the last request.
  Outcome Take(const HttpResponse& response);

  // The log is complete: an incomplete character at its end will never be completed.
  void set_complete() { is_complete_ = true; }

  uint64_t offset() const { return offset_; }
  // The length of the log as last seen.
  uint64_t length() const { return length_; }
  bool is_inexact() const { return is_inexact_; }

 private:
  enum class Way : uint8_t { kText, kPage };

  Way NextWay() const;
  uint64_t TextSize() const;
  Outcome TakeText(const HttpResponse& response);
  Outcome TakePage(const HttpResponse& response);
  Outcome TakeReplaced(std::string bytes, size_t exact, bool is_last);
  Outcome Shrunk(uint64_t length) const;
  void Advance(const std::string& bytes);

  // The last request; asked_ is in bytes of text or in characters of a page.
  Way way_ = Way::kText;
  Server server_ = Server::kNode;
  uint64_t asked_ = 0;
  std::string file_;
  uint64_t offset_;
  uint64_t length_ = 0;
  uint64_t growth_ = uint64_t{64} << 10;  // bytes expected between two requests, generously
  std::string marker_;                    // the last bytes before offset_, as far as they were read
  bool has_text_ = true;
  bool is_complete_ = false;
  bool is_inexact_ = false;
  std::optional<uint64_t> bad_at_;  // a byte that pages show replaced
  int same_part_ = 0;               // responses in a row with nothing but a part of a character
};

}  // namespace sparktail
