#include "ingest/cli/message_limiter.h"

#include <utility>

namespace sparktail {
namespace {

constexpr size_t kMostNameBytes = 256;
constexpr size_t kMostMessageBytes = 512;
constexpr size_t kReservedForFirstWords = 100;

}  // namespace

bool MessageLimiter::Admit(Log::Level level, std::string_view what, std::string_view message,
                           absl::Time now) {
  const std::string key(Key(what.substr(0, kMostNameBytes)));
  auto found = by_name_.find(key);
  if (found == by_name_.end()) {
    windows_.push_back({now, 0, {key, 0, level, ""}});
    found = by_name_.emplace(key, std::prev(windows_.end())).first;
  }
  Window& window = *found->second;
  if (window.written < kMost) {
    ++window.written;
    return true;
  }
  ++window.suppressed.count;
  window.suppressed.level = level;
  window.suppressed.message.assign(message.substr(0, kMostMessageBytes));
  return false;
}

std::string_view MessageLimiter::Key(std::string_view what) const {
  const auto fits = [this](std::string_view key, size_t most) {
    return windows_.size() < most || by_name_.contains(std::string(key));
  };
  if (fits(what, kMostNames - kReservedForFirstWords)) return what;
  const std::string_view first_word = what.substr(0, what.find(' '));
  // The last place is shared by all messages that no other place is left for.
  return fits(first_word, kMostNames - 1) ? first_word : std::string_view();
}

std::vector<MessageLimiter::Suppressed> MessageLimiter::TakeEnded(absl::Time now) {
  // A clock that is set back must not silence a message for long.
  const auto has_ended = [now](const Window& window) {
    return now - window.begin >= kWindow || now < window.begin;
  };
  std::vector<Suppressed> taken;
  while (!windows_.empty() && has_ended(windows_.front())) {
    Suppressed& suppressed = windows_.front().suppressed;
    by_name_.erase(suppressed.what);
    if (suppressed.count > 0) taken.push_back(std::move(suppressed));
    windows_.pop_front();
  }
  return taken;
}

}  // namespace sparktail
