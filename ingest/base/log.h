#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sparktail {

// sparktail's own log: what an operator reads at three in the morning. Thread-safe.
class Log {
 public:
  enum class Level : uint8_t { kDebug, kInfo, kWarning, kError };

  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  virtual ~Log() = default;

  // `what` names the kind of message and whom it is about ("file_unreadable /logs/a"): of many
  // with one name in a short time only the first is written, the others are counted. Bytes of
  // `message` that come from outside need not be escaped by the caller.
  virtual void Write(Level level, std::string_view what, std::string_view message) = 0;

  void Debug(std::string_view what, std::string_view message) {
    Write(Level::kDebug, what, message);
  }
  void Info(std::string_view what, std::string_view message) { Write(Level::kInfo, what, message); }
  void Warn(std::string_view what, std::string_view message) {
    Write(Level::kWarning, what, message);
  }
  void Error(std::string_view what, std::string_view message) {
    Write(Level::kError, what, message);
  }
};

}  // namespace sparktail
