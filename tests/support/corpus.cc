#include "tests/support/corpus.h"

#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace sparktail::testing {
namespace {

std::string Decompress(std::string_view compressed) {
  const std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(),
                                                                        ZSTD_freeDStream);
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  std::string text;
  std::string chunk(size_t{1} << 20, '\0');
  while (in.pos < in.size) {
    ZSTD_outBuffer out{chunk.data(), chunk.size(), 0};
    if (ZSTD_isError(ZSTD_decompressStream(stream.get(), &out, &in)) != 0) {
      throw std::runtime_error("broken zstd file");
    }
    text.append(chunk, 0, out.pos);
  }
  return text;
}

void Collect(const EventBuffer& events, Outcome* outcome) {
  for (const EventRef& event : events.events) {
    outcome->documents.emplace_back(events.document(event));
  }
}

}  // namespace

std::string DataPath(std::string_view name) {
  return std::string(SPARKTAIL_TEST_DATA "/").append(name);
}

std::string DocsPath(std::string_view name) { return std::string(SPARKTAIL_DOCS "/").append(name); }

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return path.ends_with(".zst") ? Decompress(bytes) : bytes;
}

std::vector<std::string> ReadLines(const std::string& path) {
  std::istringstream text(ReadFile(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> PlainLogs() {
  std::vector<std::string> names;
  const std::filesystem::path root(SPARKTAIL_TEST_DATA);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".log") continue;
    std::string name = entry.path().lexically_relative(root).replace_extension().string();
    if (name.find("json_") != std::string::npos || name.ends_with(".structured")) continue;
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

StreamFacts NoFacts() {
  StreamFacts facts;
  facts.source_name = "test";
  return facts;
}

ParserScratch* Scratch() {
  static thread_local ParserScratch scratch;
  return &scratch;
}

Outcome Parse(std::string_view text, const ParserOptions& options, const ParsePosition& from) {
  ByteBuffer bytes;
  bytes.Append(text.substr(from.offset));
  LogParser parser(options, NoFacts(), Scratch(), from);
  EventBuffer events;
  parser.Parse(bytes.padded(), /*last=*/true, &events);
  Outcome outcome;
  Collect(events, &outcome);
  outcome.stats = parser.stats();
  return outcome;
}

Outcome ParseInPieces(std::string_view text, const std::function<size_t()>& next_size,
                      const ParserOptions& options) {
  LogParser parser(options, NoFacts(), Scratch());
  EventBuffer events;
  Outcome outcome;
  size_t fed = 0;
  bool last = false;
  std::vector<char> window;
  while (!last) {
    fed = std::min(text.size(), fed + next_size());
    last = fed == text.size();
    const std::string_view part = text.substr(parser.offset(), fed - parser.offset());
    window.assign(part.begin(), part.end());
    window.resize(part.size() + kPadding, '}');
    parser.Parse(PaddedView::Promise(window.data(), part.size()), last, &events);
    Collect(events, &outcome);
    events.Clear();
  }
  outcome.stats = parser.stats();
  return outcome;
}

std::string MetricsOf(std::string_view document) {
  static constexpr std::string_view kMetrics = "\"metrics\":";
  const size_t begin = document.find(kMetrics) + kMetrics.size();
  const size_t end = document.rfind(",\"derived\":");
  return std::string(document.substr(begin, end - begin));
}

}  // namespace sparktail::testing
