#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "parsers/byte_buffer.h"
#include "parsers/padded_view.h"

namespace sparktail {

enum class ProgressCode : uint8_t {
  kProgress,     // a progress event of Spark
  kNotProgress,  // valid JSON that Spark would not print: a forgery, or another program's
  kMalformed,    // not valid JSON
};

// Values that a progress event proves by itself. Unproven ones are missing.
struct Derived {
  std::optional<int64_t> state_rows;          // sum over stateOperators
  std::optional<int64_t> state_bytes;         // sum over stateOperators
  std::optional<int64_t> watermark_delay_ms;  // trigger start minus watermark
  std::optional<int64_t> lag_rows;  // Kafka: latestOffset minus endOffset, over all partitions
};

// A StreamingQueryProgress object as Spark prints it into the log
// (org.apache.spark.sql.streaming.StreamingQueryProgress.prettyJson). Views are valid until the
// next Read() or Trim() of the reader, and as long as the JSON that was read.
struct Progress {
  std::string_view id;
  std::string_view run_id;
  std::string_view name;  // raw JSON text without quotes; empty if null
  std::string_view timestamp;
  std::string_view batch_id;  // the number as printed; empty before Spark 2.3
  // Tokens of JSON, as printed; empty if there is none.
  std::string_view input_rows;
  std::string_view input_rate;
  std::string_view processed_rate;
  std::string_view trigger_execution;
  std::string_view add_batch;
  std::string_view watermark;  // without its quotes
  int64_t timestamp_ms = 0;
  Derived derived;
  // The members can mean one thing only: no text is empty or has a \u escape, no key has an escape,
  // and none that is read comes twice. So are almost all of Spark's events.
  bool is_plain = false;
  bool invalid_utf8 = false;  // bytes that are not UTF-8 were replaced by U+FFFD
  std::string_view metrics;   // the object without white space
};

// Reads progress objects. Keeps its memory, so use one reader for many objects. Not thread-safe.
class ProgressReader {
 public:
  ProgressReader();
  ~ProgressReader();

  // `json` is one JSON object. All of it is checked, because documents contain it unchanged.
  ProgressCode Read(PaddedView json, Progress* progress);

  // Frees the memory of an unusually large event.
  void Trim();

 private:
  struct Json;
  ProgressCode ReadValidUtf8(PaddedView json, Progress* progress);

  std::unique_ptr<Json> json_;
  ByteBuffer repaired_;
  ByteBuffer minified_;
};

}  // namespace sparktail
