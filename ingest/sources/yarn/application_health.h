#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "ingest/sources/yarn/yarn_shared.h"

namespace sparktail {

// Counts the errors of one application's requests and warns of them. Persistent trouble, and the
// same trouble of several of its requests, is reported once, and again when all of it is over.
//
// Reader thread only.
class ApplicationHealth {
 public:
  // The errors of one kind of request: for a log, for the attempts, or to the driver.
  struct Part {
    uint64_t errors = 0;       // consecutive
    std::string_view trouble;  // kind of the last error; empty: none
  };

  // Both must outlive this object. `origin` names the application.
  ApplicationHealth(YarnShared* shared, const YarnOrigin* origin)
      : shared_(shared), origin_(origin) {}

  // `kind` is a literal, and `what` a sentence about the application.
  void OnError(Part* part, std::string_view kind, const std::string& what);
  void OnSuccess(Part* part);
  // How long requests of this kind rest; may be zero.
  absl::Duration RestOf(const Part& part) const;

  // Warns of other things than requests. `name` is the kind of message; its subject is the
  // application, or a file of it (Log::Write).
  void Warn(std::string_view name, const std::string& what, std::string_view file = "") const;

 private:
  std::string Sentence(std::string_view what) const;

  YarnShared* const shared_;
  const YarnOrigin* const origin_;
  std::multiset<std::string_view> troubles_;  // of all parts
};

}  // namespace sparktail
