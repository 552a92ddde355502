#include "ingest/kafka/oauth_token.h"

#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/time/clock.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <simdjson.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sparktail {
namespace {

constexpr size_t kLongestToken = size_t{64} << 10;
constexpr absl::Duration kCommandTime = absl::Seconds(30);
constexpr absl::Duration kWaitInterval = absl::Milliseconds(5);
constexpr absl::Duration kUnknownLife = absl::Hours(1);
constexpr absl::Duration kLongestLife = absl::Hours(24 * 365);  // bounds absurd claims

absl::StatusOr<std::string> ReadAll(int fd, absl::Time deadline) {
  std::string text;
  std::array<char, 4096> part{};
  while (text.size() <= kLongestToken) {
    pollfd ready = {fd, POLLIN, 0};
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return absl::DeadlineExceededError("it takes too long");
    if (::poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1) <= 0) continue;
    const ssize_t size = ::read(fd, part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return absl::ErrnoToStatus(errno, "read");
    if (size == 0) return text;
    text.append(part.data(), static_cast<size_t>(size));
  }
  return absl::InvalidArgumentError("it is too large for a token");
}

absl::StatusOr<std::string> FromFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return absl::ErrnoToStatus(errno, "oauth_token_file " + path);
  absl::StatusOr<std::string> text = ReadAll(fd, absl::Now() + kCommandTime);
  ::close(fd);
  if (text.ok()) return text;
  return absl::UnavailableError("oauth_token_file " + path + ": " +
                                std::string(text.status().message()));
}

// Starts the command in a process group of its own, with its standard output in `fd`.
absl::StatusOr<pid_t> Start(const std::string& command, int fd) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  std::string shell = "sh";
  std::string option = "-c";
  std::string text = command;
  char* arguments[] = {shell.data(), option.data(), text.data(), nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return absl::ErrnoToStatus(error, "/bin/sh");
  return pid;
}

// A command may close its output before it exits.
bool HasEnded(pid_t pid, absl::Time deadline, int* status) {
  while (true) {
    const pid_t found = ::waitpid(pid, status, WNOHANG);
    if (found == pid || (found < 0 && errno != EINTR)) return true;
    if (absl::Now() >= deadline) return false;
    absl::SleepFor(kWaitInterval);
  }
}

absl::StatusOr<std::string> FromCommand(const std::string& command) {
  const auto wrong = [](std::string_view why) {
    return absl::UnavailableError("oauth_token_command: " + std::string(why));
  };
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return wrong("out of file descriptors");
  const absl::StatusOr<pid_t> pid = Start(command, ends[1]);
  ::close(ends[1]);
  if (!pid.ok()) {
    ::close(ends[0]);
    return wrong(std::string(pid.status().message()));
  }
  const absl::Time deadline = absl::Now() + kCommandTime;
  absl::StatusOr<std::string> text = ReadAll(ends[0], deadline);
  ::close(ends[0]);
  int status = 0;
  if (!text.ok() || !HasEnded(*pid, deadline, &status)) {
    ::kill(-*pid, SIGKILL);
    while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
    }
  }
  if (!text.ok()) return wrong(std::string(text.status().message()));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return wrong("it failed with exit code " +
                 std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : 128));
  }
  return text;
}

// Reads the claims of a JWT, which are its middle part.
void ReadClaims(std::string_view token, OAuthToken* out) {
  const size_t first = token.find('.');
  if (first == std::string_view::npos) return;
  const size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return;
  std::string json;
  const std::string claims_text(token.substr(first + 1, second - first - 1));
  if (!absl::WebSafeBase64Unescape(claims_text, &json)) return;
  simdjson::dom::parser parser;
  simdjson::dom::object claims;
  if (parser.parse(json).get(claims) != simdjson::SUCCESS) return;
  int64_t expires = 0;
  double fraction = 0;
  if (claims["exp"].get(expires) == simdjson::SUCCESS) {
    out->expires = absl::FromUnixSeconds(expires);
  } else if (claims["exp"].get(fraction) == simdjson::SUCCESS) {
    out->expires = absl::UnixEpoch() + absl::Seconds(fraction);
  }
  std::string_view subject;
  if (claims["sub"].get(subject) == simdjson::SUCCESS && !subject.empty()) {
    out->principal = subject;
  }
}

}  // namespace

absl::StatusOr<OAuthToken> ReadOAuthToken(std::string text, absl::Time now) {
  absl::StripAsciiWhitespace(&text);
  const bool is_word = !text.empty() && text.find_first_of(" \t\r\n") == std::string::npos;
  if (!is_word) return absl::UnavailableError("it does not hold a token");
  OAuthToken token;
  token.principal = "sparktail";
  token.expires = now + kUnknownLife;
  ReadClaims(text, &token);
  token.expires = std::min(token.expires, now + kLongestLife);
  if (token.expires <= now) {
    return absl::UnavailableError("the token expired at " + absl::FormatTime(token.expires));
  }
  token.text = std::move(text);
  return token;
}

absl::StatusOr<OAuthToken> GetOAuthToken(const KafkaClientOptions& options, absl::Time now) {
  const bool is_file = !options.oauth_token_file.empty();
  absl::StatusOr<std::string> text =
      is_file ? FromFile(options.oauth_token_file) : FromCommand(options.oauth_token_command);
  if (!text.ok()) return text.status();
  absl::StatusOr<OAuthToken> token = ReadOAuthToken(*std::move(text), now);
  if (token.ok()) return token;
  const std::string where =
      is_file ? "oauth_token_file " + options.oauth_token_file : "oauth_token_command";
  return absl::UnavailableError(where + ": " + std::string(token.status().message()));
}

}  // namespace sparktail
