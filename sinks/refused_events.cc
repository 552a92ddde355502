#include "sinks/refused_events.h"

namespace sparktail {

absl::Status RefusedEvents::Add(const EventId& id, std::string_view document,
                                std::string_view index, std::string_view cause) {
  if (Contains(id)) return absl::OkStatus();
  absl::Status status = dead_letters_->Add(document, cause, index);
  if (!status.ok()) return status;
  buried_.insert(id);
  return absl::OkStatus();
}

absl::Status RefusedEvents::Sync() {
  if (buried_.size() == durable_.size()) return absl::OkStatus();
  if (absl::Status status = dead_letters_->Sync(); !status.ok()) return status;
  durable_ = buried_;
  return absl::OkStatus();
}

// The dead letters may have a torn line of an event that could not be added.
absl::Status RefusedEvents::Rollback() {
  if (absl::Status status = dead_letters_->Rollback(); !status.ok()) return status;
  buried_ = durable_;
  return absl::OkStatus();
}

void RefusedEvents::Forget() {
  buried_.clear();
  durable_.clear();
}

}  // namespace sparktail
