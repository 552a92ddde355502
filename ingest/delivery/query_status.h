#pragma once

#include <string>

namespace sparktail {

// The last batch of one streaming query. Numbers that its progress event lacks are NaN.
struct QueryStatus {
  std::string environment;
  std::string app_name;
  std::string query;  // its name, or its id
  double batch_id = 0;
  double input_rows = 0;
  double input_rows_per_second = 0;
  double processed_rows_per_second = 0;
  double duration_ms = 0;  // triggerExecution
  double state_rows = 0;
  double state_bytes = 0;
  double watermark_delay_ms = 0;
  double lag_rows = 0;
  double timestamp = 0;  // start of the trigger, in seconds since 1970
  bool failed = false;   // it ended with an error and has not run since
};

}  // namespace sparktail
