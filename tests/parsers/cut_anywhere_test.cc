// A parser that resumes from (offset, context) makes the same documents as the uncut run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;

// The documents after each position, computed once per position.
class Continuations {
 public:
  explicit Continuations(const std::string& log) : log_(log) {}

  const std::vector<std::string>& From(const ParsePosition& position) {
    const std::string context = position.context.ToJson();
    const auto [entry, is_new] = known_.try_emplace({position.offset, context});
    if (is_new) {
      const auto restored = ParserContext::FromJson(context);
      EXPECT_TRUE(restored.has_value()) << context;
      entry->second =
          testing::Parse(log_, {}, {position.offset, restored.value_or(ParserContext())}).documents;
    }
    return entry->second;
  }

 private:
  const std::string& log_;
  std::map<std::pair<uint64_t, std::string>, std::vector<std::string>> known_;
};

// Feeds `log` up to each of `cuts` (ascending), and compares the documents that a new parser makes
// from the rest.
void ExpectSameAfterCuts(const std::string& log, const std::vector<size_t>& cuts,
                         const std::string& name) {
  const std::vector<std::string> uncut = testing::Parse(log).documents;
  Continuations continuations(log);
  ByteBuffer bytes;
  bytes.Append(log);
  LogParser parser({}, testing::NoFacts(), testing::Scratch());
  EventBuffer events;
  for (const size_t cut : cuts) {
    const size_t from = parser.offset();
    parser.Parse(bytes.padded().Part(from, cut - from), /*last=*/false, &events);
    const std::vector<std::string>& rest = continuations.From(parser.position());
    ASSERT_EQ(events.events.size() + rest.size(), uncut.size()) << name << " cut at " << cut;
    for (size_t i = 0; i < rest.size(); ++i) {
      ASSERT_EQ(rest[i], uncut[events.events.size() + i]) << name << " cut at " << cut;
    }
  }
  for (size_t i = 0; i < events.events.size(); ++i) {
    EXPECT_EQ(events.document(events.events[i]), uncut[i]) << name;
  }
}

TEST(CutAnywhere, EveryPositionOfALog) {
  const std::string log = testing::ReadFile(DataPath("3.1.3/basic.default.log"));
  ASSERT_GT(log.size(), 170'000U);
  std::vector<size_t> cuts;
  for (size_t cut = 1; cut < log.size(); ++cut) cuts.push_back(cut);
  ExpectSameAfterCuts(log, cuts, "3.1.3/basic.default");
}

TEST(CutAnywhere, SeededPositionsOfAllLogs) {
  std::mt19937_64 random(testing::Seed());
  const size_t count = static_cast<size_t>(50 * testing::Scale());
  for (const std::string& name : testing::PlainLogs()) {
    const std::string log = testing::ReadFile(DataPath(name + ".log"));
    std::vector<size_t> cuts;
    for (size_t i = 0; i < count; ++i) cuts.push_back(1 + random() % log.size());
    std::sort(cuts.begin(), cuts.end());
    ExpectSameAfterCuts(log, cuts, name);
  }
}

TEST(CutAnywhere, PositionsCloseInOnTheEnd) {
  for (const std::string& name : testing::PlainLogs()) {
    const std::string log = testing::ReadFile(DataPath(name + ".log"));
    ByteBuffer bytes;
    bytes.Append(log);
    LogParser parser({}, testing::NoFacts(), testing::Scratch());
    EventBuffer events;
    parser.Parse(bytes.padded(), /*last=*/false, &events);
    EXPECT_GT(parser.position().offset + 64 * 1024, log.size()) << name;
    EXPECT_LE(parser.position().offset, log.size()) << name;
    EXPECT_LT(parser.position().context.ToJson().size(), 32U * 1024) << name;
  }
}

}  // namespace
}  // namespace sparktail
