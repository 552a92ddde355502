#include "parsers/progress.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <tuple>
#include <vector>

#include "parsers/json_text.h"
#include "parsers/text.h"
#include "parsers/timestamp.h"
#include "parsers/uuid.h"

namespace sparktail {
namespace {

namespace od = simdjson::ondemand;

// Deeper than any schema of observedMetrics, and far less than the stack allows.
constexpr int kMaxDepth = 200;
// Trim() keeps memory for events of up to this many bytes.
constexpr size_t kKeptCapacity = size_t{1} << 20;

// simdjson's newest instruction set is its slowest here: its minifier for AVX-512 uses compressing
// stores, which AMD's Zen 4 runs in microcode (measured: 0.9 GB/s; AVX2: 4.8 GB/s). AVX2 is fast on
// all machines, so machines with AVX-512 use AVX2.
const simdjson::implementation& Minifier() {
  static const simdjson::implementation& chosen = []() -> const simdjson::implementation& {
    const simdjson::implementation* active = simdjson::get_active_implementation();
    if (active->name() != "icelake") return *active;
    const simdjson::implementation* avx2 = simdjson::get_available_implementations()["haswell"];
    return avx2 != nullptr && avx2->supported_by_runtime_system() ? *avx2 : *active;
  }();
  return chosen;
}

size_t SkipDigits(std::string_view text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

// Checks the grammar of RFC 8259, not the value: a decimal(38) or 1E400 is valid text.
bool IsJsonNumber(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  const size_t integer = at;
  at = SkipDigits(text, at);
  if (at == integer || (text[integer] == '0' && at > integer + 1)) return false;
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = at + 1;
    at = SkipDigits(text, fraction);
    if (at == fraction) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const size_t exponent = at;
    at = SkipDigits(text, at);
    if (at == exponent) return false;
  }
  return at == text.size();
}

bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Checks the escapes of a string. simdjson checks its quotes and control bytes.
bool HasValidEscapes(std::string_view text) {
  for (size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at)) {
    if (at + 1 >= text.size()) return false;
    const char c = text[at + 1];
    if (c == 'u') {
      for (size_t i = at + 2; i < at + 6; ++i) {
        if (i >= text.size() || !IsHex(text[i])) return false;
      }
    } else if (std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) {
      return false;
    }
    at += 2;
  }
  return true;
}

std::string_view TrimEnd(std::string_view token) {
  const size_t last = token.find_last_not_of(" \t\r\n");
  return token.substr(0, last + 1);
}

std::optional<int64_t> ToInteger(std::string_view token) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return value;
}

// A sum that is known only if all its values are.
class KnownSum {
 public:
  void Add(std::optional<int64_t> value) {
    if (!value || __builtin_add_overflow(sum_, *value, &sum_)) known_ = false;
  }
  std::optional<int64_t> value() const { return known_ ? std::optional(sum_) : std::nullopt; }

 private:
  int64_t sum_ = 0;
  bool known_ = true;
};

// One of the offsets of a Kafka source: {"topic":{"partition":offset}}.
struct PartitionOffset {
  std::string_view topic;
  std::string_view partition;
  int64_t offset = 0;
};

struct KafkaOffsets {
  std::vector<PartitionOffset> partitions;
  bool known = false;
};

// Returns the rows between two offsets; nullopt unless both name the same partitions.
std::optional<int64_t> RowsBetween(KafkaOffsets* from, KafkaOffsets* to) {
  if (!from->known || !to->known || from->partitions.size() != to->partitions.size()) {
    return std::nullopt;
  }
  const auto key = [](const PartitionOffset& p) { return std::tie(p.topic, p.partition); };
  const auto less = [&](const PartitionOffset& a, const PartitionOffset& b) {
    return key(a) < key(b);
  };
  std::sort(from->partitions.begin(), from->partitions.end(), less);
  std::sort(to->partitions.begin(), to->partitions.end(), less);
  KnownSum rows;
  for (size_t i = 0; i < from->partitions.size(); ++i) {
    const PartitionOffset& a = from->partitions[i];
    const PartitionOffset& b = to->partitions[i];
    int64_t difference = 0;
    if (key(a) != key(b) || __builtin_sub_overflow(b.offset, a.offset, &difference)) {
      return std::nullopt;
    }
    // The topic was created again, so the lag is unknown.
    if (difference < 0) return std::nullopt;
    rows.Add(difference);
  }
  return rows.value();
}

// Reads one object: checks all of it, and fills a Progress.
class Walker {
 public:
  Walker(Progress* progress, KafkaOffsets* end, KafkaOffsets* latest)
      : progress_(progress), end_(end), latest_(latest) {}

