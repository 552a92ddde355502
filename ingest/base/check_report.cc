#include "ingest/base/check_report.h"

#include "ingest/base/printable.h"

namespace sparktail {
namespace {

constexpr size_t kVerdictWidth = 9;
constexpr size_t kLongestSubject = 256;
constexpr size_t kLongestText = 2048;

}  // namespace

void CheckReport::Doubt(std::string_view subject, std::string_view text) {
  ++doubts_;
  Add("warning", subject, text);
}

void CheckReport::Broken(std::string_view subject, std::string_view text) {
  ++broken_;
  Add("FAILED", subject, text);
}

void CheckReport::Add(std::string_view verdict, std::string_view subject, std::string_view text) {
  ++checks_;
  lines_.append(verdict).append(kVerdictWidth - verdict.size(), ' ');
  lines_ += Printable(subject, kLongestSubject) + ": " + Printable(text, kLongestText) + "\n";
}

std::string CheckReport::Text() const {
  return lines_ + std::to_string(checks_ - doubts_ - broken_) + " ok, " + std::to_string(doubts_) +
         (doubts_ == 1 ? " warning, " : " warnings, ") + std::to_string(broken_) + " failed\n";
}

}  // namespace sparktail
