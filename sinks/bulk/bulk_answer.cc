#include "sinks/bulk/bulk_answer.h"

namespace sparktail {

RequestOutcome OutcomeOfRequest(const HttpResponse& response) {
  switch (response.failure) {
    case HttpFailure::kNone:
      break;
    case HttpFailure::kTimeout:
      return RequestOutcome::kOverloaded;
    case HttpFailure::kConnect:
    case HttpFailure::kBroken:
      return RequestOutcome::kAway;
    case HttpFailure::kTooLarge:
      return RequestOutcome::kUnreadable;
    case HttpFailure::kTls:
      return RequestOutcome::kBlocked;
  }
  const int status = response.status;
  if (status / 100 == 2) return RequestOutcome::kAnswered;
  if (status == 429 || status == 408 || status == 503) return RequestOutcome::kOverloaded;
  if (status >= 500) return RequestOutcome::kAway;
  if (status == 413) return RequestOutcome::kTooLarge;
  if (status == 400) return RequestOutcome::kBad;
  return RequestOutcome::kBlocked;
}

}  // namespace sparktail
