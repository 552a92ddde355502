#include "ingest/cli/surroundings.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <unistd.h>

#include <cstdlib>

namespace sparktail {

Surroundings Surroundings::OfProcess(Os* os) {
  Surroundings surroundings;
  surroundings.os = os;
  surroundings.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  surroundings.directory = os->RealPath(".").value_or("");
  surroundings.is_root = ::geteuid() == 0;
  return surroundings;
}

std::string AbsolutePath(const std::string& path, const std::string& directory) {
  const std::string whole = path.starts_with('/') ? path : directory + "/" + path;
  std::string clean;
  for (const absl::string_view part : absl::StrSplit(whole, '/', absl::SkipEmpty())) {
    if (part != ".") absl::StrAppend(&clean, "/", part);
  }
  return clean.empty() ? "/" : clean;
}

std::optional<std::string> DefaultStateDirectory(const Surroundings& surroundings) {
  const auto directory = [&](const char* name) {
    const std::string value = surroundings.variable(name).value_or("");
    return value.starts_with('/') ? value : std::string();
  };
  if (const std::string state = directory("XDG_STATE_HOME"); !state.empty()) {
    return AbsolutePath(state + "/sparktail", "");
  }
  if (surroundings.is_root) return "/var/lib/sparktail";
  if (const std::string home = directory("HOME"); !home.empty()) {
    return AbsolutePath(home + "/.local/state/sparktail", "");
  }
  return std::nullopt;
}

}  // namespace sparktail
