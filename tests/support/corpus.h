#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/log_parser.h"
#include "tests/support/seed.h"

namespace sparktail::testing {

// Absolute path of a file in tests/data. The folders' names are compiled into corpus.cc alone, so
// that another clone finds all else in ccache.
std::string DataPath(std::string_view name);
// Absolute path of a file in docs.
std::string DocsPath(std::string_view name);

// Contents of a file; of a .zst file, decompressed.
std::string ReadFile(const std::string& path);
std::vector<std::string> ReadLines(const std::string& path);

// Names, without ".log", of the recorded logs in layouts that are read: "3.5.9/basic.default".
std::vector<std::string> PlainLogs();

struct Outcome {
  std::vector<std::string> documents;
  ParserStats stats;
};

// The one of this thread, for parsers that need no other.
ParserScratch* Scratch();

// Parses `text` at once.
Outcome Parse(std::string_view text, const ParserOptions& options = {},
              const ParsePosition& from = {});

// Parses `text` in pieces, of the sizes that `next_size` gives. Each window is a buffer of its
// own whose padding holds what no parser may take for text.
Outcome ParseInPieces(std::string_view text, const std::function<size_t()>& next_size,
                      const ParserOptions& options = {});

// Facts of a stream that has no path.
StreamFacts NoFacts();

// The value of "metrics" in a progress document, as it stands.
std::string MetricsOf(std::string_view document);

}  // namespace sparktail::testing
