#pragma once

#include <optional>
#include <string_view>

namespace sparktail {

// The messages with which Spark logs the life of a query
// (org.apache.spark.sql.execution.streaming.StreamExecution, .MicroBatchExecution,
// .ProgressReporter). `message` is everything from the end of the header to the end of the line.
// Views are into the argument.

struct QueryIds {
  std::string_view id;
  std::string_view run_id;
  std::string_view name;  // empty: unnamed

  bool known() const { return !run_id.empty(); }
};

// Reads `Query NAME [id = UUID, runId = UUID]<end>`, without NAME and its space if the query is
// unnamed. `end` is " was stopped" or " terminated with error".
std::optional<QueryIds> ParseQueryEnd(std::string_view message, std::string_view end);

// Read from `Starting NAME [id = UUID, runId = UUID]. Use PATH to store the query checkpoint.`
struct QueryStart {
  QueryIds ids;
  std::string_view checkpoint;
};
std::optional<QueryStart> ParseQueryStart(std::string_view message);

// Reads the batch of `Resuming at batch N with …` and of Spark 2.1's
// `Resuming streaming query, starting with batch N`. `text` begins with N.
std::optional<std::string_view> ParseBatchId(std::string_view text);

// Reads `stream execution thread for NAME [id = UUID, runId = UUID]`. The ids of other threads are
// empty.
QueryIds ParseStreamThread(std::string_view thread);

// A Throwable as log4j prints it after a message: class, message and the whole text.
struct ErrorText {
  std::string_view error_class;  // empty if the text does not begin with a class
  std::string_view message;
  std::string_view stack;  // the whole text, without the last line end
};
ErrorText ParseErrorText(std::string_view text);

}  // namespace sparktail
