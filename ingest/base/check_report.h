#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sparktail {

class Log;
class Os;

// Gives a kind access to the world while it checks or sets up a source or sink.
struct CheckParts {
  Os* os = nullptr;
  Log* log = nullptr;
};

// The report of `sparktail check` or `sparktail setup`: a line for each thing that was examined.
// Texts may contain bytes from outside, which the report escapes.
class CheckReport {
 public:
  void Ok(std::string_view subject, std::string_view text) { Add("ok", subject, text); }
  // It works, but perhaps not as intended.
  void Doubt(std::string_view subject, std::string_view text);
  // It does not work; the text says what to do.
  void Broken(std::string_view subject, std::string_view text);

  size_t broken() const { return broken_; }
  // Returns the lines, and a last one with their counts.
  std::string Text() const;

 private:
  void Add(std::string_view verdict, std::string_view subject, std::string_view text);

  std::string lines_;
  size_t checks_ = 0;
  size_t doubts_ = 0;
  size_t broken_ = 0;
};

}  // namespace sparktail
