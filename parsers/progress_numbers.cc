#include "parsers/progress_numbers.h"

#include <charconv>
#include <system_error>
#include <utility>

#include "parsers/json_text.h"

namespace sparktail {
namespace {

// `token` is JSON. nullopt unless it is a number that fits.
template <typename Number>
std::optional<Number> ToNumber(std::string_view token) {
  Number value{};
  const char* end = token.data() + token.size();
  const auto result = std::from_chars(token.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

ProgressNumbers::ProgressNumbers(const Progress& progress, std::shared_ptr<const EventOrigin> of)
    : origin(std::move(of)),
      batch_id(ToNumber<int64_t>(progress.batch_id)),
      input_rows(ToNumber<int64_t>(progress.input_rows)),
      input_rate(ToNumber<double>(progress.input_rate)),
      processed_rate(ToNumber<double>(progress.processed_rate)),
      trigger_execution_ms(ToNumber<int64_t>(progress.trigger_execution)),
      add_batch_ms(ToNumber<int64_t>(progress.add_batch)),
      derived(progress.derived),
      timestamp_size_(static_cast<uint32_t>(progress.timestamp.size())),
      watermark_size_(static_cast<uint32_t>(progress.watermark.size())) {
  texts_.reserve(2 * kUuidSize + timestamp_size_ + watermark_size_ + progress.name.size());
  texts_.append(progress.id).append(progress.run_id).append(progress.timestamp);
  texts_.append(progress.watermark);
  const bool has_escapes = progress.name.find('\\') != std::string_view::npos;
  has_escapes ? texts_.append(UnescapeJson(progress.name)) : texts_.append(progress.name);
}

}  // namespace sparktail
