#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "ingest/sources/file/file_tail.h"
#include "ingest/streams/content_stream.h"
#include "ingest/streams/stream_parts.h"
#include "parsers/parser_context.h"

namespace sparktail {

class LogTail;

// Makes the tails of one source, and keeps what they share: buffers, counters, and the contexts
// that a rotated log hands to its successor. Reader thread only.
class LogTails : public FileTailMaker {
 public:
  explicit LogTails(StreamParts parts);
  ~LogTails() override;

  // The tail must not outlive this object.
  std::unique_ptr<FileTail> MakeTail(const FileIdentity* file, const ReadPlace& start) override;

  // Hands on the batches that were held back because they only move cursors.
  void HandOnAll();

  // The streams that are followed.
  std::vector<StreamKey> Streams() const;

  // The sum over all files, also those that have ended.
  ParserStats stats() const;

 private:
  friend class LogTail;

  StreamKey KeyOf(const std::string& file, const std::string& std_stream) const;
  // The context with which a stream begins whose file came after `file` in its rotation.
  ParserContext ContextAfter(const std::string& file, const std::string& std_stream) const;
  void OnTailEnd(const LogTail& tail);

  const StreamParts parts_;
  ContentShare content_;
  std::unordered_map<std::string, LogTail*> tails_;  // by file
  // Last contexts of ended streams, for successors that have not begun yet.
  std::unordered_map<StreamKey, ParserContext> last_contexts_;
  std::deque<StreamKey> ended_;  // the keys of last_contexts_, oldest first
};

}  // namespace sparktail
