#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "parsers/timestamp.h"

namespace sparktail {

// How far behind the beginning of its line a message may begin, in bytes. A line that goes on
// without a message is no header, however long it is.
inline constexpr size_t kMaxHeaderBytes = 8192;

// The parts of a log line in front of its message. Views are into the line that was read.
struct Header {
  std::string_view prefix;  // text in front of the stamp: "[pid] [container_…] ", or glued text
  Stamp stamp;
  std::string_view level;   // TRACE … FATAL
  std::string_view logger;  // as printed: a class, short or full, without its line number
  std::string_view thread;  // without its brackets; empty if the layout does not print it
  size_t message = 0;       // offset of the message in the line
};

// Recognises the header of a record, without being told the layout: a stamp, then in any order
// a level, a logger (with or without `:%L`, maybe in parentheses) and a [thread], then the
// message, set off by ": ", " - " or a space.
//
//   26/11/21 15:34:03 INFO MicroBatchExecution: …                           Spark's default
//   2026-11-21T15:49:37.518Z INFO  [Thread-4] org.apache.spark.SparkContext:60 - …
//   [123] [container_e12_…] 2026-11-21 16:02:22,702 INFO  spark.SparkContext [Thread-4] …
//
// The thread of a streaming query holds the query's raw name, which may hold anything:
//   [stream execution thread for NAME [id = UUID, runId = UUID]]
//
// Text in front of the stamp is allowed, because other writers to the same file (println, a
// Python driver, a progress bar) leave lines without their end, and log4j's text is glued to
// them. The first place in the line from which all parts can be read is taken.
std::optional<Header> ParseHeader(std::string_view line);

// Where the first stamp begins, at or behind `from`; npos if there is none. A line without has no
// header.
size_t FindStamp(std::string_view line, size_t from);

// No stamp is longer: yyyy-MM-ddTHH:mm:ss.SSSSSSSSS +hh:mm and what ends it.
inline constexpr size_t kLongestStamp = 40;

// The last part of a class name: MicroBatchExecution of org.apache.spark.….MicroBatchExecution.
std::string_view ShortLogger(std::string_view logger);

}  // namespace sparktail
