#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace sparktail::testing {

// Text as Spark writes it, small, with a number in each event by which it is known again.

inline constexpr std::string_view kLogStamp = "26/11/21 15:00:00 INFO ";

inline std::string NoiseLine(size_t n = 0) {
  return std::string(kLogStamp) + "TaskSetManager: Finished task " + std::to_string(n) +
         ".0 in stage 1.0 (TID " + std::to_string(n) + ")\n";
}

// The record of a progress event, of batch `n`, in 17 lines.
inline std::string ProgressRecord(size_t n) {
  return std::string(kLogStamp) +
         "MicroBatchExecution: Streaming query made progress: {\n"
         "  \"id\" : \"11111111-2222-3333-4444-555555555555\",\n"
         "  \"runId\" : \"66666666-7777-8888-9999-000000000000\",\n"
         "  \"name\" : \"rates\",\n"
         "  \"timestamp\" : \"2026-11-21T15:00:00.000Z\",\n"
         "  \"batchId\" : " +
         std::to_string(n) +
         ",\n"
         "  \"numInputRows\" : 3,\n"
         "  \"durationMs\" : {\n    \"triggerExecution\" : 12\n  },\n"
         "  \"stateOperators\" : [ ],\n"
         "  \"sources\" : [ {\n    \"description\" : \"RateSource[1]\"\n  } ],\n"
         "  \"sink\" : {\n    \"description\" : \"console\"\n  }\n"
         "}\n";
}

// Events [begin, end), each behind a line of noise.
inline std::string Records(size_t begin, size_t end) {
  std::string log;
  for (size_t n = begin; n < end; ++n) log += NoiseLine(n) + ProgressRecord(n);
  return log;
}

// The numbers of the events in lines of documents, in their order.
inline std::vector<size_t> NumbersOf(std::string_view lines) {
  static constexpr std::string_view kName = "\"batchId\":";
  std::vector<size_t> numbers;
  for (size_t at = lines.find(kName); at != std::string_view::npos; at = lines.find(kName, at)) {
    at += kName.size();
    numbers.push_back(std::strtoull(lines.data() + at, nullptr, 10));
  }
  return numbers;
}

inline std::vector<size_t> Numbers(size_t begin, size_t end) {
  std::vector<size_t> numbers;
  for (size_t n = begin; n < end; ++n) numbers.push_back(n);
  return numbers;
}

}  // namespace sparktail::testing
