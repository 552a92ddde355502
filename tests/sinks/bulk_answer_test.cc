#include "sinks/bulk/bulk_answer.h"

#include <gtest/gtest.h>

#include <utility>

namespace sparktail {
namespace {

RequestOutcome OfStatus(int status) {
  HttpResponse response;
  response.status = status;
  return OutcomeOfRequest(response);
}

TEST(BulkAnswerTest, EveryStatusHasOneOutcome) {
  const std::pair<int, RequestOutcome> kOutcomes[] = {
      {200, RequestOutcome::kAnswered},   {201, RequestOutcome::kAnswered},
      {302, RequestOutcome::kBlocked},    {307, RequestOutcome::kBlocked},
      {400, RequestOutcome::kBad},        {401, RequestOutcome::kBlocked},
      {403, RequestOutcome::kBlocked},    {404, RequestOutcome::kBlocked},
      {405, RequestOutcome::kBlocked},    {406, RequestOutcome::kBlocked},
      {408, RequestOutcome::kOverloaded}, {413, RequestOutcome::kTooLarge},
      {429, RequestOutcome::kOverloaded}, {500, RequestOutcome::kAway},
      {502, RequestOutcome::kAway},       {503, RequestOutcome::kOverloaded},
      {504, RequestOutcome::kAway},       {100, RequestOutcome::kBlocked},
  };
  for (const auto& [status, outcome] : kOutcomes) EXPECT_EQ(OfStatus(status), outcome) << status;
}

TEST(BulkAnswerTest, EveryFailureHasOneOutcome) {
  const std::pair<HttpFailure, RequestOutcome> kOutcomes[] = {
      {HttpFailure::kConnect, RequestOutcome::kAway},
      {HttpFailure::kBroken, RequestOutcome::kAway},
      {HttpFailure::kTimeout, RequestOutcome::kOverloaded},
      {HttpFailure::kTooLarge, RequestOutcome::kUnreadable},
      {HttpFailure::kTls, RequestOutcome::kBlocked},
  };
  for (const auto& [failure, outcome] : kOutcomes) {
    HttpResponse response;
    response.failure = failure;
    response.status = 200;
    EXPECT_EQ(OutcomeOfRequest(response), outcome);
  }
}

}  // namespace
}  // namespace sparktail
