#include "ingest/sources/yarn/application_choice.h"

#include <re2/re2.h>

#include <algorithm>

#include "ingest/sources/yarn/yarn_source_options.h"

namespace sparktail {
namespace {

constexpr std::string_view kRegex = "regex:";

std::unique_ptr<RE2> PatternOf(std::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);
  return std::make_unique<RE2>(re2::StringPiece(text.data(), text.size()), options);
}

bool Contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// A configured queue matches the full path, such as "root.users.etl", or its last part.
bool HasQueue(const std::vector<std::string>& queues, std::string_view queue) {
  return Contains(queues, queue) || Contains(queues, queue.substr(queue.rfind('.') + 1));
}

}  // namespace

bool IsApplicationPattern(std::string_view text) {
  if (!text.starts_with(kRegex)) return !text.empty();
  return PatternOf(text.substr(kRegex.size()))->ok();
}

ApplicationChoice::ApplicationChoice(const YarnSourceOptions& options)
    : users_(options.users), queues_(options.queues), tags_(options.tags) {
  for (const std::string& text : options.applications) {
    if (text.starts_with(kRegex)) {
      patterns_.push_back(PatternOf(std::string_view(text).substr(kRegex.size())));
    } else {
      names_.push_back(text);
    }
  }
}

ApplicationChoice::~ApplicationChoice() = default;

bool ApplicationChoice::HasName(const std::string& name) const {
  if (names_.empty() && patterns_.empty()) return true;
  return Contains(names_, name) ||
         std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const auto& pattern) { return RE2::FullMatch(name, *pattern); });
}

bool ApplicationChoice::Has(const YarnApplication& application) const {
  if (!HasName(application.name)) return false;
  if (!users_.empty() && !Contains(users_, application.user)) return false;
  if (!queues_.empty() && !HasQueue(queues_, application.queue)) return false;
  return tags_.empty() || std::any_of(application.tags.begin(), application.tags.end(),
                                      [&](const std::string& tag) { return Contains(tags_, tag); });
}

}  // namespace sparktail
