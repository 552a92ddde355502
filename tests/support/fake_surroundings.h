#pragma once

#include <map>
#include <optional>
#include <string>

#include "ingest/cli/surroundings.h"

namespace sparktail::testing {

// Those of a user whose home is /home/me, in /work.
inline Surroundings MakeSurroundings(Os* os, std::map<std::string, std::string> variables = {}) {
  variables.emplace("HOME", "/home/me");
  Surroundings surroundings;
  surroundings.os = os;
  surroundings.variable =
      [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  surroundings.directory = "/work";
  return surroundings;
}

}  // namespace sparktail::testing
