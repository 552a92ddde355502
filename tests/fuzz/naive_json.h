#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace sparktail::fuzz {

// A strict byte-by-byte reader of RFC 8259. Does not check UTF-8; numbers may have any size.
class NaiveJson {
 public:
  // Deeper values are not examined; too_deep() is then true.
  static constexpr int kMaxDepth = 1000;

  explicit NaiveJson(std::string_view text) : text_(text) {}

  // True if the text is one object, with nothing but white space around it.
  bool IsObject() {
    SkipSpace();
    if (!At('{') || !Value(0)) return false;
    SkipSpace();
    return at_ == text_.size();
  }
  bool too_deep() const { return deepest_ >= kMaxDepth; }
  int deepest() const { return deepest_; }

 private:
  bool At(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool Eat(char c) {
    if (!At(c)) return false;
    ++at_;
    return true;
  }
  bool EatWord(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void SkipSpace() {
    while (At(' ') || At('\t') || At('\n') || At('\r')) ++at_;
  }

  bool Value(int depth) {
    deepest_ = std::max(deepest_, depth);
    if (depth >= kMaxDepth) return false;
    SkipSpace();
    if (At('{')) return Members(depth);
    if (At('[')) return Elements(depth);
    if (At('"')) return String();
    if (At('t')) return EatWord("true");
    if (At('f')) return EatWord("false");
    if (At('n')) return EatWord("null");
    return Number();
  }

  bool Members(int depth) {
    Eat('{');
    SkipSpace();
    if (Eat('}')) return true;
    do {
      SkipSpace();
      if (!String()) return false;
      SkipSpace();
      if (!Eat(':') || !Value(depth + 1)) return false;
      SkipSpace();
    } while (Eat(','));
    return Eat('}');
  }

  bool Elements(int depth) {
    Eat('[');
    SkipSpace();
    if (Eat(']')) return true;
    do {
      if (!Value(depth + 1)) return false;
      SkipSpace();
    } while (Eat(','));
    return Eat(']');
  }

  bool String() {
    if (!Eat('"')) return false;
    while (at_ < text_.size() && !At('"')) {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return false;
      if (Eat('\\') ? !Escape() : !Eat(text_[at_])) return false;
    }
    return Eat('"');
  }

  bool Escape() {
    if (Eat('u')) {
      for (int i = 0; i < 4; ++i) {
        if (at_ == text_.size() || !IsHex(text_[at_++])) return false;
      }
      return true;
    }
    if (at_ == text_.size()) return false;
    return std::string_view("\"\\/bfnrt").find(text_[at_++]) != std::string_view::npos;
  }

  bool Number() {
    Eat('-');
    if (!Eat('0') && !Digits()) return false;
    if (Eat('.') && !Digits()) return false;
    if (Eat('e') || Eat('E')) {
      if (!Eat('+')) Eat('-');
      return Digits();
    }
    return true;
  }

  bool Digits() {
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > begin;
  }

  static bool IsHex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }

  std::string_view text_;
  size_t at_ = 0;
  int deepest_ = 0;
};

// `json` without the white space outside of strings.
inline std::string NaiveMinify(std::string_view json) {
  std::string minified;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    const bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (in_string || !is_space) minified.push_back(c);
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\' && i + 1 < json.size()) minified.push_back(json[++i]);
  }
  return minified;
}

}  // namespace sparktail::fuzz
