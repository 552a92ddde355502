#include "ingest/cli/references.h"

#include <absl/strings/ascii.h>

#include <algorithm>

#include "ingest/streams/file_reader.h"

namespace sparktail {
namespace {

constexpr size_t kMostFileBytes = size_t{64} << 10;
constexpr std::string_view kFile = "file:";

bool IsVariableName(std::string_view name) {
  return !name.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

absl::StatusOr<std::string> ReadSecretFile(const std::string& path, Os* os) {
  // Opening a pipe would block.
  const absl::StatusOr<Os::FileInfo> info = os->StatPath(path, /*follow_links=*/true);
  if (!info.ok()) return info.status();
  if (!info->is_regular()) return Wrong("it is not a regular file");
  absl::StatusOr<std::string> text = ReadFile(os, path, kMostFileBytes + 1);
  if (text.ok() && text->size() > kMostFileBytes) return Wrong("it is longer than 64 KiB");
  if (text.ok() && text->ends_with('\n')) text->pop_back();
  if (text.ok() && text->ends_with('\r')) text->pop_back();
  return text;
}

absl::StatusOr<std::string> Lookup(const std::string& name, const Surroundings& surroundings) {
  if (name.starts_with(kFile)) {
    const std::string path = name.substr(kFile.size());
    if (!path.starts_with('/')) return Wrong("${" + name + "}: the path must be absolute");
    absl::StatusOr<std::string> text = ReadSecretFile(path, surroundings.os);
    if (!text.ok()) {
      return Wrong("${" + name + "}: cannot read it: " + std::string(text.status().message()));
    }
    return text;
  }
  if (!IsVariableName(name)) {
    return Wrong("${" + name + "} is neither ${VARIABLE} nor ${file:/path}; write $$ for a dollar");
  }
  std::optional<std::string> value = surroundings.variable(name);
  if (!value) return Wrong("the environment has no variable " + name);
  return std::move(*value);
}

}  // namespace

bool HasReferences(std::string_view text) {
  return text.find("${") != std::string_view::npos || text.find("$$") != std::string_view::npos;
}

absl::StatusOr<std::string> ReplaceReferences(std::string_view text,
                                              const Surroundings& surroundings) {
  std::string replaced;
  while (!text.empty()) {
    const size_t dollar = std::min(text.find('$'), text.size());
    replaced += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.starts_with("${")) {
      const size_t end = text.find('}');
      if (end == std::string_view::npos) return Wrong("${ without its }; write $$ for a dollar");
      absl::StatusOr<std::string> value =
          Lookup(std::string(text.substr(2, end - 2)), surroundings);
      if (!value.ok()) return value.status();
      replaced += *value;
      text.remove_prefix(end + 1);
    } else if (!text.empty()) {
      replaced += '$';
      text.remove_prefix(text.starts_with("$$") ? 2 : 1);
    }
  }
  return replaced;
}

}  // namespace sparktail
