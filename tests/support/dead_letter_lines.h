#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sparktail::testing {

// An event with a number (NumbersOf() finds it), of which the id is made.
inline std::string NumberedDocument(size_t number, std::string_view text = "") {
  std::string id = std::to_string(number);
  id.insert(0, 32 - id.size(), '0');
  return R"({"@timestamp":"2026-11-21T15:00:00.000Z","kind":"progress","id":")" + id +
         R"(","metrics":{"batchId":)" + std::to_string(number) + R"(,"text":")" +
         std::string(text) + "\"}}";
}

// The line that a sink's dead letters have of it; of no sink, if that is empty.
inline std::string DeadLetterLine(std::string_view sink, size_t number,
                                  std::string_view text = "") {
  const std::string name = sink.empty() ? "" : R"("sink":")" + std::string(sink) + "\",";
  return R"({"time":"2026-11-21T15:00:01.000Z",)" + name + R"("cause":"why","document":)" +
         NumberedDocument(number, text) + "}\n";
}

}  // namespace sparktail::testing
