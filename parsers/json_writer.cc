#include "parsers/json_writer.h"

#include <charconv>

namespace sparktail {
namespace {

template <typename Number>
void AppendNumber(Number value, ByteBuffer* out) {
  char* digits = out->Reserve(24);
  out->Advance(static_cast<size_t>(std::to_chars(digits, digits + 24, value).ptr - digits));
}

}  // namespace

JsonWriter JsonWriter::Continue(ByteBuffer* out) {
  JsonWriter writer(out);
  writer.is_first_ = false;
  return writer;
}

void JsonWriter::Texts(std::string_view key, const std::vector<std::string>& values) {
  OpenArray(key);
  for (const std::string& value : values) Text(value);
  CloseArray();
}

void JsonWriter::Element() {
  if (!is_first_) out_->Append(',');
  if (is_indented_ && depth_ > 0) NewLine();
  is_first_ = false;
}

void JsonWriter::IndentedKey(std::string_view key) {
  Element();
  out_->Append('"');
  out_->Append(key);
  out_->Append("\": ");
}

void JsonWriter::NewLine() {
  out_->Append('\n');
  for (size_t i = 0; i < depth_; ++i) out_->Append("  ");
}

void JsonWriter::AppendInteger(int64_t value) { AppendNumber(value, out_); }
void JsonWriter::AppendCount(uint64_t value) { AppendNumber(value, out_); }

}  // namespace sparktail
