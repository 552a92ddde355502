#pragma once

#include <optional>
#include <string_view>

namespace sparktail {

// The texts by which Spark logs the life of a query
// (org.apache.spark.sql.execution.streaming.StreamExecution, .MicroBatchExecution,
// .ProgressReporter). Messages are whole: from the end of the header to the end of the line.
// Views are into the message.

struct QueryIds {
  std::string_view id;
  std::string_view run_id;
  std::string_view name;  // empty: unnamed

  bool known() const { return !run_id.empty(); }
};

// `Query NAME [id = UUID, runId = UUID]<end>`, NAME and its space missing if unnamed. `end` is
// " was stopped" or " terminated with error".
std::optional<QueryIds> ParseQueryEnd(std::string_view message, std::string_view end);

// `Starting NAME [id = UUID, runId = UUID]. Use PATH to store the query checkpoint.`
struct QueryStart {
  QueryIds ids;
  std::string_view checkpoint;
};
std::optional<QueryStart> ParseQueryStart(std::string_view message);

// The batch of `Resuming at batch N with …` and of Spark 2.1's
// `Resuming streaming query, starting with batch N`; `text` begins with N.
std::optional<std::string_view> ParseBatchId(std::string_view text);

// `stream execution thread for NAME [id = UUID, runId = UUID]`; ids are empty in other threads.
QueryIds ParseStreamThread(std::string_view thread);

// A Throwable as log4j prints it behind a record: class, message and the whole text.
struct ErrorText {
  std::string_view error_class;  // empty if the text does not begin with a class
  std::string_view message;
  std::string_view stack;  // all of it, without the last line's end
};
ErrorText ParseErrorText(std::string_view text);

}  // namespace sparktail
