#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sparktail {

// Who claims the name of a transactional producer. A broker fences a producer whose name another
// one takes, but does not say who that is, and does the same to one whose transaction was open for
// too long. So each process, before it takes the name, writes its claim to the topic of cursors
// (key INSTANCE/SINK), outside of any transaction: who finds there, when fenced, that the last
// claim is another's, gives up; who finds its own goes on with a new producer.
struct NameClaim {
  std::string host;
  int64_t pid = 0;
  std::string started;  // UTC, ISO 8601
  std::string process;  // random; tells processes apart

  // Of this process, now.
  static NameClaim OfThisProcess();

  std::string ToJson() const;
  static std::optional<NameClaim> FromJson(std::string_view json);
  // "host H, pid P, since T", for messages.
  std::string Told() const;
};

}  // namespace sparktail
