#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "parsers/timestamp.h"

namespace sparktail {

// The message of a header begins within this many bytes of the start of its line. A line without
// a message there is not a header, however long it is.
inline constexpr size_t kMaxHeaderBytes = 8192;

// The parts of a log line before its message. Views are into the line that was parsed.
struct Header {
  std::string_view prefix;  // text before the stamp: "[pid] [container_…] ", or glued text
  Stamp stamp;
  std::string_view level;   // TRACE … FATAL
  std::string_view logger;  // as printed: a class, short or full, without its line number
  std::string_view thread;  // without its brackets; empty if the layout does not print it
  size_t message = 0;       // offset of the message in the line
};

// Recognises the header of a record in any layout: a stamp, then in any order a level, a logger
// (with or without `:%L`, maybe in parentheses) and a [thread], then the message after ": ", " - "
// or a space.
//
//   26/11/21 15:34:03 INFO MicroBatchExecution: …                           Spark's default
//   2026-11-21T15:49:37.518Z INFO  [Thread-4] org.apache.spark.SparkContext:60 - …
//   [123] [container_e12_…] 2026-11-21 16:02:22,702 INFO  spark.SparkContext [Thread-4] …
//
// The thread of a streaming query holds the query's raw name, which may contain anything:
//   [stream execution thread for NAME [id = UUID, runId = UUID]]
//
// Text before the stamp is allowed: other writers to the same file (println, a Python driver, a
// progress bar) leave lines unfinished, and log4j's text is glued to them. The header begins at the
// first stamp in the line after which all parts can be read.
std::optional<Header> ParseHeader(std::string_view line);

// Returns the start of the first stamp at or after `from`; npos if there is none. A line without a
// stamp has no header.
size_t FindStamp(std::string_view line, size_t from);

// The size of the longest stamp, yyyy-MM-ddTHH:mm:ss.SSSSSSSSS +hh:mm, and the byte that ends it.
inline constexpr size_t kLongestStamp = 40;

// Returns the last part of a class name: MicroBatchExecution of
// org.apache.spark.….MicroBatchExecution.
std::string_view ShortLogger(std::string_view logger);

}  // namespace sparktail
