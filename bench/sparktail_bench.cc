// Micro-benchmarks of the hot path: bytes a second of the scanner, the progress reader, the
// document writer, and of all together. Each checks its answer before it is timed.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "parsers/byte_buffer.h"
#include "parsers/document.h"
#include "parsers/header.h"
#include "parsers/literal_scanner.h"
#include "parsers/log_parser.h"
#include "parsers/markers.h"
#include "parsers/progress.h"
#include "parsers/unwrapper.h"

namespace sparktail {
namespace {

constexpr size_t kProgressEvents = 164;  // of soak.default, as Spark counted them

const ByteBuffer& Log() {
  static const ByteBuffer log = [] {
    std::ifstream file(SPARKTAIL_TEST_DATA "/3.5.9/soak.default.log", std::ios::binary);
    ByteBuffer bytes;
    bytes.Append(
        std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
    return bytes;
  }();
  return log;
}

void Check(bool right, const char* what) {
  if (right) return;
  std::cerr << "wrong answer: " << what << "\n";
  std::exit(1);
}

void CountBytes(benchmark::State& state, size_t bytes) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
}

LiteralScanner MakeScanner() {
  std::vector<LiteralScanner::Literal> literals;
  for (const MarkerRule& rule : MarkerRules()) {
    literals.push_back({std::string(rule.literal), rule.literal.find(rule.anchor)});
  }
  return LiteralScanner(literals);
}

size_t CountHits(const LiteralScanner& scanner, size_t literal) {
  size_t hits = 0;
  const PaddedView log = Log().padded();
  for (auto hit = scanner.Find(log, 0); hit; hit = scanner.Find(log, hit->anchor + 1)) {
    hits += hit->literal == literal;
  }
  return hits;
}

void BM_LiteralScanner(benchmark::State& state) {
  const LiteralScanner scanner = MakeScanner();
  Check(CountHits(scanner, 0) == kProgressEvents, "hits of the scanner");
  for (auto _ : state) benchmark::DoNotOptimize(CountHits(scanner, 0));
  CountBytes(state, Log().size());
}
BENCHMARK(BM_LiteralScanner);

// The competitor: the C library's search, for one of the fourteen texts.
void BM_Memmem(benchmark::State& state) {
  const std::string_view needle = MarkerRules()[0].literal;
  const auto count = [&] {
    size_t hits = 0;
    std::string_view text = Log().view();
    while (const void* at = memmem(text.data(), text.size(), needle.data(), needle.size())) {
      ++hits;
      text.remove_prefix(static_cast<size_t>(static_cast<const char*>(at) - text.data()) + 1);
    }
    return hits;
  };
  Check(count() == kProgressEvents, "hits of memmem");
  for (auto _ : state) benchmark::DoNotOptimize(count());
  CountBytes(state, Log().size());
}
BENCHMARK(BM_Memmem);

// The first progress event of the log, from its opening to its closing brace.
PaddedView FirstProgress() {
  const std::string_view log = Log().view();
  const size_t begin = log.find(MarkerRules()[0].literal) + MarkerRules()[0].literal.size() - 1;
  return Log().padded().Part(begin, log.find("\n}", begin) + 2 - begin);
}

void BM_ProgressReader(benchmark::State& state) {
  ProgressReader reader;
  Progress progress;
  const PaddedView json = FirstProgress();
  Check(reader.Read(json, &progress) == ProgressCode::kProgress, "a progress event");
  for (auto _ : state) benchmark::DoNotOptimize(reader.Read(json, &progress));
  CountBytes(state, json.size());
}
BENCHMARK(BM_ProgressReader);

void BM_DocumentWriter(benchmark::State& state) {
  ProgressReader reader;
  Progress progress;
  reader.Read(FirstProgress(), &progress);
  DocumentWriter writer((StreamFacts()));
  EventBuffer events;
  size_t bytes = 0;
  for (auto _ : state) {
    events.Clear();
    const EventId id = MakeEventId(
        {"progress", progress.id, progress.run_id, progress.batch_id, progress.timestamp});
    writer.WriteProgress(id, progress, 0, &events);
    bytes += events.bytes.size();
  }
  Check(events.events.size() == 1, "a document");
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}
BENCHMARK(BM_DocumentWriter);

void BM_ParseHeader(benchmark::State& state) {
  const std::string line =
      "2026-11-21T15:49:37.518Z INFO  [stream execution thread for name [id = "
      "7f2a219c-2c83-478f-bcf2-18c2446ebb42, runId = 0c8ad220-b46f-44b3-8983-fa967b786f8d]] "
      "org.apache.spark.sql.execution.streaming.MicroBatchExecution:60 - Streaming query";
  Check(ParseHeader(line).has_value(), "a header");
  for (auto _ : state) benchmark::DoNotOptimize(ParseHeader(line));
  CountBytes(state, line.size());
}
BENCHMARK(BM_ParseHeader);

// The log as a container runtime stores it, every line of it on stderr.
ByteBuffer WrappedLog(Wrapping wrapping) {
  ByteBuffer wrapped;
  std::string_view rest = Log().view();
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    if (wrapping == Wrapping::kCri) {
      wrapped.Append("2016-10-06T00:17:09.669794202Z stderr F ");
      wrapped.Append(line);
      wrapped.Append('\n');
      continue;
    }
    wrapped.Append("{\"log\":\"");
    for (const char c : line) {
      if (c == '"' || c == '\\') wrapped.Append('\\');
      wrapped.Append(c);
    }
    wrapped.Append("\\n\",\"stream\":\"stderr\",\"time\":\"2016-10-06T00:17:09.669794202Z\"}\n");
  }
  return wrapped;
}

void BM_Unwrapper(benchmark::State& state) {
  const auto wrapping = static_cast<Wrapping>(state.range(0));
  const ByteBuffer wrapped = WrappedLog(wrapping);
  ParserScratch scratch;
  ByteBuffer content;
  for (auto _ : state) {
    Unwrapper unwrapper(wrapping, &scratch);
    std::string_view rest = wrapped.view();
    content.Clear();
    while (const auto line = unwrapper.Next(rest, /*last=*/true)) {
      rest.remove_prefix(line->size);
      content.Append(line->content);
    }
  }
  Check(content.view() == Log().view(), "what was wrapped");
  CountBytes(state, wrapped.size());
}
BENCHMARK(BM_Unwrapper)
    ->Arg(static_cast<int>(Wrapping::kCri))
    ->Arg(static_cast<int>(Wrapping::kDocker));

void BM_LogParser(benchmark::State& state) {
  EventBuffer events;
  ParserScratch scratch;
  uint64_t progress = 0;
  for (auto _ : state) {
    events.Clear();
    LogParser parser({}, StreamFacts(), &scratch);
    parser.Parse(Log().padded(), /*last=*/true, &events);
    progress = parser.stats().events[0];
  }
  Check(progress == kProgressEvents, "events of the log");
  CountBytes(state, Log().size());
}
BENCHMARK(BM_LogParser);

}  // namespace
}  // namespace sparktail

BENCHMARK_MAIN();
