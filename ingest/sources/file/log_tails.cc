#include "ingest/sources/file/log_tails.h"

#include <utility>

#include "ingest/sources/file/log_tail.h"

namespace sparktail {
namespace {

constexpr size_t kMostLastContexts = 1000;

}  // namespace

LogTails::LogTails(StreamParts parts) : parts_(std::move(parts)), content_(parts_) {}

LogTails::~LogTails() = default;

std::unique_ptr<FileTail> LogTails::MakeTail(const FileIdentity* file, const ReadPlace& start) {
  return std::make_unique<LogTail>(this, file, start);
}

void LogTails::HandOnAll() {
  for (const auto& [file, tail] : tails_) tail->EmitAll();
}

std::vector<StreamKey> LogTails::Streams() const {
  std::vector<StreamKey> keys;
  for (const auto& [file, tail] : tails_) {
    for (const auto& stream : tail->streams_) keys.push_back(stream->content.key());
  }
  return keys;
}

ParserStats LogTails::stats() const {
  ParserStats sum = content_.ended;
  for (const auto& [file, tail] : tails_) {
    for (const auto& stream : tail->streams_) sum.Add(stream->content.stats());
  }
  return sum;
}

StreamKey LogTails::KeyOf(const std::string& file, const std::string& std_stream) const {
  std::string name = file;
  if (!std_stream.empty()) name.append("/").append(std_stream);
  return {parts_.source, name};
}

ParserContext LogTails::ContextAfter(const std::string& file, const std::string& std_stream) const {
  if (const auto tail = tails_.find(file); tail != tails_.end()) {
    for (const auto& stream : tail->second->streams_) {
      if (stream->std_stream == std_stream) return stream->content.context().OfSuccessor();
    }
  }
  const StreamKey key = KeyOf(file, std_stream);
  if (const auto last = last_contexts_.find(key); last != last_contexts_.end()) {
    return last->second;
  }
  const Cursor* cursor = parts_.output->NewestOf(key);
  if (cursor == nullptr) return {};
  return ContentStream::PlaceOf(*cursor).context.OfSuccessor();
}

void LogTails::OnTailEnd(const LogTail& tail) {
  tails_.erase(tail.file_->name);
  for (const auto& stream : tail.streams_) {
    const StreamKey& key = stream->content.key();
    last_contexts_[key] = stream->content.context().OfSuccessor();
    ended_.push_back(key);
  }
  for (; ended_.size() > kMostLastContexts; ended_.pop_front()) {
    last_contexts_.erase(ended_.front());
  }
}

}  // namespace sparktail
