#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sparktail {

// sparktail's own log, written for an operator at three in the morning. Thread-safe.
class Log {
 public:
  enum class Level : uint8_t { kDebug, kInfo, kWarning, kError };

  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  virtual ~Log() = default;

  // Writes one message. `what` names the kind of message and its subject, as in
  // "file_unreadable /logs/a". When several messages with one name come in a short time, only the
  // first is written and the others are counted. The caller need not escape bytes of `message`
  // that come from outside.
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
