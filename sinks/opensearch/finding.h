#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ingest/base/check_report.h"

namespace sparktail {

// A sentence for users about one thing on a server that `sparktail setup` or `sparktail check`
// found or changed. It may contain bytes of the server, which are not escaped.
struct Finding {
  enum class Verdict : uint8_t {
    kOk,
    kDoubt,   // it works, but perhaps not as intended
    kBroken,  // it does not work; the text says what to do
  };

  static Finding Ok(std::string text) { return {Verdict::kOk, std::move(text)}; }
  static Finding Doubt(std::string text) { return {Verdict::kDoubt, std::move(text)}; }
  static Finding Broken(std::string text) { return {Verdict::kBroken, std::move(text)}; }

  static Finding Doubt(const absl::Status& why) { return Doubt(std::string(why.message())); }
  static Finding Broken(const absl::Status& why) { return Broken(std::string(why.message())); }

  Verdict verdict = Verdict::kOk;
  std::string text;
};

void AddFindings(const std::string& subject, const std::vector<Finding>& findings,
                 CheckReport* report);

}  // namespace sparktail
