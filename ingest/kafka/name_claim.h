#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sparktail {

// A process's claim to the name (transactional.id) of a producer. A broker fences a producer when
// another one takes its name, but also when its transaction was open for too long, and reports
// neither which of the two it was nor the other producer. So each process writes its claim to the
// cursor topic (key INSTANCE/SINK, outside of any transaction) before it takes the name. A fenced
// process reads the last claim: if it is another's, it gives up; if it is its own, it resumes with
// a new producer.
struct NameClaim {
  std::string host;
  int64_t pid = 0;
  std::string started;  // UTC, ISO 8601
  std::string process;  // random, unique to a process

  // Returns a new claim of this process.
  static NameClaim OfThisProcess();

  std::string ToJson() const;
  static std::optional<NameClaim> FromJson(std::string_view json);
  // Returns "host H, pid P, since T", for messages.
  std::string Describe() const;
};

}  // namespace sparktail
