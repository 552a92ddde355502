#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sparktail {

// Looks at samples of a log's content, unwrapped if its first line is wrapped, to tell why nothing
// was found in it.
class LogDiagnosis {
 public:
  // Looks at the lines of `text`, which stands at `offset` in the stream. Lines cut by the end of
  // one sample are put together if the next one follows it.
  void Sample(std::string_view text, uint64_t offset);

  // There are no more samples.
  void Finish();

  // The likely reason why there are no events, in a sentence or two, with what to do. Bytes of
  // the log in it are printable. `has_words`: the words of progress events were found, but not
  // where a message begins.
  std::string WhyNoEvents(bool has_words) const;

  // True if most lines are wrapped by a container runtime, and the first is not: then they were not
  // unwrapped, and what is found can't be trusted.
  bool IsWrapped() const;

  // True if the log is one of Spark's, but its level hides the progress events.
  bool InfoIsOff() const;
  static std::string HowToTurnInfoOn();

 private:
  void Look(std::string_view line);

  uint64_t bytes_ = 0;
  uint64_t next_ = 0;    // where the last sample ended
  std::string partial_;  // the line that it cut, or its beginning
  uint64_t headers_ = 0;
  uint64_t info_ = 0;    // headers of level INFO and below
  uint64_t json_ = 0;    // lines that are JSON objects
  uint64_t cri_ = 0;     // lines of a Kubernetes container runtime
  uint64_t docker_ = 0;  // lines of Docker's json-file
  uint64_t other_ = 0;
  uint64_t binary_ = 0;  // lines with control bytes
  bool spark_ = false;   // the banner was seen
  // The first line of each kind without a header that is known.
  std::string example_json_;
  std::string example_cri_;
  std::string example_other_;
};

// `text` with control bytes, and bytes that are no UTF-8, replaced; at most `max_size` bytes of
// it. For terminals: a log must not move the cursor.
std::string Printable(std::string_view text, size_t max_size);

}  // namespace sparktail
