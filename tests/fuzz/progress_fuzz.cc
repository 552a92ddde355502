// ProgressReader against a byte-by-byte reader, and against itself.

#include <simdjson.h>

#include <string>

#include "parsers/byte_buffer.h"
#include "parsers/json_text.h"
#include "parsers/progress.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/naive_json.h"

namespace sparktail::fuzz {
namespace {

// Far from the depth at which the reader gives up, on either side of it.
constexpr int kSafeDepth = 190;

bool SameValues(const Derived& a, const Derived& b) {
  return a.state_rows == b.state_rows && a.state_bytes == b.state_bytes &&
         a.watermark_delay_ms == b.watermark_delay_ms && a.lag_rows == b.lag_rows;
}

bool Same(const Progress& a, const Progress& b) {
  return a.id == b.id && a.run_id == b.run_id && a.name == b.name && a.timestamp == b.timestamp &&
         a.batch_id == b.batch_id && a.timestamp_ms == b.timestamp_ms &&
         SameValues(a.derived, b.derived) && a.metrics == b.metrics;
}

// simdjson's other parser rejects three things that are valid JSON: numbers that no
// double or integer holds, halves of surrogate pairs, and great depth.
void CheckBySimdjson(std::string_view metrics) {
  simdjson::dom::parser parser;
  const auto error = parser.parse(metrics.data(), metrics.size()).error();
  if (error == simdjson::NUMBER_ERROR || error == simdjson::DEPTH_ERROR) {
    return;
  }
  if (error == simdjson::STRING_ERROR) {
    const bool surrogate = metrics.find("\\ud") != std::string_view::npos ||
                           metrics.find("\\uD") != std::string_view::npos;
    Require(surrogate, "strings of metrics are JSON");
    return;
  }
  Require(error == simdjson::SUCCESS, "metrics are JSON");
}

void CheckProgress(const Progress& progress, std::string_view valid) {
  Require(progress.metrics == NaiveMinify(valid), "metrics are the text without white space");
  CheckBySimdjson(progress.metrics);
  ProgressReader second;
  const PaddedBytes bytes(progress.metrics);
  Progress again;
  Require(second.Read(bytes.view(), &again) == ProgressCode::kProgress, "metrics are progress");
  Require(!again.invalid_utf8, "metrics are UTF-8");
  Require(Same(progress, again), "metrics are read as the same progress");
}

void Run(std::string_view text) {
  // The reader keeps its memory: the remains of one event must not affect the next.
  static ProgressReader reader;
  ByteBuffer valid;
  const size_t replaced = AppendValidUtf8(text, &valid);
  Require(simdjson::validate_utf8(valid.view().data(), valid.size()), "repaired text is UTF-8");
  Require(replaced > 0 || valid.view() == text, "valid text stays as it is");

  NaiveJson naive(valid.view());
  const bool is_json = naive.IsObject();
  const PaddedBytes bytes(text, '}');
  Progress progress;
  const ProgressCode code = reader.Read(bytes.view(), &progress);
  if (naive.deepest() < kSafeDepth) {
    Require((code == ProgressCode::kMalformed) == !is_json, "malformed if it is no JSON object");
  } else if (!naive.too_deep()) {
    Require(code == ProgressCode::kMalformed || is_json, "an accepted text is JSON");
  }
  if (code == ProgressCode::kProgress) {
    Require(progress.invalid_utf8 == (replaced > 0), "replaced bytes are reported");
    CheckProgress(progress, valid.view());
  }
  ProgressReader fresh;
  const PaddedBytes other_padding(text, '"');
  Progress again;
  Require(fresh.Read(other_padding.view(), &again) == code, "neither past nor padding matter");
  Require(code != ProgressCode::kProgress || Same(progress, again), "same bytes, same progress");
}

}  // namespace
}  // namespace sparktail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sparktail::fuzz::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
