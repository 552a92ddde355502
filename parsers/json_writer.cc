#include "parsers/json_writer.h"

namespace sparktail {

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

}  // namespace sparktail