  ProgressCode Walk(od::document& document) {
    od::object object;
    if (document.get_object().get(object)) return ProgressCode::kMalformed;
    for (auto field : object) {
      std::string_view key;
      od::value value;
      if (!OpenField(field, &key, &value) || !ReadMember(key, value))
        return ProgressCode::kMalformed;
    }
    // Nothing may follow the object.
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      return ProgressCode::kMalformed;
    }
    return Finish() ? ProgressCode::kProgress : ProgressCode::kNotProgress;
  }

 private:
  // The members that are read. Those up to kSink decide whether Spark prints such an object.
  enum class Key : uint8_t {
    kId,
    kRunId,
    kTimestamp,
    kName,
    kBatchId,
    kEventTime,
    kStateOperators,
    kSources,
    kSink,
    kInputRows,
    kInputRate,
    kProcessedRate,
    kDurations,
    kOther,
  };

  // No two keys that are compared have one length, but for a few.
  static Key KeyOf(std::string_view key) {
    const auto is = [key](std::string_view name, Key named) {
      return key == name ? named : Key::kOther;
    };
    switch (key.size()) {
      case 2:
        return is("id", Key::kId);
      case 4:
        return key == "name" ? Key::kName : is("sink", Key::kSink);
      case 5:
        return is("runId", Key::kRunId);
      case 7:
        return key == "batchId" ? Key::kBatchId : is("sources", Key::kSources);
      case 9:
        return key == "timestamp" ? Key::kTimestamp : is("eventTime", Key::kEventTime);
      case 10:
        return is("durationMs", Key::kDurations);
      case 12:
        return is("numInputRows", Key::kInputRows);
      case 14:
        return is("stateOperators", Key::kStateOperators);
      case 18:
        return is("inputRowsPerSecond", Key::kInputRate);
      case 22:
        return is("processedRowsPerSecond", Key::kProcessedRate);
      default:
        return Key::kOther;
    }
  }

  // Returns the key of a field without its quotes, with its escapes, and the value.
  bool OpenField(simdjson::simdjson_result<od::field> field, std::string_view* key,
                 od::value* value) {
    if (field.error()) return false;
    od::field opened = field.value_unsafe();
    const char* raw = opened.key().raw();
    *value = opened.value();
    // The first quote that is not escaped closes the key.
    const char* end = raw;
    bool has_escapes = false;
    for (; *end != '"'; ++end) {
      if (*end != '\\') continue;
      has_escapes = true;
      ++end;
    }
    *key = {raw, static_cast<size_t>(end - raw)};
    if (!has_escapes) return true;
    is_plain_ = false;
    return HasValidEscapes(*key);
  }

  bool ReadMember(std::string_view name, od::value& value) {
    const Key key = KeyOf(name);
    if (key == Key::kOther) return CheckValue(value, 1);
    NoteRepeatedKey(key);
    switch (key) {
      case Key::kId:
        return ReadString(value, &progress_->id);
      case Key::kRunId:
        return ReadString(value, &progress_->run_id);
      case Key::kTimestamp:
        return ReadString(value, &progress_->timestamp);
      case Key::kName:
        return ReadString(value, &progress_->name);
      case Key::kBatchId:
        return ReadBatchId(value);
      case Key::kEventTime:
        return ReadEventTime(value);
      case Key::kStateOperators:
        return ReadStateOperators(value);
      case Key::kSources:
        return ReadSources(value);
      case Key::kSink:
        return ReadSink(value);
      case Key::kInputRows:
        return ReadScalar(value, &progress_->input_rows);
      case Key::kInputRate:
        return ReadScalar(value, &progress_->input_rate);
      case Key::kProcessedRate:
        return ReadScalar(value, &progress_->processed_rate);
      case Key::kDurations:
        return ReadDurations(value);
      default:
        return CheckValue(value, 1);
    }
  }

  // JSON readers differ in which of two equal keys they use. Spark prints each key once.
  void NoteRepeatedKey(Key key) {
    const uint32_t bit = 1U << static_cast<unsigned>(key);
    if ((seen_ & bit) != 0) {
      is_plain_ = false;
      if (key <= Key::kSink) strange_ = true;
    }
    seen_ |= bit;
  }

  // Checks a value of any kind.
  bool CheckValue(od::value& value, int depth) {
    if (depth > kMaxDepth) return false;
    od::json_type type{};
    if (value.type().get(type)) return false;
    if (type == od::json_type::array) {
      od::array array;
      if (value.get_array().get(array)) return false;
      for (auto element : array) {
        if (element.error()) return false;
        od::value item = element.value_unsafe();
        if (!CheckValue(item, depth + 1)) return false;
      }
      return true;
    }
    if (type == od::json_type::object) {
      od::object object;
      if (value.get_object().get(object)) return false;
      for (auto field : object) {
        std::string_view key;
        od::value item;
        if (!OpenField(field, &key, &item) || !CheckValue(item, depth + 1)) return false;
      }
      return true;
    }
    std::string_view token;
    return ReadScalar(value, &token);
  }

  // Returns the unchanged token of a string (with its quotes), number, boolean or null.
  bool ReadScalar(od::value& value, std::string_view* token) {
    od::json_type type{};
    if (value.type().get(type)) return false;
    if (type == od::json_type::array || type == od::json_type::object) {
      return CheckValue(value, 1);
    }
    // simdjson does not check the text after a scalar that it does not decode.
    const std::string_view raw = value.raw_json_token();
    const char next = raw.data()[raw.size()];
    if (next != ',' && next != '}' && next != ']') return false;
    *token = TrimEnd(raw);
    switch (type) {
      case od::json_type::string:
        return token->size() >= 2 && token->back() == '"' && HasValidEscapes(*token);
      case od::json_type::number:
        return IsJsonNumber(*token);
      case od::json_type::boolean:
        return *token == "true" || *token == "false";
      default:
        return *token == "null";
    }
  }

  // Returns the text of a string without its quotes; empty for another type.
  bool ReadString(od::value& value, std::string_view* text) {
    std::string_view token;
    if (!ReadScalar(value, &token)) return false;
    *text = token.starts_with('"') ? token.substr(1, token.size() - 2) : std::string_view();
    return true;
  }

  bool ReadBatchId(od::value& value) {
    if (!ReadScalar(value, &progress_->batch_id)) return false;
    if (!ToInteger(progress_->batch_id)) strange_ = true;
    return true;
  }

  bool ReadSink(od::value& value) {
    od::json_type type{};
    if (value.type().get(type)) return false;
    has_sink_ = type == od::json_type::object;
    return CheckValue(value, 1);
  }

  bool ReadDurations(od::value& value) {
    return ForEachField(value, [this](std::string_view key, od::value& item) {
      if (key == "triggerExecution") return ReadOnce(item, &progress_->trigger_execution);
      if (key == "addBatch") return ReadOnce(item, &progress_->add_batch);
      return CheckValue(item, 2);
    });
  }

  bool ReadEventTime(od::value& value) {
    return ForEachField(value, [this](std::string_view key, od::value& item) {
      if (key != "watermark") return CheckValue(item, 2);
      if (progress_->watermark.data() != nullptr) is_plain_ = false;
      return ReadString(item, &progress_->watermark);
    });
  }

  // Like ReadScalar(), for a member of an object within the object.
  bool ReadOnce(od::value& value, std::string_view* token) {
    if (!token->empty()) is_plain_ = false;
    return ReadScalar(value, token);
  }

  bool ReadStateOperators(od::value& value) {
    od::json_type type{};
    if (value.type().get(type)) return false;
    if (type != od::json_type::array) return CheckValue(value, 1);
    state_rows_.emplace();
    state_bytes_.emplace();
    return ForEachElement(value, [this](od::value& item) {
      std::optional<int64_t> rows;
      std::optional<int64_t> bytes;
      const bool ok = ForEachField(item, [&](std::string_view key, od::value& field) {
        if (key == "numRowsTotal") return ReadInteger(field, &rows);
        if (key == "memoryUsedBytes") return ReadInteger(field, &bytes);
        return CheckValue(field, 3);
      });
      state_rows_->Add(rows);
      state_bytes_->Add(bytes);
      return ok;
    });
  }

  bool ReadSources(od::value& value) {
    od::json_type type{};
    if (value.type().get(type)) return false;
    has_sources_ = type == od::json_type::array;
    return ForEachElement(value, [this](od::value& item) {
      end_->known = latest_->known = false;
      const bool ok = ForEachField(item, [this](std::string_view key, od::value& field) {
        if (key == "endOffset") return ReadOffsets(field, end_);
        if (key == "latestOffset") return ReadOffsets(field, latest_);
        return CheckValue(field, 3);
      });
      if (!lag_rows_) lag_rows_.emplace();
      lag_rows_->Add(RowsBetween(end_, latest_));
      return ok;
    });
  }

  bool ReadOffsets(od::value& value, KafkaOffsets* offsets) {
    offsets->partitions.clear();
    bool known = true;
    const bool ok = ForEachField(value, [&](std::string_view topic, od::value& partitions) {
      od::json_type type{};
      if (partitions.type().get(type)) return false;
      if (type != od::json_type::object) known = false;
      return ForEachField(partitions, [&](std::string_view partition, od::value& item) {
        std::optional<int64_t> offset;
        if (!ReadInteger(item, &offset)) return false;
        if (!offset) known = false;
        offsets->partitions.push_back({topic, partition, offset.value_or(0)});
        return true;
      });
    });
    offsets->known = ok && known && !offsets->partitions.empty();
    return ok;
  }

  bool ReadInteger(od::value& value, std::optional<int64_t>* integer) {
    std::string_view token;
    if (!ReadScalar(value, &token)) return false;
    *integer = ToInteger(token);
    return true;
  }

  // Calls visit(key, value) for each field. A value that is not an object is only checked.
  template <typename Visit>
  bool ForEachField(od::value& value, Visit visit) {
    od::json_type type{};
    if (value.type().get(type)) return false;
    if (type != od::json_type::object) return CheckValue(value, 1);
    od::object object;
    if (value.get_object().get(object)) return false;
    for (auto field : object) {
      std::string_view key;
      od::value item;
      if (!OpenField(field, &key, &item) || !visit(key, item)) return false;
    }
    return true;
  }

  // Calls visit(value) for each element. A value that is not an array is only checked.
  template <typename Visit>
  bool ForEachElement(od::value& value, Visit visit) {
    od::json_type type{};
    if (value.type().get(type)) return false;
    if (type != od::json_type::array) return CheckValue(value, 1);
    od::array array;
    if (value.get_array().get(array)) return false;
    for (auto element : array) {
      if (element.error()) return false;
      od::value item = element.value_unsafe();
      if (!visit(item)) return false;
    }
    return true;
  }

  // Returns true if Spark prints such an object, and then completes `progress`.
  bool Finish() {
    const std::optional<int64_t> timestamp = ParseUtcMillis(progress_->timestamp);
    if (strange_ || !has_sources_ || !has_sink_ || !timestamp) return false;
    if (!IsUuid(progress_->id) || !IsUuid(progress_->run_id)) return false;
    progress_->timestamp_ms = *timestamp;
    if (state_rows_) progress_->derived.state_rows = state_rows_->value();
    if (state_bytes_) progress_->derived.state_bytes = state_bytes_->value();
    if (lag_rows_) progress_->derived.lag_rows = lag_rows_->value();
    // Spark prints 1970 for a watermark that no event has set yet.
    const std::optional<int64_t> watermark = ParseUtcMillis(progress_->watermark);
    if (watermark && *watermark != 0) {
      progress_->derived.watermark_delay_ms = *timestamp - *watermark;
    }
    progress_->is_plain = is_plain_ && IsPlain(progress_->name) && IsPlain(progress_->watermark) &&
                          progress_->watermark.find('\\') == std::string_view::npos;
    return true;
  }

  // A view without data is no text. Half a pair of surrogates can't be decoded.
  static bool IsPlain(std::string_view text) {
    return text.data() == nullptr || (!text.empty() && text.find("\\u") == std::string_view::npos);
  }

  Progress* progress_;
  KafkaOffsets* end_;     // scratch: endOffset of the current source
  KafkaOffsets* latest_;  // scratch: latestOffset of the current source
  uint32_t seen_ = 0;     // bits of the keys that have come
  bool is_plain_ = true;  // see Progress
  bool has_sources_ = false;
  bool has_sink_ = false;
  bool strange_ = false;  // valid JSON that Spark would not print
  std::optional<KnownSum> state_rows_;
  std::optional<KnownSum> state_bytes_;
  std::optional<KnownSum> lag_rows_;
};

}  // namespace

