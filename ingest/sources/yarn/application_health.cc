#include "ingest/sources/yarn/application_health.h"

#include <utility>

namespace sparktail {

void ApplicationHealth::OnError(Part* part, std::string_view kind, const std::string& what) {
  ++shared_->errors;
  ++part->errors;
  if (!troubles_.contains(kind)) Warn("yarn_trouble", what);
  if (part->trouble == kind) return;
  if (!part->trouble.empty()) troubles_.erase(troubles_.find(part->trouble));
  troubles_.insert(part->trouble = kind);
}

void ApplicationHealth::OnSuccess(Part* part) {
  part->errors = 0;
  if (part->trouble.empty()) return;
  const std::string_view trouble = std::exchange(part->trouble, "");
  troubles_.erase(troubles_.find(trouble));
  if (troubles_.contains(trouble)) return;
  shared_->log->Info("yarn_works " + origin_->application, Sentence("reading works again"));
}

absl::Duration ApplicationHealth::RestOf(const Part& part) const {
  return shared_->Jittered(RestAfter(part.errors, *shared_->options));
}

void ApplicationHealth::Warn(std::string_view name, const std::string& what,
                             std::string_view file) const {
  std::string kind_and_subject(name);
  kind_and_subject.append(" ").append(origin_->application).append(file);
  shared_->log->Warn(kind_and_subject, Sentence(what));
}

std::string ApplicationHealth::Sentence(std::string_view what) const {
  std::string text = origin_->application;
  if (!origin_->name.empty()) text += " (" + origin_->name + ")";
  return text.append(": ").append(what);
}

}  // namespace sparktail
