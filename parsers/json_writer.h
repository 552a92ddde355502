#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/byte_buffer.h"
#include "parsers/json_text.h"

namespace sparktail {

// Appends JSON to a buffer: objects, arrays and their members, with commas where they belong. The
// caller closes what it opens. Keys need no escapes; texts get them, as AppendJsonString() writes
// them.
class JsonWriter {
 public:
  enum class Layout : uint8_t { kCompact, kIndented };  // indented by two spaces a level

  explicit JsonWriter(ByteBuffer* out, Layout layout = Layout::kCompact)
      : out_(out), is_indented_(layout == Layout::kIndented) {}
  // Continues an object that has members: the next one gets a comma.
  static JsonWriter Continue(ByteBuffer* out);

  // ------------------------------------------------------------ members of an object

  void Text(std::string_view key, std::string_view value) {
    Key(key);
    AppendText(value);
  }
  void Texts(std::string_view key, const std::vector<std::string>& values);
  // `json` is JSON already.
  void Raw(std::string_view key, std::string_view json) {
    Key(key);
    out_->Append(json);
  }
  void Integer(std::string_view key, int64_t value) {
    Key(key);
    AppendInteger(value, out_);
  }
  void Count(std::string_view key, uint64_t value) {
    Key(key);
    AppendCount(value, out_);
  }
  void Boolean(std::string_view key, bool value) { Raw(key, value ? "true" : "false"); }
  void Open(std::string_view key) {
    Key(key);
    Begin('{');
  }
  void OpenArray(std::string_view key) {
    Key(key);
    Begin('[');
  }

  // Like the members above, but omitted if their value is empty.
  void KnownText(std::string_view key, std::string_view value) {
    if (!value.empty()) Text(key, value);
  }
  void KnownRaw(std::string_view key, std::string_view json) {
    if (!json.empty()) Raw(key, json);
  }
  void KnownInteger(std::string_view key, std::optional<int64_t> value) {
    if (value) Integer(key, *value);
  }

  // ------------------------------------------------------------ the root, or elements of an array

  void Open() {
    Element();
    Begin('{');
  }
  void Text(std::string_view value) {
    Element();
    AppendText(value);
  }

  void Close() { End('}'); }
  void CloseArray() { End(']'); }

  // False if a text held bytes that are not UTF-8.
  bool valid_utf8() const { return valid_utf8_; }

 private:
  void Key(std::string_view key) {
    if (is_indented_) {
      IndentedKey(key);
    } else {
      out_->Append(is_first_ ? "\"" : ",\"");
      out_->Append(key);
      out_->Append("\":");
    }
    is_first_ = false;
  }
  void Begin(char bracket) {
    out_->Append(bracket);
    ++depth_;
    is_first_ = true;
  }
  void End(char bracket) {
    --depth_;
    if (is_indented_ && !is_first_) NewLine();
    out_->Append(bracket);
    is_first_ = false;
  }
  void Element();
  void IndentedKey(std::string_view key);
  void NewLine();
  void AppendText(std::string_view value) { valid_utf8_ &= AppendJsonString(value, out_); }

  ByteBuffer* out_;
  size_t depth_ = 0;
  bool is_indented_;
  bool is_first_ = true;
  bool valid_utf8_ = true;
};

}  // namespace sparktail