struct ProgressReader::Json {
  od::parser parser;
  KafkaOffsets end;
  KafkaOffsets latest;
};

ProgressReader::ProgressReader() : json_(std::make_unique<Json>()) {}
ProgressReader::~ProgressReader() = default;

ProgressCode ProgressReader::Read(PaddedView json, Progress* progress) {
  *progress = Progress();
  if (simdjson::validate_utf8(json.data(), json.size())) return ReadValidUtf8(json, progress);
  repaired_.Clear();
  AppendValidUtf8(json.text(), &repaired_);
  progress->invalid_utf8 = true;
  return ReadValidUtf8(repaired_.padded(), progress);
}

ProgressCode ProgressReader::ReadValidUtf8(PaddedView json, Progress* progress) {
  od::parser& parser = json_->parser;
  od::document document;
  if (parser.iterate(json.data(), json.size(), json.size() + kPadding).get(document)) {
    return ProgressCode::kMalformed;
  }
  const ProgressCode code = Walker(progress, &json_->end, &json_->latest).Walk(document);
  if (code != ProgressCode::kProgress) return code;

  minified_.Clear();
  size_t size = 0;
  auto* out = reinterpret_cast<uint8_t*>(minified_.Reserve(json.size() + kPadding));
  if (Minifier().minify(reinterpret_cast<const uint8_t*>(json.data()), json.size(), out, size)) {
    return ProgressCode::kMalformed;
  }
  minified_.Advance(size);
  progress->metrics = minified_.view();
  return code;
}

void ProgressReader::Trim() {
  if (json_->parser.capacity() > kKeptCapacity) json_ = std::make_unique<Json>();
  repaired_.Trim(kKeptCapacity);
  minified_.Trim(kKeptCapacity);
}

}  // namespace sparktail
