#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/sources/file/file_tail.h"
#include "ingest/streams/batch.h"
#include "ingest/streams/line_buffer.h"
#include "ingest/streams/output.h"
#include "parsers/event_maker.h"
#include "parsers/parser_context.h"
#include "parsers/parser_scratch.h"

namespace sparktail {

class LogTail;

// From the bytes of files to batches of events: makes and keeps what the tails of one source
// share. Reader thread only, but for what is said otherwise.
class LogTails : public FileTailMaker {
 public:
  struct Parts {
    Os* os = nullptr;
    Log* log = nullptr;
    std::string source;  // name
    ParserOptions parser;
    std::string environment;
    std::string host;
    absl::Duration record_timeout;
    Output* output = nullptr;
    // Sees all events that are handed on; may be empty.
    std::function<void(const EventBuffer&)> observe;
  };
  explicit LogTails(Parts parts);
  ~LogTails() override;

  std::unique_ptr<FileTail> MakeTail(const FilePosition* file) override;

  // Batches that only move cursors are held back for a while: hands on what there is.
  void HandOnAll();

  // Those that are followed.
  std::vector<StreamKey> Streams() const;

  // Of all files, those that have ended included.
  ParserStats stats() const;

 private:
  friend class LogTail;

  StreamKey KeyOf(const std::string& file, const std::string& std_stream) const;
  // With what a stream begins whose file came after `file` in its rotation.
  ParserContext ContextAfter(const std::string& file, const std::string& std_stream) const;
  void Ended(const LogTail& tail);

  std::unique_ptr<LineBuffer> TakeBuffer();
  void GiveBack(std::unique_ptr<LineBuffer> buffer);

  const Parts parts_;
  ParserScratch scratch_;
  std::vector<std::unique_ptr<LineBuffer>> buffers_;
  std::unordered_map<std::string, LogTail*> tails_;  // by file
  // Last contexts of ended streams, for successors that have not begun yet.
  std::unordered_map<StreamKey, ParserContext> last_contexts_;
  std::deque<StreamKey> ended_;  // of last_contexts_, oldest first
  ParserStats ended_stats_;
};

}  // namespace sparktail
