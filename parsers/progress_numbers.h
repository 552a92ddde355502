#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parsers/progress.h"
#include "parsers/uuid.h"

namespace sparktail {

// The application and the source that the documents of a stream name. Documents omit empty texts.
struct EventOrigin {
  std::string environment;
  std::string app_name;
  std::string app_id;
  std::optional<int64_t> attempt;
  std::string spark_version;
  std::string source_name;
  std::string source_path;
};

// The values of a progress event, as its document has them. EventBuffer carries them beside the
// event, so that no reader has to search the document for them. Owns its texts, which are at most
// as long as the document.
class ProgressNumbers {
 public:
  // `progress` must be plain.
  ProgressNumbers(const Progress& progress, std::shared_ptr<const EventOrigin> of);

  std::string_view id() const { return Part(0, kUuidSize); }
  std::string_view run_id() const { return Part(kUuidSize, kUuidSize); }
  std::string_view timestamp() const { return Part(2 * kUuidSize, timestamp_size_); }
  // Null views if the event has none.
  std::string_view watermark() const {
    return Part(2 * kUuidSize + timestamp_size_, watermark_size_);
  }
  std::string_view name() const {
    const size_t begin = 2 * kUuidSize + timestamp_size_ + watermark_size_;
    return Part(begin, texts_.size() - begin);
  }

  std::shared_ptr<const EventOrigin> origin;
  std::optional<int64_t> batch_id;
  std::optional<int64_t> input_rows;
  std::optional<double> input_rate;
  std::optional<double> processed_rate;
  std::optional<int64_t> trigger_execution_ms;
  std::optional<int64_t> add_batch_ms;
  Derived derived;

 private:
  std::string_view Part(size_t begin, size_t size) const {
    return size == 0 ? std::string_view() : std::string_view(texts_).substr(begin, size);
  }

  std::string texts_;  // one after the other
  uint32_t timestamp_size_;
  uint32_t watermark_size_;
};

}  // namespace sparktail
