#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sparktail {

// Finds out from samples of a log's content why the log has no events. The content is unwrapped if
// the log's first line is wrapped.
class LogDiagnosis {
 public:
  // Examines the lines of `text`, which is at `offset` in the stream. A line that is cut by the end
  // of a sample is completed if the next sample follows it directly.
  void Sample(std::string_view text, uint64_t offset);

  // Ends the last sample.
  void Finish();

  // Returns the likely reason why there are no events, in a sentence or two, with what to do. Bytes
  // of the log in it are printable. `has_words`: the words of progress events were found, but not
  // at the start of a message.
  std::string WhyNoEvents(bool has_words) const;

  // True if a container runtime wrapped most lines, but not the first: then the lines were not
  // unwrapped, and events found in them are not reliable.
  bool IsWrapped() const;

  // True if the log is one of Spark's, but its level hides the progress events.
  bool InfoIsOff() const;
  static std::string HowToTurnInfoOn();

 private:
  void ExamineLine(std::string_view line);

  uint64_t bytes_ = 0;
  uint64_t next_ = 0;    // the end of the last sample
  std::string partial_;  // the line that the last sample cut, or its beginning
  uint64_t headers_ = 0;
  uint64_t info_ = 0;    // headers of level INFO and below
  uint64_t json_ = 0;    // lines that are JSON objects
  uint64_t cri_ = 0;     // lines of a Kubernetes container runtime
  uint64_t docker_ = 0;  // lines of Docker's json-file
  uint64_t other_ = 0;
  uint64_t binary_ = 0;  // lines with control bytes
  bool spark_ = false;   // the banner was seen
  // The first line of each kind that has no known header.
  std::string example_json_;
  std::string example_cri_;
  std::string example_other_;
};

}  // namespace sparktail
