#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/sources/file/file_source.h"
#include "ingest/sources/file/file_tail.h"

namespace sparktail::testing {

// Tails that keep the bytes they get, over all lives of a source, as a sink would. A line that is
// cut by a file's end continues in the file's successor.
class FakeTails : public FileTailMaker {
 public:
  // The bytes of one file, known by the name that the source gave it.
  struct Stream {
    FileIdentity file;  // at the last read of bytes
    ReadPlace place;    // at which the source has begun it
    std::string bytes;  // of the file, from its beginning
    std::string continued;
    uint64_t begin = 0;  // where the last life began to read
    bool ended = false;
    bool is_read = false;  // it has a tail now
  };

  // By name, and in the order of their first reads.
  std::map<std::string, Stream> streams;
  std::vector<std::string> order;
  std::string all;  // bytes of all streams as they came
  bool has_room = true;
  uint64_t room = UINT64_MAX;  // bytes until there is no room
  size_t most = 4096;          // per read
  bool waits_for_time = false;
  size_t ticks = 0;

  std::unique_ptr<FileTail> MakeTail(const FileIdentity* file, const ReadPlace& start) override {
    return std::make_unique<Tail>(this, file, start);
  }

  const Stream& stream(size_t i) const { return streams.at(order.at(i)); }

  // Positions in all files after their last complete lines.
  std::vector<FileSource::Remembered> Remembered() const {
    std::vector<FileSource::Remembered> all_known;
    for (const std::string& name : order) {
      const Stream& stream = streams.at(name);
      FileSource::Remembered one{{stream.file, stream.place}, stream.ended};
      one.place.raw = Settled(stream);
      const std::string_view before = std::string_view(stream.bytes).substr(0, one.place.raw);
      one.place.marker =
          Fingerprint::Of(before.substr(before.size() - std::min(before.size(), kMarkerSize)));
      all_known.push_back(std::move(one));
    }
    return all_known;
  }

 private:
  static uint64_t Settled(const Stream& stream) {
    return stream.ended ? stream.bytes.size() : stream.bytes.rfind('\n') + 1;
  }

  class Tail : public FileTail {
   public:
    Tail(FakeTails* tails, const FileIdentity* file, const ReadPlace& start)
        : tails_(tails), file_(file) {
      const auto [found, is_new] = tails->streams.try_emplace(file->name);
      stream_ = &found->second;
      EXPECT_FALSE(stream_->is_read) << file->name << " has two tails";
      if (is_new) tails->order.push_back(file->name);
      stream_->file = *file;
      stream_->place = start;
      stream_->begin = Settled(*stream_);
      stream_->bytes.resize(stream_->begin);
      stream_->is_read = true;
      stream_->ended = false;
      buffer_.resize(tails->most);
    }
    ~Tail() override { stream_->is_read = false; }

    uint64_t begin() const override { return stream_->begin; }
    bool HasRoom() override { return tails_->has_room && tails_->room > 0; }
    std::span<char> Room() override { return buffer_; }
    void OnBytes(size_t size) override {
      EXPECT_FALSE(stream_->ended);
      stream_->bytes.append(buffer_.data(), size);
      tails_->all.append(buffer_.data(), size);
      if (tails_->room != UINT64_MAX) tails_->room -= std::min<uint64_t>(tails_->room, size);
      in_turn_ = true;
    }
    void EndTurn() override {
      stream_->file = *file_;
      in_turn_ = false;
    }
    bool Tick(absl::Time, absl::FunctionRef<bool()> at_end) override {
      EXPECT_FALSE(stream_->ended);
      tails_->ticks += at_end() ? 1 : 0;
      return tails_->waits_for_time;
    }
    bool WantsContinuation() const override {
      return !stream_->bytes.empty() && !stream_->bytes.ends_with('\n') &&
             stream_->continued.empty();
    }
    void Continue(std::string_view bytes, bool last) override {
      EXPECT_TRUE(WantsContinuation());
      const bool is_part = last && bytes.find('\n') == std::string_view::npos;
      stream_->continued = is_part ? bytes : bytes.substr(0, bytes.find('\n') + 1);
    }
    bool has_continued() const override { return !stream_->continued.empty(); }
    void End() override {
      EXPECT_FALSE(std::exchange(stream_->ended, true));
      EXPECT_FALSE(in_turn_);
    }

   private:
    FakeTails* tails_;
    const FileIdentity* file_;
    Stream* stream_;
    std::vector<char> buffer_;
    bool in_turn_ = false;
  };
};

}  // namespace sparktail::testing
