#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sparktail {

// What `sparktail check` has found: a line for each thing that was looked at. Bytes that come from
// outside need not be escaped by the caller.
class CheckReport {
 public:
  void Ok(std::string_view subject, std::string_view text) { Add("ok", subject, text); }
  // It works, but maybe not as it is meant.
  void Doubt(std::string_view subject, std::string_view text);
  // It does not work; the text says what to do.
  void Broken(std::string_view subject, std::string_view text);

  size_t broken() const { return broken_; }
  // The lines, and one that sums up.
  std::string Text() const;

 private:
  void Add(std::string_view verdict, std::string_view subject, std::string_view text);

  std::string lines_;
  size_t checks_ = 0;
  size_t doubts_ = 0;
  size_t broken_ = 0;
};

}  // namespace sparktail
