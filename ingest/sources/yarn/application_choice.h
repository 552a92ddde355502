#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/sources/yarn/resource_manager.h"

namespace re2 {
class RE2;
}  // namespace re2

namespace sparktail {

struct YarnSourceOptions;

// True for a valid element of `applications`: a name, or "regex:" and a pattern of RE2's syntax.
bool IsApplicationPattern(std::string_view text);

// Decides which applications a source reads.
class ApplicationChoice {
 public:
  explicit ApplicationChoice(const YarnSourceOptions& options);
  ~ApplicationChoice();

  bool Has(const YarnApplication& application) const;
  // The configured names, without the patterns.
  const std::vector<std::string>& names() const { return names_; }

 private:
  bool HasName(const std::string& name) const;

  std::vector<std::string> names_;
  std::vector<std::unique_ptr<re2::RE2>> patterns_;
  std::vector<std::string> users_;
  std::vector<std::string> queues_;
  std::vector<std::string> tags_;
};

}  // namespace sparktail
