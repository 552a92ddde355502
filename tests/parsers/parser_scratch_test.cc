#include "parsers/parser_scratch.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "tests/support/corpus.h"

namespace {

// Bytes that this program has allocated with new and not yet deleted.
std::atomic<size_t> allocated{0};

void* Allocate(size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  allocated += malloc_usable_size(memory);
  return memory;
}

void Free(void* memory) {
  if (memory != nullptr) allocated -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void operator delete(void* memory) noexcept { Free(memory); }
void operator delete[](void* memory) noexcept { Free(memory); }
void operator delete(void* memory, size_t) noexcept { Free(memory); }
void operator delete[](void* memory, size_t) noexcept { Free(memory); }

namespace sparktail {
namespace {

StreamFacts YarnFacts() {
  StreamFacts facts;
  facts.source_name = "file";
  facts.host = "worker-17.example.org";
  facts.path =
      "/data/1/yarn/logs/application_1700000000000_0042/"
      "container_e12_1700000000000_0042_01_000001/stderr";
  AddFactsFromPath(facts.path, &facts);
  return facts;
}

// `run` follows ten thousand files.
TEST(ParserScratchTest, AParserThatWaitsCostsLittle) {
  constexpr size_t kParsers = 100;
  const std::string log = testing::ReadFile(testing::DataPath("3.5.9/basic.default.log"));
  ByteBuffer bytes;
  bytes.Append(log);
  ParserScratch scratch;
  EventBuffer events;
  const StreamFacts facts = YarnFacts();
  std::vector<std::unique_ptr<LogParser>> parsers;
  parsers.reserve(kParsers);
  const auto add = [&] {
    parsers.push_back(std::make_unique<LogParser>(ParserOptions(), facts, &scratch));
    parsers.back()->Parse(bytes.padded(), /*last=*/false, &events);
    events.Clear();
  };
  add();
  const size_t before = allocated;
  while (parsers.size() < kParsers) add();
  EXPECT_FALSE(parsers.back()->has_open_record());
  EXPECT_GT(parsers.back()->stats().total(), 20U);
  const size_t each = (allocated - before) / (kParsers - 1);
  RecordProperty("bytes", std::to_string(each));
  EXPECT_LT(each, 3U * 1024) << "object: " << sizeof(LogParser);
}

TEST(ParserScratchTest, MemoryForAHugeEventIsFreed) {
  std::string partitions;
  for (int i = 0; i < 100'000; ++i)
    partitions += "    \"" + std::to_string(i) + "\" : 123456789,\n";
  const auto progress = [](const std::string& extra) {
    return "26/11/21 15:00:00 INFO MicroBatchExecution: Streaming query made progress: {\n"
           "  \"id\" : \"11111111-2222-3333-4444-555555555555\",\n"
           "  \"runId\" : \"66666666-7777-8888-9999-000000000000\",\n"
           "  \"timestamp\" : \"2026-11-21T15:00:00.000Z\",\n  \"batchId\" : 1,\n" +
           extra + "  \"sources\" : [ ],\n  \"sink\" : {\n    \"description\" : \"s\"\n  }\n}\n";
  };
  ParserScratch scratch;
  LogParser parser({}, YarnFacts(), &scratch);
  const auto parse = [&](const std::string& log) {
    ByteBuffer bytes;
    bytes.Append(log);
    EventBuffer events;
    parser.Parse(bytes.padded(), /*last=*/false, &events);
    EXPECT_EQ(events.events.size(), 1U);
  };
  parse(progress(""));
  const size_t usual = allocated;
  parse(progress(partitions));
  EXPECT_LT(allocated, usual + (64U << 10));
  parse(progress("  \"x\" : \"\xff\",\n" + partitions));  // is repaired first
  EXPECT_LT(allocated, usual + (64U << 10));
}

}  // namespace
}  // namespace sparktail
