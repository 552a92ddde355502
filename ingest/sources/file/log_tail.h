#pragma once

#include <absl/functional/function_ref.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/sources/file/file_tail.h"
#include "ingest/sources/file/recent_bytes.h"
#include "ingest/streams/content_stream.h"
#include "ingest/streams/stream_buffer.h"
#include "parsers/identity.h"
#include "parsers/parser_context.h"
#include "parsers/unwrapper.h"

namespace sparktail {

class LogTails;

// One file: recognises how a container runtime has wrapped its lines, unwraps them, and keeps for
// each stream in it the places from which reading can resume. A plain file is one stream, a wrapped
// one is up to two: stdout and stderr. Batches of all streams of a file are emitted together, so
// that each sink's cursors are of one moment.
class LogTail : public FileTail {
 public:
  // Resumes where the sinks are in the file. `shared` and `file` outlive the tail; see
  // FileTailMaker.
  LogTail(LogTails* shared, const FileIdentity* file, const ReadPlace& start);
  ~LogTail() override;

  uint64_t begin() const override { return begin_; }
  bool HasRoom() override;
  std::span<char> Room() override;
  void OnBytes(size_t size) override;
  void EndTurn() override;
  bool Tick(absl::Time now, absl::FunctionRef<bool()> at_end) override;
  bool WantsContinuation() const override;
  void Continue(std::string_view bytes, bool last) override;
  bool has_continued() const override;
  void End() override;

  // Hands on all that is settled.
  void EmitAll();

 private:
  friend class LogTails;

  // A place in the file from which reading can resume: `content` bytes of the stream's content come
  // before it.
  struct Place {
    uint64_t content = 0;
    uint64_t raw = 0;
    Fingerprint marker;
  };

  struct Stream {
    Stream(ContentShare* share, StreamKey key, const StreamFacts& facts, const ParsePosition& from)
        : content(share, std::move(key), facts, from), settled(content.settled()) {}

    ContentStream content;
    std::string std_stream;    // empty: the stream is a plain file
    bool announced = false;    // the sinks know the stream
    bool has_text = false;     // its content is more than a hole
    std::deque<Place> places;  // the last one before the settled offset, and later ones
    uint64_t settled;          // when `places` was last trimmed
    uint64_t first_raw = 0;    // lines before this byte of the file were read in an earlier life
    uint64_t drop = 0;         // bytes of content that were read then, too
    bool has_start = true;     // SkipBefore() has its final offset
    // The file was rotated, and the successor may have more of the last record.
    bool continues = true;
    uint64_t real_end = 0;  // the end of the content in this file; 0: the successor was not read
  };

  void Resume();
  void ResumeStream(const std::string& std_stream, const Cursor& cursor);
  Stream* AddStream(const std::string& std_stream, const ParsePosition& from);
  Stream* PlainStream();
  Stream* StreamOf(StdStream which);

  bool IsPlain() const { return wrapping_ == Wrapping::kNone; }
  void Recognize(bool complete);
  void Read(bool last);
  void ReadWrapped(bool last);
  void AddLine(const Unwrapper::Line& line, uint64_t raw,
               absl::FunctionRef<Fingerprint()> marker_before);
  void OnPlainParsed(Stream* stream, std::string_view text, size_t done);
  static void TrimPlaces(Stream* stream);
  void Diagnose(Stream* stream);

  static bool WantsMore(const Stream& stream);
  static bool MayBecomeHeader(const Stream& stream, std::string_view part);
  void Expire(Stream* stream);
  void ContinueWith(Stream* stream, std::string_view line);
  void ContinuePlain(std::string_view bytes, bool last);
  void ContinueWrapped(std::string_view bytes, bool last);

  static bool IsUnknown(const Stream& stream);
  std::shared_ptr<const Batch> TakeBatch(Stream* stream);
  std::string PositionOf(const Stream& stream) const;

  LogTails* const shared_;
  const FileIdentity* const file_;
  const ReadPlace start_;
  StreamFacts facts_;
  uint64_t begin_ = 0;
  std::optional<Wrapping> wrapping_;  // nullopt: not known yet
  std::optional<Unwrapper> unwrapper_;
  std::optional<Unwrapper> successor_;  // of the file's successor
  std::vector<std::unique_ptr<Stream>> streams_;
  // The file's bytes that are not unwrapped yet, or from which the wrapping is not recognised yet.
  // Those of a plain file are its stream's content.
  StreamBuffer raw_;
  uint64_t raw_begin_ = 0;  // where raw_ begins in the file
  uint64_t raw_end_ = 0;    // the end of what was read of the file
  RecentBytes before_;      // of the file: before raw_, or before the content of a plain file
  size_t continued_ = 0;    // bytes of the successor that were taken or skipped
};

}  // namespace sparktail
